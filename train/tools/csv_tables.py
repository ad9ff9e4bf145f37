"""Reading CSV tables that people made by hand: what is wrong with one is said with its line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.display.wording import plural
from core.errors import DataError

SHOWN = 5  # how many bad lines or missing columns a message names


@dataclass(frozen=True)
class TableLine:
    """One line of a table: where it stands, and its cells by column in lower case."""

    line: int
    cells: Mapping[str, str]


def read_rows(path: Path, columns: Sequence[str]) -> tuple[TableLine, ...]:
    """Reads a comma-separated table with a header; lines that begin with # are comments.

    Args:
        path: The file, UTF-8.
        columns: Columns that it must have, in any case and order; others are allowed.

    Raises:
        DataError: If it cannot be read, lacks a column or names it twice, has no rows, or has a row
            of another length.
    """
    lines = _lines(path)
    _, header = next(lines, (0, []))
    names = [name.strip().lower() for name in header]
    missing = [column for column in columns if column.lower() not in names]
    if missing:
        raise DataError(f"{path.name} lacks {_list(missing, 'column')}; add {_them(missing)} to its header.")
    twice = [column for column in columns if names.count(column.lower()) > 1]
    if twice:
        raise DataError(f"{path.name} has {_list(twice, 'column')} more than once; keep one of each.")
    rows = tuple(_row(path, line, names, cells) for line, cells in lines)
    if not rows:
        raise DataError(f"{path.name} has a header but no rows; add at least one.")
    return rows


def numbers(path: Path, rows: Sequence[TableLine], columns: Sequence[str]) -> NDArray[np.float64]:
    """The numeric cells of some columns, (rows, columns).

    Raises:
        DataError: If one is empty, not a number or not finite; names the lines.
    """
    values = np.array([[_number(row.cells[column.lower()]) for column in columns] for row in rows])
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        lines = [str(rows[index].line) for index in np.unique(bad[:, 0])]
        raise DataError(
            f"{path.name} lacks a finite number in {_list(lines, 'line')}, first under "
            f"'{columns[bad[0, 1]]}'; fill in or remove {_them(lines)}."
        )
    return values


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(("" if line.startswith("#") else line for line in file), strict=True)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); give the path of a CSV file.") from None
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{path.name} is not a CSV table in UTF-8; export it as one.") from None


def _row(path: Path, line: int, names: Sequence[str], cells: Sequence[str]) -> TableLine:
    if len(cells) != len(names):
        raise DataError(
            f"{path.name} has {len(cells)} cells in line {line} and {len(names)} columns; correct the line."
        )
    return TableLine(line, dict(zip(names, cells, strict=True)))


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _list(items: Sequence[str], noun: str) -> str:
    shown = ", ".join(items[:SHOWN]) + (f" and {len(items) - SHOWN} more" if len(items) > SHOWN else "")
    return f"the {plural(len(items), noun)} {shown}"


def _them(items: Sequence[str]) -> str:
    return "them" if len(items) > 1 else "it"
