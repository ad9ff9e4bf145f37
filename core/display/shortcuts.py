"""What the page Shortcuts says of a planted mark: figures, curve and maps, each concluded in words."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.display.bars import Axis, Bar, bars_html
from core.display.course_charts import LEGEND, MARGIN
from core.display.overlay import with_heat
from core.display.style import ACCENT, FIRST, NEUTRAL, area_axis, still
from core.display.wording import model_name, percent
from core.evaluation.metrics import Evaluation
from core.progress import duration
from core.shortcuts.experiment import CONDITIONS, Condition, Outcome, Planting, Point
from core.shortcuts.features import Floats
from core.shortcuts.maps import HeadMap, Maps, OnMark
from core.shortcuts.plants import PLANT_BY_KEY
from core.shortcuts.trial import Trial

NAMES: dict[Condition, str] = {
    "as_learnt": "Marks as it learnt them",
    "none": "No marks",
    "flipped": "Marks on the other side",
}
LEANS = 0.1  # of ROC AUC: a head that loses more between two conditions than the other head leans on the mark
CLOSED = 0.02  # of grey: a mark that changes the networks' input by less on average hardly reaches them
POINTS = 1.5  # times: heat on the mark, after and before, from which on the map points at it
PLANTED, WITHOUT = "with marks", "without marks"
FLATTERS_SHORT = (
    "Phantoms flatter networks that learnt from phantoms, as the backbones that ship here did: the disease "
    "is easier to see for them than on real radiographs, and so is a mark."
)
FLATTERS = (
    f"{FLATTERS_SHORT} Believe what changes from one figure to the next before any "
    "single one. The counterpart on real pictures: bring your own labelled set on Compare, and it can be "
    "chosen here, "
    "under *Plant one*."
)
PLAN = (
    "The mark has nothing to do with the disease. It is put on a share of the ill before the histogram is "
    "equalised; "
    "then the last layers of the network, its *head*, learn from half of the patients, and the other half "
    "measures. "
    "**Guess first:** which figure will rise, and what happens where the marks have changed sides?"
)
_AREAS = Axis(0, 1, line=0.5, beside=("worse than a coin", "better"), ticks=(0, 0.25, 0.5, 0.75, 1))
_LINES: dict[Condition, tuple[str, str, str]] = {
    "as_learnt": (ACCENT, "solid", "circle"),
    "none": (NEUTRAL, "dash", "square"),
    "flipped": (FIRST, "dot", "diamond"),
}


def carried(planting: Planting) -> str:
    """Who carries which mark, as a sentence goes on."""
    phrase = PLANT_BY_KEY[planting.plant].phrase
    return f"{phrase} on {planting.ill} % of the ill and {planting.healthy} % of the healthy"


def on_trial(trial: Trial, *, mine: bool) -> str:
    """What stands above all answers while a head is on trial.

    Args:
        trial: The head.
        mine: Whether it is of the bundle that is asked.
    """
    if not mine:
        return f"**On trial: {trial.name}.** It belongs to other models than these, which answer as ever."
    taught = trial.taught
    return (
        f"**On trial in this session alone: {trial.name}.** Flawed on purpose: ROC AUC "
        f"{taught.as_learnt:.2f} with marks as it learnt them, {taught.flipped:.2f} with marks on the other "
        "side. The ensemble weighs it as it did the usual head. A copied link opens without it."
    )


def first_time(radiographs: int, seconds: float) -> str:
    """How long it takes with phantoms.

    Args:
        radiographs: How many.
        seconds: That this server needs for what is still to be done, by measurement.
    """
    if seconds == 0:
        return "The network has seen these phantoms before: a head learns within seconds."
    return (
        f"{radiographs} phantoms are rendered, and the network sees each without the mark and with it: about "
        f"{duration(seconds)} at this server's present pace, once for everybody. Then a head learns within "
        "seconds."
    )


def first_time_own(radiographs: int) -> str:
    """What happens to the user's own radiographs.

    Args:
        radiographs: How many.
    """
    return (
        f"The network sees your {radiographs} radiographs without the mark and with it. They stay in this "
        "session's memory, and half of their patients measure what the head has learnt from the others."
    )


def measured_on(outcome: Outcome) -> str:
    """Whom the bars are measured on."""
    images, ill = outcome.figures["none"].images, outcome.figures["none"].positives
    return (
        f"ROC AUC on {images} radiographs, {ill} of ill patients, from whom neither head learnt; in brackets "
        "its 95 % interval (bootstrap over patients). The dashed line is a coin."
    )


def area_text(figure: Evaluation) -> str:
    """A ROC AUC with its interval."""
    return f"{figure.roc_auc:.2f}{figure.roc_auc_interval.in_brackets()}"


def headline(outcome: Outcome, backbone: str) -> str:
    """What the mark does to the figure that a paper would report, and what happens when it changes sides."""
    planted, bare = outcome.figures, outcome.figures_without["none"]
    inside = planted["as_learnt"].roc_auc
    change = (
        "rises" if inside > bare.roc_auc + 0.005 else "falls" if inside < bare.roc_auc - 0.005 else "stays"
    )
    there = f"from {bare.roc_auc:.2f} to {inside:.2f}" if change != "stays" else f"at {inside:.2f}"
    return (
        f"With {carried(outcome.planting)}, the internal ROC AUC of a head on {model_name(backbone)} "
        f"{change} {there}. "
        f"Where nobody carries a mark it is {planted['none'].roc_auc:.2f}; where the marks have changed "
        f"sides, "
        f"{planted['flipped'].roc_auc:.2f}."
    )


def verdict(outcome: Outcome) -> str:
    """What that means: whether the head reads the mark, leans on it, or leaves it alone."""
    planting, planted = outcome.planting, outcome.figures
    if planting.ill == planting.healthy:
        return "As many ill as healthy carry the mark: it tells nothing, and changing sides changes nothing."
    lost = planted["as_learnt"].roc_auc - planted["flipped"].roc_auc
    other = outcome.figures_without
    beyond = lost - (other["as_learnt"].roc_auc - other["flipped"].roc_auc)
    if beyond <= LEANS < lost:
        return (
            f"It loses {lost:.2f} when the marks change sides, but the head that learnt without them loses "
            f"as "
            "much: the network itself takes such a mark for a sign, and learning added nothing to that."
        )
    if beyond <= LEANS:
        return (
            "It leaves the mark alone: what little it loses when the marks change sides, the head that "
            "learnt "
            "without them loses, too."
        )
    if planted["flipped"].roc_auc_interval.high < 0.5:
        return (
            "It reads the mark before the disease: with the marks turned round it ranks ill and healthy "
            "worse than a coin, although nothing about the patients has changed. Whoever measures on "
            "patients of the same collection alone sees the "
            f"{planted['as_learnt'].roc_auc:.2f} and nothing else."
        )
    return (
        f"It leans on the mark: it loses {lost:.2f} when the marks change sides, {beyond:.2f} more than the "
        "head that learnt without them. Measured on the same collection alone, that would pass for skill."
    )


def area_bars(outcome: Outcome) -> str:
    """ROC AUC of both heads under each condition, as HTML."""
    bars = []
    for condition in CONDITIONS:
        for name, figures, colour, pattern in (
            (PLANTED, outcome.figures, ACCENT, ""),
            (WITHOUT, outcome.figures_without, NEUTRAL, "/"),
        ):
            label = f"{NAMES[condition]}: learnt {name}"
            bars.append(
                Bar(label, figures[condition].roc_auc, area_text(figures[condition]), colour, pattern)
            )
    return bars_html(bars, _AREAS)


def area_table(outcome: Outcome) -> list[dict[str, str]]:
    """A row a condition: both heads' ROC AUC with intervals, and errors at the threshold."""
    rows = []
    for condition in CONDITIONS:
        ours, other = outcome.figures[condition], outcome.figures_without[condition]
        rows.append(
            {
                "Measured with": NAMES[condition],
                "ROC AUC, learnt with marks": area_text(ours),
                "ROC AUC, learnt without": area_text(other),
                "Wrong, learnt with marks": f"{ours.wrong} of {ours.images}",
                "Wrong, learnt without": f"{other.wrong} of {other.images}",
            }
        )
    return rows


