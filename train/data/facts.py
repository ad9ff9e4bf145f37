"""What collections say of people and of their disease beside the manifest: sex, age, Brixia scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.errors import DataError
from train.data.records import Record
from train.tools.csv_tables import read_rows

MAX_BRIXIA = 18.0  # six zones, 0-3 each (Borghesi & Maroldi 2020, Radiol Med 125:509)
READERS = ("brixia", "s-global", "j-global")  # columns of the score; of several readers the mean counts
NAMES = ("path", "filename")  # columns that name an image, as the manifest or as its own collection does


def with_facts(records: Sequence[Record], files: Sequence[Path]) -> list[Record]:
    """The same records, with what some tables say of them.

    Args:
        records: Of a data set.
        files: CSV with a column `path` (as in the manifest) or `filename` (as `Record.original`), and any of
            `sex` (F or M), `age` (years) and Brixia scores of one or more readers (`READERS`, 0 to 18).
            Empty cells say nothing; of two tables the later one counts.

    Raises:
        DataError: If a table cannot be read, names no image, or holds an age or score that cannot be.
    """
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        for name, facts in _read(file).items():
            found.setdefault(name, {}).update(facts)
    return [replace(each, **found.get(each.original, {}) | found.get(each.path, {})) for each in records]


def _read(file: Path) -> dict[str, dict[str, Any]]:
    rows = read_rows(file, ())
    name = next((column for column in NAMES if column in rows[0].cells), None)
    if name is None:
        raise DataError(f"{file.name} has neither a column path nor a column filename; add one.")
    found = {row.cells[name].strip(): _facts(file, row.line, row.cells) for row in rows}
    found.pop("", None)
    return found


def _facts(file: Path, line: int, cells: Mapping[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if (sex := cells.get("sex", "").strip().upper()) in ("F", "M"):
        facts["sex"] = sex
    if (age := _number(file, line, "age", cells.get("age", ""), 120)) is not None:
        facts["age"] = age
    scores = [_number(file, line, reader, cells.get(reader, ""), MAX_BRIXIA) for reader in READERS]
    if known := [score for score in scores if score is not None]:
        facts["brixia"] = sum(known) / len(known)
    return facts


def _number(file: Path, line: int, column: str, cell: str, most: float) -> float | None:
    if not cell.strip():
        return None
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most:
        raise DataError(f"{file.name}, line {line}: {column} must be a number from 0 to {most:g}, or empty.")
    return value
