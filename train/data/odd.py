"""Pictures that are no frontal chest radiographs, to teach and to measure the gate by."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError
from core.gate.kinds import FRONTAL, KIND_BY_KEY, NONE


@dataclass(frozen=True)
class OddPicture:
    """One of them.

    Attributes:
        path: Relative to their folder.
        kind: A key of `KIND_BY_KEY`.
        source: The collection that it comes from.
    """

    path: str
    kind: str
    source: str


def read_odd_pictures(folder: Path) -> list[OddPicture]:
    """Reads their `manifest.csv`: columns path, kind, and source if known.

    Raises:
        DataError: If it is missing or lacks a column, or a kind is one that the gate does not know.
    """
    file = folder / "manifest.csv"
    if not file.is_file():
        raise DataError(f"{folder} has no manifest.csv; give a folder that has one (columns: path, kind).")
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or not {"path", "kind"} <= set(rows[0]):
        raise DataError(f"{file} has no rows or lacks the columns path or kind; add them.")
    known = set(KIND_BY_KEY) - {FRONTAL, NONE}
    for line, row in enumerate(rows, start=2):
        if row["kind"] not in known:
            raise DataError(f"{file}, line {line}: kind must be one of {', '.join(sorted(known))}.")
    return [OddPicture(row["path"], row["kind"], row.get("source", "")) for row in rows]
