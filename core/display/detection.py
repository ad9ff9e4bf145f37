"""What thresholds of detection say: curves of the AUC against the dose, words, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import plotly.graph_objects as go

from core.display.course_charts import LEGEND, MARGIN, add_level
from core.display.style import NEUTRAL, colour_and_dash, mark, still
from core.display.wording import listed, model_name, named, opening
from core.phantom.recipe import KNOBS
from core.studio.detection import DETECTED, DOSES, LEARNING, OBSERVER, Detection

ASKED = (
    "How much disease has to be there before it is told from health? Each patient is rendered at seven "
    "doses and without the disease. An AUC of 0.75 counts as detected: whoever is shown an ill and a "
    "healthy picture then picks the ill one in 75 % of pairs."
)
METHOD = (
    "The observer is a channelised Hotelling observer (Myers & Barrett 1987): the best linear reader of six "
    "Laguerre-Gauss channels (Gallas & Barrett 2003) that lie about each piece of the lesion. It is told "
    f"where the lesion would be and how large its dose is, has learnt from {LEARNING} other patients with "
    "and without it, and sees what the networks are given, equalised. Networks are told none of this."
)
MISLEADS = (
    "**Why it may mislead.** The observer is ideal among linear readers of its channels alone: a network "
    "that reads shape or both lungs at once may do better. The AUC asks for the order of answers, not for "
    "the side of a threshold: a network can tell all the ill from the healthy, and yet call them all "
    "normal."
)


def who_name(key: str) -> str:
    """Its name for people."""
    return "Observer that knows the place" if key == OBSERVER else model_name(key)


def detection_figure(found: Sequence[Detection], knob: str) -> go.Figure:
    """One curve each; dotted, where half of what can be told above chance is.

    Args:
        found: The observer first.
        knob: What is dosed.
    """
    figure, doses = go.Figure(), DOSES[knob]
    add_level(figure, (0, doses[-1]), DETECTED, NEUTRAL)
    for each in found:
        seen = each.who == OBSERVER
        colour, dash = (NEUTRAL, "solid") if seen else colour_and_dash(each.who)
        figure.add_scatter(
            x=[0, *doses],
            y=[0.5, *(round(area, 4) for area in each.auc)],
            name=who_name(each.who),
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 3.5 if seen else 1.5},
            marker={"color": colour, "symbol": "star" if seen else mark(each.who), "size": 9},
            hovertemplate="%{x:g}: AUC %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title=f"{KNOBS[knob].label} ({KNOBS[knob].unit})")
    figure.update_yaxes(range=[0.35, 1.03], tickvals=[0.5, 0.75, 1], title="AUC, ill against healthy")
    return still(figure.update_layout(height=440, margin=MARGIN, legend=LEGEND))


def detection_words(found: Sequence[Detection], knob: str) -> str:
    """From which dose on whom it is detected by, and by whom at none.

    Args:
        found: The observer first.
        knob: What is dosed.
    """
    what, unit = KNOBS[knob].label.lower(), KNOBS[knob].unit
    observer = next(each for each in found if each.who == OBSERVER)
    models = [each for each in found if each.who != OBSERVER]
    reached = sorted(
        (each for each in models if each.threshold is not None), key=lambda each: each.threshold or 0
    )
    never = [named(each.who) for each in models if each.threshold is None]
    by_observer = (
        f"An observer that knows the place detects the disease from {_written(observer, knob)} {unit} on"
        if observer.threshold is not None
        else "An observer that knows the place detects the disease at no dose"
    )
    said = f"**{by_observer}"
    if reached:
        first = reached[0]
        said += (
            f"; of the models {named(first.who)} needs the smallest {what}, {_written(first, knob)} {unit}"
        )
    said += ".**"
    if never:
        verb = "detects" if len(never) == 1 else "detect"
        said += f" {opening(listed(never))} {verb} it at no dose that was asked about."
    return said + _earlier(observer, reached)


def _earlier(observer: Detection, reached: Sequence[Detection]) -> str:
    """Who does with less than the observer, and whether that is sure."""
    dose = observer.threshold
    earlier = [each for each in reached if dose is None or (each.threshold or 0) < dose]
    sure = [each for each in earlier if each.threshold_interval.high < observer.threshold_interval.low]
    names = listed([named(each.who) for each in sure or earlier])
    does = "does" if len(sure or earlier) == 1 else "do"
    if sure:
        return f" {opening(names)} surely {does} with less than the observer, which reads its channels alone."
    if earlier:
        return f" Whether {names} {does} with less than the observer is not sure: their intervals overlap."
    return ""


def _written(each: Detection, knob: str) -> str:
    """A threshold with its interval in brackets."""
    return f"{each.threshold:.3g} ({_range(each, DOSES[knob][-1])})"


def detection_table(found: Sequence[Detection], knob: str) -> list[dict[str, str]]:
    """A row each: its threshold with the interval, and the AUC at each dose."""
    return [
        {
            "Who": who_name(each.who),
            f"Threshold ({KNOBS[knob].unit})": "none" if each.threshold is None else f"{each.threshold:.3g}",
            "95 % interval": _range(each, DOSES[knob][-1]),
            **{f"AUC at {dose:g}": f"{area:.2f}" for dose, area in zip(DOSES[knob], each.auc, strict=True)},
        }
        for each in found
    ]


def _range(each: Detection, largest: float) -> str:
    low, high = (
        f"{end:.3g}" if isfinite(end) else f"beyond {largest:g}"
        for end in (each.threshold_interval.low, each.threshold_interval.high)
    )
    return low if low == high else f"{low} to {high}"
