"""Rows of many files as the page shows them: few columns, short, and in the words of a single case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.batch.columns import BatchRow
from core.batch.meter import summarise
from core.batch.run import Standing
from core.display.wording import counted
from core.models.backbones import Backbone
from core.progress import duration
from core.vocabulary import ENSEMBLE, finding_name

STRONGEST = 3  # findings of a row
PRESENT = 0.5  # a finding's operating point
SCORES = ("extent", "opacity")
WAITING: dict[str, Any] = {"status": "waiting", "gate": None, "said": None}
_FINDING = "finding:"


def shown_row(
    cells: BatchRow, notes: Sequence[str], backbones: Sequence[Backbone], *, hidden: bool
) -> dict[str, Any]:
    """What the page's table shows of a file, but its name and its picture.

    Args:
        cells: Its row, at the thresholds that count.
        notes: What is to be known of it, in sentences.
        backbones: In the order of the table.
        hidden: Whether its answers wait for a guess; then nothing of them is in what is returned.
    """
    shown: dict[str, Any] = {"status": cells["status"], "gate": cells.get("gate"), "said": cells.get("error")}
    if hidden:
        return {**shown, "hidden": True}
    shown["notes"] = list(notes)
    if f"{ENSEMBLE}_probability" not in cells:
        return shown
    findings = _strongest(cells)
    return {
        **shown,
        "ensemble": _answer(cells, ENSEMBLE),
        "backbones": [_answer(cells, each.key) for each in backbones],
        "findings": ", ".join(f"{finding_name(name)} {score:.2f}" for name, score in findings),
        "strongest": findings[0][1] if findings else None,
        "scores": [_score(cells, name) for name in SCORES],
    }


def _answer(cells: BatchRow, model: str) -> dict[str, Any] | None:
    """A model's probability, and whether that reads as COVID-19; None of a model that is not there."""
    probability = cells.get(f"{model}_probability")
    if not isinstance(probability, float):
        return None
    return {"probability": round(probability, 6), "positive": cells[f"{model}_positive"]}


def _strongest(cells: BatchRow) -> list[tuple[str, float]]:
    """The findings that lie farthest beyond their operating points."""
    scores = {
        name.removeprefix(_FINDING): value
        for name, value in cells.items()
        if name.startswith(_FINDING) and isinstance(value, float) and value >= PRESENT
    }
    return sorted(scores.items(), key=lambda each: -each[1])[:STRONGEST]


def _score(cells: BatchRow, name: str) -> dict[str, float] | None:
    """A score and the error to expect; None where nobody knows it."""
    value, error = cells.get(name), cells.get(f"{name}_error")
    if not isinstance(value, float) or not isinstance(error, float):
        return None
    return {"value": round(value, 2), "error": round(error, 2)}


def progress_words(done: int, total: int, seconds_left: float | None) -> str:
    """How far a table is: 12 of 60 files, 8 s left."""
    left = "" if seconds_left is None else f", {duration(seconds_left)} left"
    return f"{done} of {counted(total, 'file')}{left}"


def summary_words(rows: Iterable[Mapping[str, Any]]) -> str:
    """How files fared, in one line."""
    counts = Counter(str(row["status"]) for row in rows)
    return summarise(Standing(counts.total(), counts))
