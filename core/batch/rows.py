"""Rows of a table of many files: what was said of each, or why nothing was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from core.analysis.results import Analysis
from core.batch.columns import BatchRow, Column, Status, Value
from core.display.wording import DISCLAIMER
from core.errors import ThoraxLensError, may_pass
from core.export.json_csv import Cell, answer_cells, gate_cells, warning_codes
from core.gate.verdict import Verdict
from core.reading.text import display_name
from core.reading.warning import ReadingWarning

SCHEMA = "thoraxlens-batch/1"
MAX_PATH_LENGTH = 1000  # characters of a path in the table
_THRESHOLD = "_threshold"  # how the columns of thresholds end; those of the answers at them lie beside


def answer_row(
    verdict: Verdict,
    header: Sequence[ReadingWarning],
    analysis: Analysis | None,
    columns: Mapping[str, Column],
) -> BatchRow:
    """The row of a picture that was read.

    Args:
        verdict: What the gate says of it.
        header: What its file says of it.
        analysis: What the models say; None where they were not asked.
        columns: The table's, by name.
    """
    status: Status = "refused" if verdict.refused else "answered"
    cells = gate_cells(verdict, header) | {"warnings": warning_codes(header)}
    if analysis:
        origin = asdict(analysis.provenance)
        cells |= answer_cells(analysis) | {"warnings": warning_codes(analysis.warnings)}
        cells |= {name: origin[name] for name in ("findings_source", "precision")}
    return {"status": status, **{name: _value(cell, columns[name]) for name, cell in cells.items()}}


def _value(cell: Cell, column: Column) -> Value:
    """A cell as its column has it: flags as such, and nothing where it is empty."""
    if cell == "" and column.kind != "text":
        return None
    return bool(cell) if column.kind == "flag" else cell


def problem_row(error: ThoraxLensError) -> BatchRow:
    """The row of a file without an answer: `failed` where another try may go better."""
    status: Status = "failed" if may_pass(error) else "unreadable"
    return {"status": status, "error": str(error)}


def at_threshold(row: BatchRow, threshold: float | None) -> BatchRow:
    """The same row with one threshold for every backbone and the ensemble.

    Args:
        row: At the models' own thresholds.
        threshold: In [0, 1]; None for the models' own.
    """
    if threshold is None:
        return row
    moved = dict(row)
    for name in [each for each in row if each.endswith(_THRESHOLD)]:
        model, probability = name.removesuffix(_THRESHOLD), row[name.replace(_THRESHOLD, "_probability")]
        moved[name] = threshold
        moved[f"{model}_positive"] = isinstance(probability, float) and probability >= threshold
    if "votes" in row:
        called = [moved[name] for name in row if name.endswith("_positive") and name != "ensemble_positive"]
        moved["votes"] = called.count(True)
    return moved


def whole_row(row: BatchRow, path: str, bundle: str, bundle_version: str) -> BatchRow:
    """A row with what all rows of a table share.

    Args:
        row: A file's.
        path: The file's, from outside.
        bundle: The name of the bundle that was asked.
        bundle_version: SHA-256 of its manifest.
    """
    return {
        **row,
        "file": display_name(path, MAX_PATH_LENGTH),
        "bundle": bundle,
        "bundle_version": bundle_version,
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
    }
