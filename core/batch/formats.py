"""Tables as files: CSV, Parquet, XLSX and JSON lines, written row by row, whole or not there."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from core.batch.columns import BatchRow, CellKind, Column, Value
from core.batch.journal import journal_path
from core.errors import BatchError
from core.export.json_csv import escape_cell, is_formula
from core.whole_file import replacing

ROWS_A_GROUP = 1000  # of a Parquet file, held in memory at once
MAX_SHEET_ROWS = 1_048_575  # of a worksheet, beside its header

Write = Callable[[BinaryIO, Sequence[Column], Iterable[BatchRow]], None]


@dataclass(frozen=True)
class Format:
    """A kind of file that a table can be written as.

    Attributes:
        suffix: By which a name asks for it.
        name: For people.
        media_type: For browsers.
        write: Given an open file, the columns and the rows in their order.
        max_rows: How many it has room for; None where there is no end to it.
    """

    suffix: str
    name: str
    media_type: str
    write: Write
    max_rows: int | None = None


@contextmanager
def _text(file: BinaryIO) -> Iterator[io.TextIOWrapper]:
    """A file to write text to; it stays open."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        yield text
    finally:
        text.detach()


def write_csv(file: BinaryIO, columns: Sequence[Column], rows: Iterable[BatchRow]) -> None:
    """Text that a spreadsheet would take for a formula gets an apostrophe; flags are 1 and 0."""
    with _text(file) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(column.name for column in columns)
        for row in rows:
            writer.writerow(_csv_cell(row.get(column.name)) for column in columns)


def _csv_cell(value: Value) -> str | int | float:
    if value is None:
        return ""
    return int(value) if isinstance(value, bool) else escape_cell(value)


def write_jsonl(file: BinaryIO, columns: Sequence[Column], rows: Iterable[BatchRow]) -> None:
    """One object a line, with all columns: null where a cell is empty."""
    with _text(file) as text:
        for row in rows:
            whole = {column.name: row.get(column.name) for column in columns}
            text.write(json.dumps(whole, ensure_ascii=False, allow_nan=False) + "\n")


def write_parquet(file: BinaryIO, columns: Sequence[Column], rows: Iterable[BatchRow]) -> None:
    """Columns of strings, 64-bit numbers and booleans, with their meanings as metadata."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    types = {"text": pa.string(), "number": pa.float64(), "whole": pa.int64(), "flag": pa.bool_()}
    fields = [pa.field(each.name, types[each.kind], metadata={"meaning": each.meaning}) for each in columns]
    schema = pa.schema(fields)
    with parquet.ParquetWriter(file, schema) as writer:
        coming = iter(rows)
        while group := list(islice(coming, ROWS_A_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))


def write_xlsx(file: BinaryIO, columns: Sequence[Column], rows: Iterable[BatchRow]) -> None:
    """One worksheet; text is written as text, and what looks like a formula is marked as such.

    It is streamed, by way of files of its own beside the one that is written; one in memory stays there.
    """
    import xlsxwriter

    in_memory = isinstance(file, io.BytesIO)
    book = xlsxwriter.Workbook(file, {"in_memory": True} if in_memory else {"constant_memory": True})
    with closing(book):  # even where rows end early, for it lets go of what it streams to
        _fill(book, columns, rows)


def _fill(book: Any, columns: Sequence[Column], rows: Iterable[BatchRow]) -> None:
    sheet = book.add_worksheet("ThoraxLens")
    text, heading = book.add_format({"quote_prefix": True}), book.add_format({"bold": True})
    writers: dict[CellKind, Callable[..., object]] = {
        "text": sheet.write_string,
        "number": sheet.write_number,
        "whole": sheet.write_number,
        "flag": sheet.write_boolean,
    }
    sheet.freeze_panes(1, 1)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, heading)
    for line, row in enumerate(rows, start=1):
        for place, column in enumerate(columns):
            value = row.get(column.name)
            if value is not None:
                writers[column.kind](line, place, value, *([text] if is_formula(value) else []))


FORMATS: tuple[Format, ...] = (
    Format(".csv", "CSV", "text/csv", write_csv),
    Format(".parquet", "Parquet", "application/vnd.apache.parquet", write_parquet),
    Format(
        ".xlsx",
        "XLSX",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        write_xlsx,
        MAX_SHEET_ROWS,
    ),
    Format(".jsonl", "JSON lines", "application/jsonl", write_jsonl),
)


def find_format(path: Path) -> Format:
    """The format that a file's name asks for.

    Raises:
        BatchError: If it asks for none of them.
    """
    suffix = path.suffix.lower()
    found = next((each for each in FORMATS if each.suffix == suffix), None)
    if found is None:
        known = ", ".join(each.suffix for each in FORMATS)
        raise BatchError(f"{path.name} does not end in one of {known}; name the table so.")
    return found


def check_room(path: Path, rows: int) -> None:
    """Checks that a table's format has room for so many rows.

    Raises:
        BatchError: If it has not.
    """
    found = find_format(path)
    if found.max_rows is not None and rows > found.max_rows:
        other, journal = path.with_suffix(".parquet"), journal_path(path)
        raise BatchError(
            f"{found.name} has room for {found.max_rows:,} rows, which {rows:,} files exceed; give "
            f"--out {other}, and if there is a {journal}, rename it to {journal_path(other).name} first "
            "to keep its rows."
        )


def write_table(path: Path, columns: Sequence[Column], rows: Iterable[BatchRow]) -> None:
    """Writes a table in the format that its name asks for; the file is whole, or not there.

    Args:
        path: Where to.
        columns: In their order.
        rows: As many as `check_room` lets pass.

    Raises:
        BatchError: If it cannot be written.
    """
    try:
        with replacing(path) as partial:
            try:
                with partial.open("wb") as file:
                    find_format(path).write(file, columns, rows)
            except BaseException:
                partial.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise BatchError(f"{path} cannot be written ({error.strerror or error}); free space there.") from None


def table_bytes(wanted: Format, columns: Sequence[Column], rows: Iterable[BatchRow]) -> bytes:
    """A table as a whole file in memory."""
    file = io.BytesIO()
    wanted.write(file, columns, rows)
    return file.getvalue()
