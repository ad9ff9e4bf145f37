"""Radiologists' severity scores."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError
from core.models.severity import MAX_EXTENT, MAX_OPACITY
from train.tools.csv_tables import numbers, read_rows


@dataclass(frozen=True)
class SeverityLabel:
    """What radiologists said about one image, averaged over them.

    Attributes:
        filename: As the collection names it.
        extent: Geographic extent, 0-8.
        opacity: Opacity, 0-6.
    """

    filename: str
    extent: float
    opacity: float


def read_severity_scores(path: Path) -> tuple[SeverityLabel, ...]:
    """Reads radiologists' scores.

    Args:
        path: CSV with the columns `filename`, `geographic_extent_mean` (or, as in the published
            file, `geographic_mean`) and `opacity_mean`; lines that begin with # are comments.

    Raises:
        DataError: If it is unreadable, lacks a column, has a score out of range, or a file twice.
    """
    rows = read_rows(path, ("filename", "opacity_mean"))
    short = "geographic_mean"
    extent_column = short if short in rows[0].cells else "geographic_extent_mean"
    if extent_column not in rows[0].cells:
        raise DataError(f"{path.name} lacks the column {extent_column}; add it to its header.")
    scores = numbers(path, rows, (extent_column, "opacity_mean"))
    labels: dict[str, SeverityLabel] = {}
    for row, (extent, opacity) in zip(rows, scores, strict=True):
        filename = row.cells["filename"].strip()
        if not filename or filename in labels:
            raise DataError(f"{path.name} names no new file in line {row.line}; keep one line a file.")
        if not (0 <= extent <= MAX_EXTENT and 0 <= opacity <= MAX_OPACITY):
            raise DataError(
                f"{path.name} has a score out of range in line {row.line}; "
                f"extent runs from 0 to {MAX_EXTENT:g}, opacity from 0 to {MAX_OPACITY:g}."
            )
        labels[filename] = SeverityLabel(filename, float(extent), float(opacity))
    return tuple(labels.values())