def curve_figure(points: Sequence[Point], epochs: int) -> go.Figure:
    """How a head learns: its ROC AUC on others after each epoch, by condition.

    Args:
        points: So far.
        epochs: How many there will be.
    """
    figure = go.Figure()
    for condition, (colour, dash, symbol) in _LINES.items():
        figure.add_scatter(
            x=[each.epoch for each in points],
            y=[round(each.roc_auc[condition], 4) for each in points],
            name=NAMES[condition],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5},
            marker={"color": colour, "symbol": symbol, "size": 6},
            hovertemplate="after %{x}: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(title="times that it has seen all patients", range=[0.5, epochs + 0.5])
    area_axis(figure)
    return still(figure.update_layout(height=340, margin=MARGIN, legend=LEGEND))


def curve_words(points: Sequence[Point]) -> str:
    """What the curve shows, in a sentence."""
    first, last = points[0].roc_auc, points[-1].roc_auc
    apart = next((each.epoch for each in points if _apart(each) > LEANS), None)
    if apart is None:
        return (
            "The curves stay together: whether the marks lie as it learnt them or on the other side makes "
            "no more "
            f"than {LEANS:g} of difference at any time."
        )
    when = "from the first round on" if apart == points[0].epoch else f"from round {apart} on"
    return (
        f"The curves part {when}. From the first round to the last the figure with the marks as it learnt "
        f"them goes "
        f"from {first['as_learnt']:.2f} to {last['as_learnt']:.2f}, and that with the marks on the other "
        f"side from "
        f"{first['flipped']:.2f} to {last['flipped']:.2f}. A curve of the first kind alone looks like "
        f"progress."
    )


