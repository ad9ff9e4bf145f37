"""The gate's card in Markdown: what it is, how often it refuses what, and what it learnt from."""

from __future__ import annotations

from core.display.markdown import plain, table
from core.evaluation.metrics import interval_text, wilson
from core.models.gate_files import GateManifest, GateRow

WHAT = (
    "A small network looks at all of a picture before any other is asked, and says what it seems to be, how "
    "it lies, and how far it is from the frontal chest radiographs that it knows. Where that is no upright "
    "frontal chest radiograph, the models are not asked. It is the same for every bundle."
)
HOW = (
    "Its limits were chosen on validation images of frontal chests alone. “Kind never taught” and “source "
    "never taught” are measured by gates that learnt without that kind of pictures, or that source of "
    "radiographs; “held out” by gates that learnt others of the same. Odd pictures name no patients, so some "
    "of those held out may have a neighbour that was learnt, such as the other knee. Margins are cut first. "
    "A hint is said and refuses nothing."
)


def gate_card(gate: GateManifest) -> str:
    """The whole card."""
    sources = ", ".join(f"{plain(name)} ({count})" for name, count in sorted(gate.sources.items()))
    return "\n\n".join(
        [
            "# Gate",
            "## What it is",
            WHAT,
            "## How often it refuses what",
            gate_measured(gate),
            "## What it learnt from",
            f"{sources}. Its weights are offered under {plain(gate.licence)}.",
        ]
    )


def gate_measured(gate: GateManifest) -> str:
    """How it was measured, and the table by kind: those that it should refuse first."""
    rows = sorted(gate.rows, key=lambda row: (not row.wanted, row.how, row.what))
    return f"{HOW}\n\n{table([_cells(row) for row in rows])}"


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
