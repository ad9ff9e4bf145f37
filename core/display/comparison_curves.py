"""Plotly curves of the comparison page: discrimination, calibration, and what a model is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.display.behind import BINS, Behind, bins, mistakes
from core.display.comparison_charts import LEGEND, Chart, Floats, TableRow, add_line, distinct, square
from core.display.style import ACCENT, NEUTRAL, line_style
from core.display.wording import count_word, listed, moved, percent
from core.evaluation.comparison import Answers, Entrant
from core.evaluation.measures import Draws
from core.evaluation.metrics import calibration_bins, confusion, weighted_levels
from core.evaluation.trials import FramedAnswers

PREVALENCE_TICKS = {0.001: "0.1 %", 0.01: "1 %", 0.1: "10 %", 0.5: "50 %"}
CUTS = {"10 % cut off": 0.1, "20 % cut off": 0.2, "30 % cut off": 0.3}  # of the trials' changes
GRID = np.linspace(0, 1, 101)
BAND_DRAWS = 400  # as many of the bootstrap's draws as a band of a curve is taken from


def _curve(labels: NDArray[np.int64], scores: Floats) -> tuple[Floats, Floats, Floats]:
    """(levels + 1,) each, from the highest score down: false and true positive rate, and precision."""
    ill, healthy = (each[0, ::-1] for each in weighted_levels(labels, scores, np.ones((1, labels.size))))
    true, false = np.cumsum(ill), np.cumsum(healthy)
    precision = true / (true + false)
    start = np.concatenate
    return (
        start([[0.0], false / max(false[-1], 1)]),
        start([[0.0], true / max(true[-1], 1)]),
        start([precision[:1], precision]),
    )


def roc_chart(answers: Answers, draws: Draws, shown: str) -> Chart:
    """ROC curves with thresholds, and the band of one model (pointwise, over patients).

    Args:
        answers: With both classes.
        draws: Of the same images.
        shown: The key of the model that gets a band.
    """
    figure = go.Figure()
    table: list[TableRow] = []
    behind: dict[str, Behind] = {}
    for column, entrant in distinct(answers):
        false, true, _ = _curve(answers.labels, answers.scores[:, column])
        point = confusion(answers.labels, answers.scores[:, column], answers.thresholds[column])
        if entrant.key == shown:
            low, high = _band(answers.labels, answers.scores[:, column], draws, precision=False)
            _add_band(figure, low, high, line_style(entrant)["color"])
        add_line(figure, *_corners(false, true), entrant, shape="hv")
        _add_point(figure, 1 - point.specificity, point.sensitivity, entrant)
        behind[entrant.key] = mistakes(answers, entrant.key)
        table.append(
            {
                "Model": entrant.name,
                "Sensitivity at its threshold": point.sensitivity,
                "Specificity there": point.specificity,
                "Sensitivity at 90 % specificity": float(true[false <= 0.1].max()),
            }
        )
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": NEUTRAL, "dash": "dot", "width": 1})
    found = {str(row["Model"]): float(row["Sensitivity at 90 % specificity"]) for row in table}
    most = percent(max(found.values()))
    best = [name for name, share in found.items() if percent(share) == most]
    if len(best) <= 2:
        most_found = f"{listed(best)} {'finds' if len(best) == 1 else 'find'} most of COVID-19, {most}"
    else:
        most_found = f"{count_word(len(best))} of them find as much of COVID-19 as any does, {most}"
    words = f"ROC curves of {len(table)} models. At a specificity of 90 % {most_found}."
    return Chart(square(figure, "1 − specificity", "sensitivity"), words, tuple(table), behind)


def _corners(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """A line of the shape "hv" without points that it goes through anyhow: straight on, or a corner."""
    along, up = np.diff(y) == 0, np.diff(x) == 0
    turns = np.ones(x.size, bool)
    turns[1:-1] = ~((along[:-1] & (along[1:] | up[1:])) | (up[:-1] & up[1:]))
    return x[turns], y[turns]


def pr_chart(answers: Answers, draws: Draws, shown: str) -> Chart:
    """Precision-recall curves, and the band of one model; the line is the share of COVID-19 images."""
    figure = go.Figure()
    table: list[TableRow] = []
    behind: dict[str, Behind] = {}
    prevalence = float(answers.labels.mean())
    for column, entrant in distinct(answers):
        _, recall, precision = _curve(answers.labels, answers.scores[:, column])
        if entrant.key == shown:
            low, high = _band(answers.labels, answers.scores[:, column], draws, precision=True)
            _add_band(figure, low, high, line_style(entrant)["color"])
        add_line(figure, recall, precision, entrant)
        found = float(precision[recall >= 0.9].max())
        point = confusion(answers.labels, answers.scores[:, column], answers.thresholds[column])
        called = point.true_positives + point.false_positives
        ppv = point.true_positives / called if called else float("nan")
        if called:
            _add_point(figure, point.sensitivity, ppv, entrant)
        behind[entrant.key] = mistakes(answers, entrant.key)
        table.append(
            {
                "Model": entrant.name,
                "Sensitivity at its threshold": point.sensitivity,
                "PPV there": ppv,
                "PPV at 90 % sensitivity": found,
            }
        )
    figure.add_hline(y=prevalence, line={"color": NEUTRAL, "dash": "dot", "width": 1})
    best = max(table, key=lambda row: float(row["PPV at 90 % sensitivity"]))
    words = (
        f"Precision-recall curves. Where 90 % of COVID-19 is found, {best['Model']} is right most often: "
        f"{percent(float(best['PPV at 90 % sensitivity']))} of its positives, "
        f"of {percent(prevalence)} among the images."
    )
    return Chart(square(figure, "sensitivity (recall)", "PPV (precision)"), words, tuple(table), behind)


def _band(
    labels: NDArray[np.int64], scores: Floats, draws: Draws, *, precision: bool
) -> tuple[Floats, Floats]:
    """2.5th and 97.5th percentile on `GRID` of sensitivity, or of precision by recall."""
    weights = draws.times_drawn[:BAND_DRAWS, draws.group_of]
    ill, healthy = (each[:, ::-1].cumsum(axis=1) for each in weighted_levels(labels, scores, weights))
    both = (ill[:, -1] > 0) & (healthy[:, -1] > 0)
    curves = []
    for true, false in zip(ill[both], healthy[both], strict=True):
        if precision:
            share = true / np.maximum(true + false, 1)
            curves.append(np.interp(GRID, true / true[-1], share, left=share[0]))
        else:
            curves.append(np.interp(GRID, false / false[-1], true / true[-1], left=0.0))
    low, high = np.quantile(curves, [0.025, 0.975], axis=0)
    return low, high


def _add_band(figure: go.Figure, low: Floats, high: Floats, colour: str | float) -> None:
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([GRID, GRID[::-1]]),
            y=np.concatenate([high, low[::-1]]),
            fill="toself",
            fillcolor=colour,
            opacity=0.18,
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _add_point(figure: go.Figure, x: float, y: float, entrant: Entrant) -> None:
    figure.add_trace(
        go.Scatter(
            x=[x],
            y=[y],
            customdata=[entrant.key],
            mode="markers",
            legendgroup=entrant.key,
            showlegend=False,
            marker={
                "color": line_style(entrant)["color"],
                "size": 9,
                "line": {"color": "#121417", "width": 1},
            },
            hovertemplate=f"{entrant.name}, at its threshold: %{{x:.2f}}, %{{y:.2f}}<extra></extra>",
        )
    )


def reliability_chart(answers: Answers) -> Chart:
    """Probability said against share that is COVID-19, in ten bins of probability."""
    figure = go.Figure()
    table: list[TableRow] = []
    behind: dict[str, Behind] = {}
    for column, entrant in distinct(answers):
        found = calibration_bins(answers.labels, answers.scores[:, column], BINS)
        marks = dict(bins(answers, column))
        behind |= marks
        figure.add_trace(
            go.Scatter(
                x=[each.predicted for each in found],
                y=[each.observed for each in found],
                mode="lines+markers",
                name=entrant.name,
                line=line_style(entrant),
                marker={"size": [float(np.clip(4 + np.sqrt(each.images), 5, 18)) for each in found]},
                customdata=list(marks),
                text=[each.images for each in found],
                hovertemplate=f"{entrant.name}: says %{{x:.2f}}, is %{{y:.2f}} "
                "(%{text} images)<extra></extra>",
            )
        )
        table += [
            {"Model": entrant.name, "Says": each.predicted, "Is": each.observed, "Images": each.images}
            for each in found
        ]
    figure.add_shape(type="line", x0=0, y0=0, x1=1, y1=1, line={"color": NEUTRAL, "dash": "dot", "width": 1})
    words = (
        f"Reliability: {_closest(table)} Below the dotted line a model says COVID-19 with more confidence "
        "than it should. The larger a point, the more images it stands for."
    )
    return Chart(square(figure, "probability said", "share that is COVID-19"), words, tuple(table), behind)


def _closest(table: Sequence[TableRow]) -> str:
    """Which model means what it says best, and least: how far its bins lie from the line on average."""
    off: dict[str, float] = {}
    for name in dict.fromkeys(str(row["Model"]) for row in table):
        rows = [row for row in table if row["Model"] == name]
        images = np.array([row["Images"] for row in rows], dtype=np.float64)
        gaps = np.array([float(row["Says"]) - float(row["Is"]) for row in rows])
        off[name] = float(np.abs(gaps) @ images / images.sum())
    best, worst = min(off, key=lambda name: off[name]), max(off, key=lambda name: off[name])
    return (
        f"{best} means what it says best, off by {off[best]:.2f} on average; {worst} least, off by "
        f"{off[worst]:.2f}."
    )


def decision_chart(answers: Answers) -> Chart:
    """Net benefit by threshold probability (Vickers & Elkin 2006, Medical Decision Making 26:565).

    Of n images, TP / n - FP / n * p / (1 - p): what acting on a model is worth to somebody who would act from
    a probability p on, at the prevalence of these images.
    """
    shares = GRID[1:96]
    odds = shares / (1 - shares)
    ill = answers.labels == 1
    prevalence = float(ill.mean())
    figure = go.Figure()
    table: list[TableRow] = []
    everybody = prevalence - (1 - prevalence) * odds
    for column, entrant in distinct(answers):
        called = answers.scores[:, column, None] >= shares
        benefit = called[ill].sum(axis=0) / ill.size - called[~ill].sum(axis=0) / ill.size * odds
        add_line(figure, shares, benefit, entrant)
        table.append(
            {"Model": entrant.name}
            | {f"Net benefit at {at + 1} %": float(benefit[at]) for at in (9, 24, 49, 74)}
        )
    for name, values, dash in (("Act on all", everybody, "dot"), ("Act on none", 0 * odds, "solid")):
        line = {"color": NEUTRAL, "dash": dash, "width": 1}
        figure.add_trace(go.Scatter(x=shares, y=values, mode="lines", name=name, line=line))
    useful = [
        row["Model"] for row in table if float(row["Net benefit at 50 %"]) > max(float(everybody[49]), 0)
    ]
    figure = square(figure, "threshold probability", "net benefit", height=500)
    figure.update_yaxes(range=[-0.1, prevalence + 0.05])
    words = (
        f"Decision curves at a prevalence of {percent(prevalence)}. At a threshold of 50 %, {len(useful)} of "
        f"{len(table)} models are worth more than acting on all or on none."
    )
    return Chart(figure, words, tuple(table))


def framing_chart(framing: Sequence[FramedAnswers], entrants: Mapping[str, Entrant]) -> Chart:
    """What normal images are read as while their borders are cut: an honest model keeps its answer.

    Args:
        framing: Of a bundle's trials.
        entrants: The models, by key.
    """
    figure, table = go.Figure(), list[TableRow]()
    for model, entrant in entrants.items():
        rows = {row.change: row for row in framing if (row.model, row.label) == (model, "normal")}
        cuts = [rows[change] for change in CUTS if change in rows]
        if not cuts:
            continue
        x = np.array([0.0, *(CUTS[row.change] for row in cuts)])
        y = np.array([cuts[0].mean_before, *(row.mean_after for row in cuts)])
        add_line(figure, x, y, entrant)
        after = {row.change.capitalize(): round(row.mean_after, 2) for row in rows.values()}
        table.append({"Model": entrant.name, "As it is": round(cuts[0].mean_before, 2), **after})
    figure.update_xaxes(
        title="Cut off width and height,<br>half of it at either side",
        tickvals=[0, *CUTS.values()],
        ticktext=["none", *(percent(cut) for cut in CUTS.values())],
        range=[0, 1.05 * max(CUTS.values())],
        fixedrange=True,
    )
    figure.update_yaxes(title="Mean P(COVID-19) of normal images", range=[-0.01, 1.02], fixedrange=True)
    figure.update_layout(height=420, margin={"l": 0, "r": 8, "t": 16, "b": 0}, legend=LEGEND, dragmode=False)
    fifth = [
        row
        for row in framing
        if row.label == "normal" and row.change == "20 % cut off" and row.model in entrants
    ]
    if not fifth:
        return Chart(figure, "Nobody measured it.", tuple(table))
    most = max(fifth, key=lambda row: abs(row.mean_move))
    words = (
        f"{most.images} held-out normal radiographs, their borders cut more and more; a model that reads "
        "lungs keeps a flat line. A fifth cut off moves the mean most for "
        f"{entrants[most.model].name}: by {moved(most.mean_move, most.mean_move_interval)}"
        f"{', with its 95 % interval over patients' if most.mean_move_interval else ''}."
    )
    return Chart(figure, words, tuple(table))


def prevalence_chart(answers: Answers, prevalence: float) -> Chart:
    """What sensitivity and specificity mean where so many of those examined have COVID-19 (Bayes).

    Args:
        answers: With both classes.
        prevalence: In (0, 1).
    """
    shares = np.geomspace(0.001, 0.9, 120)
    figure = go.Figure()
    table: list[TableRow] = []
    for column, entrant in distinct(answers):
        counts = confusion(answers.labels, answers.scores[:, column], answers.thresholds[column])
        found = predictive_values(counts.sensitivity, counts.specificity, shares)[0]
        add_line(figure, shares, found, entrant)
        here = predictive_values(counts.sensitivity, counts.specificity, np.array([prevalence]))
        table.append({"Model": entrant.name, "PPV": float(here[0][0]), "NPV": float(here[1][0])})
    figure.add_vline(x=prevalence, line={"color": ACCENT, "dash": "dash", "width": 1})
    figure = square(figure, "prevalence", "PPV")
    figure.update_xaxes(
        type="log", range=[-3, 0], tickvals=list(PREVALENCE_TICKS), ticktext=list(PREVALENCE_TICKS.values())
    )
    known = [row for row in table if not np.isnan(float(row["PPV"]))]
    words = "At these thresholds no model reads anything as COVID-19, so there is no PPV."
    if known:
        best = max(known, key=lambda row: float(row["PPV"]))
        words = (
            f"Where {percent(prevalence, 1)} of those examined have COVID-19, a positive of the best model, "
            f"{best['Model']}, is right in {percent(float(best['PPV']))} of cases."
        )
    return Chart(figure, words, tuple(table))


def predictive_values(sensitivity: float, specificity: float, prevalence: Floats) -> tuple[Floats, Floats]:
    """PPV and NPV, (n,), at prevalences (n,) in (0, 1) (Altman & Bland 1994, BMJ 309:102)."""
    true, false = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    missed, cleared = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    with np.errstate(invalid="ignore"):
        return true / (true + false), cleared / (cleared + missed)
