"""Tables of labels, under the names that people give to columns; no label is guessed."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.errors import DataError
from core.evaluation.sets.labelled import LeftOut, Reason
from core.evaluation.sets.own.text import decode_text, find_separators, split_records
from core.evaluation.sets.own.words import CHOICES, is_number, read_answer, read_finding, read_label, word_key
from core.reading.text import display_name

MAX_ROWS = 20_000  # of a table, which may be that of a larger collection

# What a column may be called, the documented name first: the first line of which one is there decides.
_HEADERS: dict[str, tuple[frozenset[str], ...]] = {
    "file": (
        frozenset({"file"}),
        frozenset(
            {"files", "filename", "filepath", "path", "image", "images", "imagename", "imagefile"}
            | {"imagepath", "imageid", "imageindex", "img"}
        ),
        frozenset({"name"}),  # last, for it may be the patient's
    ),
    "label": (
        frozenset({"label"}),
        frozenset({"labels", "class", "classes", "category", "diagnosis", "finding", "findings"})
        | {"findinglabels"},
    ),
    "patient": (frozenset({"patient"}), frozenset({"patientid", "subject", "subjectid"})),
}


@dataclass(frozen=True)
class LabelRow:
    """What a row of a table says.

    Attributes:
        place: The table and the line, for people.
        file: As written.
        patient: Empty where none is given.
        label: "covid", "normal" or "pneumonia"; None where the row is at fault.
        fault: Why, and the rest of a sentence that begins with the file's name.
    """

    place: str
    file: str
    patient: str
    label: str | None
    fault: tuple[Reason, str] | None = None


@dataclass(frozen=True)
class _Columns:
    """Where things stand in a row.

    Attributes:
        file: The column of the file.
        labels: The columns of the label: one of it, or one of each finding, which it names.
        patient: That of the patient.
        width: Columns in all.
        has_header: Whether the first row is none of the rows.
    """

    file: int
    labels: tuple[tuple[str | None, int], ...]
    patient: int | None
    width: int
    has_header: bool = True


@dataclass
class Table:
    """A table that has been read.

    Attributes:
        rows: Its rows.
        problems: What ended it early.
    """

    rows: list[LabelRow] = field(default_factory=list)
    problems: list[LeftOut] = field(default_factory=list)


def read_table(name: str, data: bytes, is_file: Callable[[str], bool]) -> Table:
    """Reads a table of labels.

    Columns are separated by commas, semicolons or tabs; the text is UTF-8, UTF-16, UTF-32 or Windows-1252.
    Without a header it is read where it has two columns, a file that there is and a label.

    Args:
        name: Of the table, for people.
        data: The whole file.
        is_file: Whether the archive holds a file of that name.

    Raises:
        DataError: If it is no text, or its columns cannot be told.
    """
    separators, text = find_separators(decode_text(name, data))
    for separator in separators:
        columns = _find_columns(name, _first_record(text, separator), is_file)
        if columns:
            return _read_rows(name, text, separator, columns)
    raise DataError(f"{name} lacks the column file or label; see the template.")


def _first_record(text: str, separator: str) -> list[str]:
    try:
        return next(split_records(text, separator), (1, []))[1]
    except csv.Error:
        return []


def _find_columns(name: str, first: Sequence[str], is_file: Callable[[str], bool]) -> _Columns | None:
    keys = [word_key(cell) for cell in first]
    file = _pick(name, "file", keys)
    labels = _label_columns(name, keys)
    if file is not None and labels:
        return _Columns(file, labels, _pick(name, "patient", keys), len(first))
    if len(keys) > 1 and not any(keys[2:]) and is_file(first[0]) and read_label(first[1]):
        return _Columns(0, ((None, 1),), None, len(first), has_header=False)
    return None


def _pick(name: str, meaning: str, keys: Sequence[str]) -> int | None:
    for words in _HEADERS[meaning]:
        found = [place for place, key in enumerate(keys) if key in words]
        if len(found) > 1:
            raise DataError(f"{name} has two columns that may be the {meaning}; call only one “{meaning}”.")
        if found:
            return found[0]
    return None


def _label_columns(name: str, keys: Sequence[str]) -> tuple[tuple[str | None, int], ...]:
    """The column of the label, else those that are called as a finding is: 1 or yes where it is this one."""
    label = _pick(name, "label", keys)
    if label is not None:
        return ((None, label),)
    found = tuple((finding, place) for place, key in enumerate(keys) if (finding := read_finding(key)))
    if len({finding for finding, _ in found}) < len(found):
        raise DataError(f"{name} has two columns of one finding; keep one of them.")
    return found


def _read_rows(name: str, text: str, separator: str, columns: _Columns) -> Table:
    table, records = Table(), list[tuple[int, list[str]]]()
    try:
        records.extend(split_records(text, separator))
    except csv.Error:
        place = f"{name}, after line {records[-1][0] if records else 1}"
        table.problems.append(
            LeftOut(place, "remark", f"{place}: quotation marks do not match; the rest of it is not read.")
        )
    body = records[1:] if columns.has_header else records
    if len(body) > MAX_ROWS:
        raise DataError(f"{name} has more than {MAX_ROWS} rows; keep those of the images in the archive.")
    padded = [(line, cells + [""] * (columns.width - len(cells))) for line, cells in body]
    coded = any(_is_code(cells[place]) for _, cells in padded for _, place in columns.labels)
    table.rows += [_read_row(f"{name}, line {line}", cells, columns, coded) for line, cells in padded]
    return table


def _is_code(cell: str) -> bool:
    """Whether it is a number other than 0 and 1: whoever numbers three classes means another 0 and 1."""
    return is_number(cell) and read_answer(cell) is None


def _read_row(place: str, cells: Sequence[str], columns: _Columns, coded: bool) -> LabelRow:
    said = [(finding, cells[column]) for finding, column in columns.labels]
    file, patient = cells[columns.file], "" if columns.patient is None else cells[columns.patient]
    if any(cells[columns.width :]):
        words = f"has more cells in {place} than the table has columns; put quotation marks around its name."
        return LabelRow(place, file, patient, None, ("unknown", words))
    label = _combine(said)
    numbered = coded and any(is_number(cell) for _, cell in said)
    fault = _label_fault(place, [cell for _, cell in said], numbered) if numbered or label is None else None
    return LabelRow(place, file, patient, None if fault else label, fault)


def _label_fault(place: str, written: Sequence[str], numbered: bool) -> tuple[Reason, str]:
    if not any(written):
        return "unlabelled", f"has no label in {place}; write {CHOICES}."
    shown = display_name(", ".join(written), 40)
    why = " of a column with other numbers than 0 and 1" if numbered else ""
    return "unknown", f"has the label “{shown}”{why} in {place}; write {CHOICES}."


def _combine(said: Sequence[tuple[str | None, str]]) -> str | None:
    """The label of a row, from its only cell or from one cell for each finding."""
    answers = {finding: read_answer(cell) for finding, cell in said if finding}
    if not answers:
        return read_label(said[0][1])
    found = [finding for finding, answer in answers.items() if answer]
    if None in answers.values() or len(found) > 1:
        return None
    return found[0] if found else ("normal" if set(answers) == {"covid"} else None)
