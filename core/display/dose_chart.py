"""Dose and response as curves, with the flat lines that honest models would keep."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.display.course_charts import LEGEND, MARGIN, add_level
from core.display.style import NEUTRAL, colour_and_dash, mark, still
from core.display.wording import listed, model_name, named, opening, percent
from core.studio.dose import Step, Sweep, honest, ranges
from core.vocabulary import ENSEMBLE

STEADY = 0.1  # of probability: a model whose answers lie no further apart hardly moves


def dose_figure(steps: Sequence[Step], sweep: Sweep, thresholds: dict[str, float]) -> go.Figure:
    """One curve a model; faint and dotted, where it would stay if the change meant nothing to it.

    Where the disease itself is changed, the dotted line is the model's threshold instead.

    Args:
        steps: In rising order.
        sweep: What is changed.
        thresholds: Of each model, by key.
    """
    figure = go.Figure()
    values = [step.value for step in steps]
    for model in steps[0].answers:
        colour, dash = colour_and_dash(model)
        flat = thresholds[model] if sweep.disease else honest(steps, model)
        add_level(figure, (values[0], values[-1]), flat, colour)
        figure.add_scatter(
            x=values,
            y=[round(step.answers[model], 4) for step in steps],
            name=model_name(model),
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 3.5 if model == ENSEMBLE else 1.5},
            marker={"color": colour, "symbol": mark(model), "size": 9},
            hovertemplate="%{x:g}: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    if sweep.disease:
        figure.add_scatter(
            x=values,
            y=[round(step.true_extent, 4) for step in steps],
            name="true share of the lungs",
            mode="lines+markers",
            line={"color": NEUTRAL, "width": 1, "dash": "dot"},
            marker={"color": NEUTRAL, "symbol": "star", "size": 10},
        )
    figure.update_xaxes(title=f"{sweep.knob.label} ({sweep.knob.unit})", tickvals=values)
    figure.update_yaxes(range=[-0.05, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1], title="P(COVID-19)")
    return still(figure.update_layout(height=460, margin=MARGIN, legend=LEGEND))


def dose_words(steps: Sequence[Step], sweep: Sweep) -> str:
    """Who moves and who hardly does, and whether that is as it should be: a sentence or two."""
    moved = ranges(steps)
    most = max(moved, key=lambda model: moved[model])
    still_ones = [named(model) for model, by in moved.items() if by <= STEADY]
    what = sweep.knob.label.lower()
    if sweep.disease:
        so = "With more disease an honest answer rises; the dotted lines are the models' thresholds."
    else:
        so = (
            "The disease is the same at each step, so as long as one can see it, an honest model keeps to "
            f"its dotted line: what lies off it comes from the {what}."
        )
    hardly = f" Hardly moved (by at most {STEADY:g}): {listed(still_ones)}." if still_ones else ""
    who = f"{opening(named(most))} moves most with the {what}: its answers lie {moved[most]:.2f} apart."
    if len(still_ones) == len(moved):
        who, hardly = f"No model moves by more than {STEADY:g} with the {what}.", ""
    return f"**{who}**{hardly} {so} This is one patient: it may be otherwise in another."


def dose_table(steps: Sequence[Step], sweep: Sweep) -> list[dict[str, str]]:
    """A row a step: the true extent, and each model's answer."""
    return [
        {
            f"{sweep.knob.label} ({sweep.knob.unit})": f"{step.value:g}",
            "True extent": percent(step.true_extent),
            **{model_name(model): f"{said:.2f}" for model, said in step.answers.items()},
        }
        for step in steps
    ]