def _apart(point: Point) -> float:
    return point.roc_auc["as_learnt"] - point.roc_auc["flipped"]


def curve_table(points: Sequence[Point]) -> list[dict[str, str]]:
    """A row a round."""
    return [
        {"Round": str(each.epoch)} | {NAMES[name]: f"{area:.2f}" for name, area in each.roc_auc.items()}
        for each in points
    ]


def eight_bits(pixels: Floats) -> NDArray[np.uint8]:
    """A picture to show, (height, width), of one in [0, 1]."""
    return np.asarray(np.rint(pixels.clip(0, 1) * 255), dtype=np.uint8)


def drawn_map(shown: Floats, head: HeadMap) -> NDArray[np.uint8]:
    """A map over what the networks are given, (height, width, 3); it glows as its head is sure.

    Args:
        shown: (size, size), in [0, 1].
        head: Its map.
    """
    return with_heat(eight_bits(shown), head.heat, head.probability, (0.0, 0.0, 1.0, 1.0))


def map_words(maps: Maps, planting: Planting) -> str:
    """Whether the maps give the mark away, with the shares behind that."""
    plant, (before, after) = PLANT_BY_KEY[planting.plant], maps.on_mark
    if np.isnan(before.mean) or np.isnan(after.mean):
        return "One of the two heads has no map on these patients: nothing speaks for the disease in it."
    figures = (
        f"Over {maps.patients} ill patients who carry {'them' if plant.plural else 'it'}, "
        f"{plant.does('fill')} {percent(maps.area)} of the frame and "
        f"{'get' if plant.plural else 'gets'} {_share(before)} of the heat before, {_share(after)} after. "
    )
    if maps.area > 0.5:
        return figures + "The mark lies nearly everywhere, so no map could point at it."
    if after.interval.low > POINTS * before.mean:
        return figures + "The map points at the mark, for whoever knows what to look for."
    if after.interval.low > before.mean:
        return figures + (
            "More of the heat lies on the mark than before, but not so much more that the map would give it "
            "away to somebody who does not know of it."
        )
    return figures + (
        "The map hardly gives the mark away: its cells are coarse, and heat on the lungs does not prove "
        "that the lungs "
        "are read. The bars above show it; the map does not."
    )


def _share(found: OnMark) -> str:
    return f"{percent(found.mean)} ({100 * found.interval.low:.0f}–{100 * found.interval.high:.0f})"


def closed_words(maps: Maps, planting: Planting) -> str:
    """How much the mark changes what the networks are given, and that it hardly does where so."""
    change = PLANT_BY_KEY[planting.plant].does("change")
    said = f"In what the networks are given, {change} each grey by {maps.moved:.3f} of the range on average"
    if maps.moved < CLOSED and maps.area > 0.5:
        return f"{said}: equalising the histogram takes it away, and that shortcut is closed."
    return f"{said}."


TRIAL = (
    "On trial, the head answers in place of the usual one on Analyse, for your own radiographs and the "
    "samples, in this session alone. Saved, it is a whole bundle with its own model card: unpack it into the "
    "folder of bundles, and the app offers it beside the others."
)


def saving(patients: int) -> str:
    """What saving a bundle takes first."""
    return f"All models are asked about {patients} radiographs"


def to_csv(outcome: Outcome, backbone: str) -> str:
    """A row a condition and head.

    Args:
        outcome: Of the experiment.
        backbone: Its key.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(
        [
            "backbone",
            "plant",
            "ill_percent",
            "healthy_percent",
            "learnt",
            "measured",
            "roc_auc",
            "low",
            "high",
        ]
    )
    planting = outcome.planting
    for learnt, figures in (("with_marks", outcome.figures), ("without_marks", outcome.figures_without)):
        for condition, each in figures.items():
            bounds = each.roc_auc_interval
            ends = (bounds.low, bounds.high) if bounds.known else ()
            numbers = [f"{value:.4f}" for value in (each.roc_auc, *ends)] + ["", ""][len(ends) :]
            writer.writerow(
                [backbone, planting.plant, planting.ill, planting.healthy, learnt, condition, *numbers]
            )
    return file.getvalue()
