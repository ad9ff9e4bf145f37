"""What the page Shortcuts says when a mark is taken out of the features: curves, conclusions, numbers."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.display.course_charts import LEGEND, MARGIN
from core.display.shortcuts import area_text, carried
from core.display.style import ACCENT, FIRST, NEUTRAL, SECOND, area_axis, still
from core.display.wording import count_word, model_name
from core.shortcuts.experiment import Planting
from core.shortcuts.plants import PLANT_BY_KEY
from core.shortcuts.takeout import COUNTS, PLACES, Place, TakenOut

NAMES: dict[Place, str] = {
    "home": "At home, marks as it learnt them",
    "flipped": "At home, marks on the other side",
    "none": "At home, no marks",
    "abroad": "Abroad, no marks",
}
EVEN = 0.1  # of ROC AUC: with no more between both sides, a head no longer leans on the mark
PLAN = (
    "The head learns from the marked patients again, but first what the mark changes in the features is "
    "taken out: the "
    "main directions from each patient without the mark to the same patient with it. **Guess first:** does "
    "it find the "
    "disease then, and what does it cost?"
)
CHOOSES_NOTHING = (
    "*Abroad* chooses nothing: directions, heads and thresholds come from patients at home alone, which are "
    "phantoms here."
)
ABROAD: dict[str, str] = {
    "external": "Clinics never seen",
    "own": "Your own set",
    "phantoms": "Phantoms, taken otherwise",
}


def abroad_words(kind: str, images: int) -> str:
    """Who is abroad, and that nothing is chosen there.

    Args:
        kind: Of `ABROAD`.
        images: How many radiographs measure there.
    """
    said = {
        "external": (
            f"Here it is {images} real radiographs of clinics that the models have never seen, which this "
            "server holds. The head learnt from a hundred phantoms and has met no real radiograph; Compare "
            "measures the usual heads on the same images."
        ),
        "own": (
            f"Here it is the {images} radiographs of your own set that are labelled COVID-19 or normal. The "
            "head learnt from a hundred phantoms and has met no real radiograph."
        ),
        "phantoms": (
            "Phantoms that are taken otherwise stand in for another clinic: bedside AP views with wires, "
            "letters and borders of their own, a stop darker. Bring a labelled set of your own on Compare to "
            "have it measured here; where a server holds the data, clinics never seen can be chosen, too."
        ),
    }
    return f"{CHOOSES_NOTHING} {said[kind]}"


_LINES: dict[Place, tuple[str, str, str]] = {
    "home": (ACCENT, "solid", "circle"),
    "flipped": (FIRST, "dot", "diamond"),
    "none": (NEUTRAL, "dash", "square"),
    "abroad": (SECOND, "longdash", "triangle-up"),
}


def takeout_figure(steps: Sequence[TakenOut]) -> go.Figure:
    """ROC AUC by how many directions were taken out, a line a place."""
    figure = go.Figure()
    names = [str(step.directions) for step in steps]
    for place in PLACES:
        colour, dash, symbol = _LINES[place]
        found = [step.figures[place] for step in steps]
        values = [each.roc_auc for each in found]
        figure.add_scatter(
            x=names,
            y=[round(each, 4) for each in values],
            error_y={
                "array": [each.roc_auc_interval.high - each.roc_auc for each in found],
                "arrayminus": [each.roc_auc - each.roc_auc_interval.low for each in found],
                "thickness": 1,
                "width": 4,
            },
            name=NAMES[place],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5},
            marker={"color": colour, "symbol": symbol, "size": 9},
            hovertemplate="%{x} taken out: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    wanted = [str(count) for count in COUNTS]
    figure.update_xaxes(title="directions taken out", type="category", categoryarray=wanted, tickvals=wanted)
    area_axis(figure)
    return still(figure.update_layout(height=420, margin=MARGIN, legend=LEGEND))


def takeout_headline(steps: Sequence[TakenOut], planting: Planting, backbone: str) -> str:
    """What taking the mark out does, up to the first count that is enough, or the last."""
    first, chosen = steps[0], enough(steps)
    count = count_word(chosen.directions)
    many = f"{count} direction{'' if chosen.directions == 1 else 's'}"
    flipped = [each.figures["flipped"].roc_auc for each in (first, chosen)]
    home = [each.figures["home"].roc_auc for each in (first, chosen)]
    verb = "falls" if home[1] < home[0] - 0.005 else "rises" if home[1] > home[0] + 0.005 else "stays near"
    there = (
        f"{verb} from {home[0]:.2f} to {home[1]:.2f}" if verb != "stays near" else f"stays near {home[1]:.2f}"
    )
    return (
        f"With {carried(planting)}, {model_name(backbone)}'s head learns again with {many} taken out: the "
        f"ROC AUC with "
        f"marks on the other side goes from {flipped[0]:.2f} to {flipped[1]:.2f}, while the figure at home "
        f"{there}."
    )


def enough(steps: Sequence[TakenOut]) -> TakenOut:
    """The first of them whose figure hardly depends on the side of the marks; the last where none is so."""
    return next((step for step in steps if step.directions and abs(_apart(step)) <= EVEN), steps[-1])


def _apart(step: TakenOut) -> float:
    return step.figures["home"].roc_auc - step.figures["flipped"].roc_auc


def takeout_words(steps: Sequence[TakenOut], planting: Planting) -> str:
    """Whether the mark is gone, and what that costs or gains at home and abroad."""
    first, chosen = steps[0], enough(steps)
    phrase = PLANT_BY_KEY[planting.plant].phrase
    moved = (
        f"On average {phrase} moved an answer by {first.moved:.2f} before, and by {chosen.moved:.2f} then."
    )
    if abs(_apart(first)) <= EVEN:
        return f"{moved} There was little to take out: the head hardly depended on the mark to begin with."
    if abs(_apart(chosen)) <= EVEN:
        gone = "The figure no longer depends on which side the marks are: what is left of it is the disease."
    else:
        gone = (
            f"Even with {chosen.directions} directions out, {abs(_apart(chosen)):.2f} still depend on the "
            f"side of the "
            "marks: what a mark does to features is not a straight line alone."
        )
    return f"{moved} {gone} {_elsewhere(first, chosen)}"


def _elsewhere(first: TakenOut, chosen: TakenOut) -> str:
    """What it does abroad, held against the interval there."""
    before, after = (each.figures["abroad"] for each in (first, chosen))
    change = after.roc_auc - before.roc_auc
    bounds = before.roc_auc_interval
    said = f"Abroad, where nobody carries the mark, it goes from {before.roc_auc:.2f} to {after.roc_auc:.2f}"
    if not bounds.known:
        return f"{said}."
    if bounds.low <= after.roc_auc <= bounds.high:
        return f"{said}, within the interval of the first ({bounds.low:.2f}–{bounds.high:.2f})."
    return f"{said}: {'better' if change > 0 else 'worse'} than the interval of the first allows for."


def takeout_table(steps: Sequence[TakenOut]) -> list[dict[str, str]]:
    """A row a count of directions."""
    return [
        {"Taken out": str(step.directions)}
        | {NAMES[place]: area_text(step.figures[place]) for place in PLACES}
        | {"The mark moves P(ill) by": f"{step.moved:.2f}"}
        for step in steps
    ]
