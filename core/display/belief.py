"""How far to believe a map, in words, numbers and curves, beside those of maps that know nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import plotly.graph_objects as go

from core.display.course_charts import LEGEND, MARGIN
from core.display.style import NEUTRAL, still
from core.display.wording import counted, listed, percent, signed
from core.explain.belief import ALIKE, CENTRE, RANDOM, REFERENCES, STEPS, BeliefStep, area
from core.explain.explainers import METHOD_BY_KEY
from core.explain.heat_in_lungs import HeatInLungs

STABLE = 0.8  # rank correlation from which a map counts as hardly moved
_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#F0E442", "#0072B2", "#8DA0CB")
_DASHES = ("solid", "dash", "dashdot", "longdash")
ASKED = (
    "Each map is asked to keep its word: if hot places carry the answer, taking them away lowers it soon, "
    "and "
    "showing them alone raises it soon. A map is worth no more than what random blobs, or one blob in the "
    "middle, reach as well: it passes a test only where it beats all four by more than the three random "
    "maps differ among themselves."
)
BLANKS = (
    "Deletion ends in the middle grey, insertion begins with the picture blurred, because sharp pieces on "
    "flat grey would add edges of their own (Petsiuk et al. 2018): compare areas of different maps, not "
    "deletion with insertion."
)
TOGETHER = (
    "Of the **ensemble**, all five backbones and the findings network are shown each changed picture, and "
    "the curves are the ensemble's own probability. Its map is the backbones', each weighted by what it "
    "added; the findings have no part in that, so that it cannot account for all of the answer."
)
SHOWN_ANOTHER = (
    "This bundle's findings network is shown another picture than its backbones, so that one changed picture "
    "cannot be put to the whole ensemble: choose a backbone."
)
MISLEADS = (
    "**Why these tests may mislead.** Deleting and inserting make pictures that no network learnt from, so "
    "part of a "
    "fall is surprise at the picture. A map that reaches good areas shows what *this network* uses, and a "
    "network "
    "may use a shortcut: heat in the lungs is no proof of medicine, heat outside of them no proof of the "
    "contrary. "
    "Methods that agree may share a weakness, and a map that is stable may be stable for every network "
    "alike: that "
    "is what the sanity check of Adebayo et al. (2018) is for."
)

Outcome = Literal["for", "close", "against"]
_HEADS: dict[Outcome, str] = {"for": "For it:", "close": "Too close to call:", "against": "Against it:"}
_SAID: dict[str, dict[Outcome, str]] = {
    "deletion": {
        "for": "taking its hot places away lowers the answer sooner than any map that knows nothing",
        "close": "taking its hot places away lowers the answer sooner, but by less than random maps differ",
        "against": "a map that knows nothing lowers the answer as soon",
    },
    "insertion": {
        "for": "showing its hot places alone raises the answer sooner than any map that knows nothing",
        "close": "showing its hot places alone raises the answer sooner, but by less than random maps differ",
        "against": "a map that knows nothing, shown from its hot places on, raises the answer as soon",
    },
    "lungs": {
        "for": "more of its heat lies in the lungs than of any map that knows nothing",
        "close": "more of its heat lies in the lungs, but by less than random maps differ",
        "against": "a map that knows nothing has as much of its heat in the lungs",
    },
    "shift": {
        "for": "a small shift of the picture hardly changes it",
        "against": "a small shift of the picture changes it",
    },
}


@dataclass(frozen=True)
class Tested:
    """One map's results.

    Attributes:
        deletion: Area below its curve; low is good.
        insertion: Area below its curve; high is good.
        lungs: How it lies to the lungs; None where nobody knows.
        stability: Rank correlation with itself in shifted pictures; None where it was not measured.
        agreement: Mean rank correlation with the other methods' maps; None for the only one.
    """

    deletion: float
    insertion: float
    lungs: HeatInLungs | None
    stability: float | None
    agreement: float | None


def name_of(key: str) -> str:
    """Of a map: its method's, or what knows nothing."""
    if key in METHOD_BY_KEY:
        return METHOD_BY_KEY[key].name
    return "Blob in the middle" if key == CENTRE else f"Random map {key.removeprefix('random ')}"


def tested(
    step: BeliefStep, lungs: Mapping[str, HeatInLungs | None], agreements: Mapping[str, Mapping[str, float]]
) -> dict[str, Tested]:
    """What is known of each map whose curves are whole, the references among them.

    Args:
        step: How far the tests are.
        lungs: How each map lies to the lungs, by key.
        agreements: Rank correlation of each method's map with each other method's.
    """
    found = {}
    for key, curves in step.curves.items():
        if not curves.whole:
            continue
        others = agreements.get(key, {})
        found[key] = Tested(
            area(curves.deletion),
            area(curves.insertion),
            lungs.get(key),
            step.stability.get(key),
            sum(others.values()) / len(others) if others else None,
        )
    return found


def verdict(key: str, results: Mapping[str, Tested]) -> str:
    """What the tests say of one map, in plain words.

    Args:
        key: Of the map.
        results: From `tested`, with all references.
    """
    found = _outcomes(results[key], results)
    said = {
        each: [_SAID[test][each] for test, outcome in found.items() if outcome == each] for each in _HEADS
    }
    parts = [f"{_HEADS[each]} {listed(clauses)}." for each, clauses in said.items() if clauses]
    passed = f"{len(said['for'])} of {counted(len(found), 'test')}"
    return " ".join([f"**{name_of(key)} passes {passed}.**", *parts])


