"""Tables of text as spreadsheets write them: encodings, separators and quotation marks."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator

from core.errors import DataError

SEPARATORS = ("\t", ";", ",")
_SEPARATOR_LINE = re.compile(r'"?sep=([,;|:\t])"?\s*', re.IGNORECASE)  # Excel's own, above the header
_QUOTED = re.compile(r"""=?(["'“”„\u2018\u2019])(.*)["'“”\u2018\u2019]""", re.DOTALL)
_INVISIBLE = "\ufeff\u200b"
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # XLSX and ODS; XLS
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark is the first half of this
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(name: str, data: bytes) -> str:
    """The text of a file with line feeds for all line ends, from UTF-8, UTF-16, UTF-32 or Windows-1252.

    Args:
        name: Of the file, for people.
        data: All of it.

    Raises:
        DataError: If it is a workbook, or is not in the encoding that it claims.
    """
    if data.startswith(_WORKBOOK):
        raise DataError(f"{name} is a workbook and no text; save it as “CSV UTF-8”.")
    try:
        text = data.decode(_guess_codec(data))
    except UnicodeDecodeError:
        raise DataError(f"{name} is damaged text; save it again as “CSV UTF-8”.") from None
    return io.StringIO(text, newline=None).read()


def find_separators(text: str) -> tuple[tuple[str, ...], str]:
    """What may separate the cells of a table, and its text without a line that only says so."""
    first, _, rest = text.partition("\n")
    if found := _SEPARATOR_LINE.fullmatch(first):
        return (found[1],), f"\n{rest}"
    return SEPARATORS, text


def split_records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Reads the rows of a table; empty ones, as below many tables, are none.

    Args:
        text: The table.
        separator: A letter between its cells.

    Yields:
        The line where a row begins, from 1, and its cells in NFC, without blanks and quotes around them.

    Raises:
        csv.Error: Where quotation marks do not match.
    """
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    line = 1
    for cells in reader:
        cleaned = [_clean(cell) for cell in cells]
        if any(cleaned):
            yield line, cleaned
        line = reader.line_num + 1


def _guess_codec(data: bytes) -> str:
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return codec
    if b"\0" in data:
        return "utf-16-le" if data[1::2].count(0) > data[::2].count(0) else "utf-16-be"
    return next((codec for codec in ("utf-8", "cp1252") if _is_text(data, codec)), "latin-1")


def _is_text(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _clean(cell: str) -> str:
    text = unicodedata.normalize("NFC", cell).strip().strip(_INVISIBLE).strip()
    quoted = _QUOTED.fullmatch(text)
    return quoted[2].strip() if quoted else text
