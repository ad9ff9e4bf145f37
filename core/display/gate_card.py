"""The gate's card in Markdown: what it is, how often it refuses what, and what it learnt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.display.markdown import plain, table
from core.display.wording import count_word
from core.evaluation.metrics import interval_text, wilson
from core.gate.kinds import FRONTAL, KIND_BY_KEY, LATERAL
from core.models.gate_files import GateManifest, GateRow, How

HOW = (
    "The other limits were chosen on validation images of frontal chests. “Kind never taught” and "
    "“source never taught” are measured by gates that learnt without that kind of pictures, or that source "
    "of radiographs; “taught by phantoms alone” by one that knew lateral chests from rendered ones only; "
    "“held out” by gates that learnt others of the same. How much doubt and distance are let pass was "
    "weighed on kinds and sources never taught, which flatters their figures a little. Odd pictures name no "
    "patients, so some of those held out may have a neighbour that was learnt, such as the other knee. "
    "Margins are cut first. A hint is said and refuses nothing."
)

LATERAL_NAME = KIND_BY_KEY[LATERAL].name
ODD = {kind.name for key, kind in KIND_BY_KEY.items() if key not in (FRONTAL, LATERAL)}


@dataclass(frozen=True)
class Aim:
    """What the gate was to reach, set before it was trained.

    Attributes:
        what: The pictures, in words.
        how: How they are measured.
        bound: The share that is to be refused at least, or of radiographs at most.
        covers: Whether it speaks of the pictures of a row.
    """

    what: str
    how: How
    bound: float
    covers: Callable[[str], bool]


def _lies_otherwise(what: str) -> bool:
    return "turned" in what or "upside down" in what or "inverted" in what


AIMS = (
    Aim("each kind but lateral chests", "held out", 0.97, ODD.__contains__),
    Aim("lateral chest radiographs", "held out", 0.95, LATERAL_NAME.__eq__),
    Aim("radiographs turned or inverted", "held out", 0.98, _lies_otherwise),
    Aim("radiographs turned or inverted", "source never taught", 0.98, _lies_otherwise),
    Aim("each kind", "kind never taught", 0.85, lambda what: what == LATERAL_NAME or what in ODD),
    Aim("radiographs of each source", "held out", 0.02, lambda what: what.startswith("radiographs from ")),
    Aim(
        "radiographs of each source",
        "source never taught",
        0.04,
        lambda what: what.startswith("radiographs from "),
    ),
)


def gate_card(gate: GateManifest) -> str:
    """The whole card."""
    sources = ", ".join(f"{plain(name)} ({count})" for name, count in sorted(gate.sources.items()))
    return "\n\n".join(
        [
            "# Gate",
            "## What it is",
            what_it_is(gate),
            "## How often it refuses what",
            gate_measured(gate),
            "## What it learnt from",
            f"{sources}. Its weights are offered under {plain(gate.licence)}.",
        ]
    )


def what_it_is(gate: GateManifest) -> str:
    """Who looks at a picture, and what follows from it."""
    looks, says = "A small network looks", "says"
    if gate.members > 1:
        many = count_word(gate.members).capitalize()
        looks = f"{many} small networks, taught alike but for chance, look"
        says = "say by the mean of their answers"
    return (
        f"{looks} at all of a picture, and at its mirror image, before any other is asked, and {says} what "
        "it seems to be, how it lies, and how far it is from the frontal chest radiographs that were learnt. "
        "Where that is no upright frontal chest radiograph, the models are not asked. It is the same for "
        "every bundle."
    )


def gate_measured(gate: GateManifest) -> str:
    """How it was measured, and the table by kind: those that it should refuse first."""
    rows = sorted(gate.rows, key=lambda row: (not row.wanted, row.how, row.what))
    least = 1 - gate.limits.not_frontal
    how = f"A picture is refused where a frontal chest gets a share below {least:.2f}. {HOW}"
    return f"{how}\n\n{table([_cells(row) for row in rows])}\n\n{_aims(gate)}".rstrip()


def _aims(gate: GateManifest) -> str:
    """Each aim beside the rows that are furthest from it; empty where none was measured."""
    cells = []
    for aim in AIMS:
        rows = [row for row in gate.rows if not row.hint and row.how == aim.how and aim.covers(row.what)]
        if not rows:
            continue
        wanted = rows[0].wanted
        missed = [row for row in rows if (_share(row) < aim.bound if wanted else _share(row) > aim.bound)]
        furthest = (min if wanted else max)(rows, key=_share)
        shown = sorted(missed, key=_share, reverse=not wanted) or [furthest]
        cells.append(
            {
                "aim": f"{aim.what}, {aim.how}",
                "refused": f"at {'least' if wanted else 'most'} {aim.bound:.2f}",
                "furthest from it": "; ".join(f"{plain(row.what)} {_share(row):.3f}" for row in shown),
                "reached": "no" if missed else "yes",
            }
        )
    return f"What was aimed at, before it was trained:\n\n{table(cells)}" if cells else ""


def _share(row: GateRow) -> float:
    return row.refused / row.images


def _cells(row: GateRow) -> dict[str, str]:
    return {
        "pictures": plain(row.what),
        "how measured": row.how,
        "should be": _wish(row),
        "was": f"{row.refused} of {row.images}",
        "share (95 %)": _with_wilson(row.refused, row.images),
    }


def _wish(row: GateRow) -> str:
    if row.hint:
        return "said" if row.wanted else "not said"
    return "refused" if row.wanted else "let pass (refused is wrong)"


def _with_wilson(count: int, images: int) -> str:
    """A share with Wilson's interval."""
    low, high = wilson(count / images, images).tolist()
    return f"{count / images:.3f} ({interval_text(low, high)})"