def _outcomes(mine: Tested, results: Mapping[str, Tested]) -> dict[str, Outcome]:
    """How each test that can be made of a map ends."""
    found = {
        "deletion": _held(-mine.deletion, {key: -results[key].deletion for key in REFERENCES}),
        "insertion": _held(mine.insertion, {key: results[key].insertion for key in REFERENCES}),
    }
    known = {key: results[key].lungs for key in REFERENCES}
    shares = {key: each.share for key, each in known.items() if each}
    if mine.lungs and len(shares) == len(known):
        found["lungs"] = _held(mine.lungs.share, shares)
    if mine.stability is not None:
        found["shift"] = "for" if mine.stability >= STABLE else "against"
    return found


def _held(mine: float, references: Mapping[str, float]) -> Outcome:
    """Whether a value beats all references by more than the random ones differ among themselves."""
    drawn = [references[key] for key in RANDOM]
    ahead = mine - max(references.values())
    return "against" if ahead <= 0 else "for" if ahead > max(drawn) - min(drawn) else "close"


def agreement_words(agreements: Mapping[str, Mapping[str, float]]) -> str:
    """Which two methods agree least, and how many pairs are alike."""
    pairs = [
        (value, first, second)
        for first, others in agreements.items()
        for second, value in others.items()
        if first < second
    ]
    if not pairs:
        return ""
    value, first, second = min(pairs)
    alike = sum(each[0] >= ALIKE for each in pairs)
    show = "shows" if alike == 1 else "show"
    return (
        f"Of {counted(len(pairs), 'pair')} of methods, {alike} {show} much the same (rank correlation of at "
        f"least {ALIKE:g}, which fewer than 1 in 100 pairs of random maps reach); {name_of(first)} and "
        f"{name_of(second)} agree least ({signed(value)})."
    )


def belief_table(results: Mapping[str, Tested]) -> list[dict[str, str]]:
    """A row a map, those that know nothing last; random maps as their mean."""
    rows = [_row(name_of(key), each) for key, each in results.items() if key not in REFERENCES]
    drawn = [results[key] for key in RANDOM if key in results]
    if drawn:
        lungs = [each.lungs for each in drawn if each.lungs]
        mean = Tested(
            sum(each.deletion for each in drawn) / len(drawn),
            sum(each.insertion for each in drawn) / len(drawn),
            HeatInLungs(sum(each.share for each in lungs) / len(lungs), lungs[0].area) if lungs else None,
            None,
            None,
        )
        row = _row(f"Random maps (mean of {len(drawn)})", mean)
        row["Deletion (low is good)"] += _between([each.deletion for each in drawn])
        row["Insertion (high is good)"] += _between([each.insertion for each in drawn])
        rows.append(row)
    return rows + ([_row(name_of(CENTRE), results[CENTRE])] if CENTRE in results else [])


def _between(values: Sequence[float]) -> str:
    """How far random maps differ; nothing of one alone."""
    return f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""


def _row(name: str, each: Tested) -> dict[str, str]:
    return {
        "Map": name,
        "Deletion (low is good)": f"{each.deletion:.3f}",
        "Insertion (high is good)": f"{each.insertion:.3f}",
        "In the lungs": percent(each.lungs.share) if each.lungs else "",
        "After a small shift": "" if each.stability is None else signed(each.stability),
        "Agreement with other methods": "" if each.agreement is None else signed(each.agreement),
    }


def curves_words(step: BeliefStep, which: str) -> str:
    """The curves' areas, as a text alternative to them.

    Args:
        step: How far the tests are.
        which: "deletion" or "insertion".
    """
    areas = [
        f"{name_of(key)} {area(getattr(curves, which)):.2f}"
        for key, curves in step.curves.items()
        if curves.whole
    ]
    return f"Areas below the curves: {listed(areas)}." if areas else "No curve is whole yet."


def curves_figure(step: BeliefStep, which: str, towards: str) -> go.Figure:
    """Curves of all maps, faint and dotted where they know nothing.

    Args:
        step: How far the tests are.
        which: "deletion" or "insertion".
        towards: The class, for people.
    """
    figure, drawn = go.Figure(), 0
    for key, curves in step.curves.items():
        said = getattr(curves, which)
        known = key not in REFERENCES
        line = (
            {"color": _COLOURS[drawn % len(_COLOURS)], "dash": _DASHES[drawn % len(_DASHES)], "width": 2}
            if known
            else {"color": NEUTRAL, "dash": "dot", "width": 1}
        )
        drawn += known
        figure.add_scatter(
            x=[round(100 * at / STEPS, 1) for at in range(len(said))],
            y=[round(each, 4) for each in said],
            name=name_of(key),
            mode="lines",
            line=line,
            hovertemplate="%{x:.0f} %: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    verb = "taken away" if which == "deletion" else "shown"
    figure.update_xaxes(title=f"Per cent {verb}, hottest first", range=[0, 100])
    figure.update_yaxes(range=[-0.03, 1.03], title=f"P({towards})", tickvals=[0, 0.25, 0.5, 0.75, 1])
    return still(figure.update_layout(height=380, margin=MARGIN, legend=LEGEND))
