"""Single values out of a DICOM header, as far as they can be read, and fit to be shown."""

from __future__ import annotations

import struct
import unicodedata
import zlib
from contextlib import suppress

from pydicom.charset import decode_bytes, python_encoding
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from core.errors import RadiographError
from core.reading.limits import DAMAGED

# What pydicom and its decoders raise on damaged bytes; found by feeding them mutated files.
DICOM_ERRORS = (
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,  # RecursionError among them
    TypeError,
    UserWarning,
    ValueError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
)

MAX_TEXT = 64  # characters that are shown of any value
STROKES = str.maketrans("ŁØĐ", "LOD")  # letters that Unicode does not take apart
ESCAPE = "\x1b"  # switches between character sets (ISO 2022)


def holds(dataset: Dataset, keyword: str) -> bool:
    """Whether an element is there and not empty, whatever its value may mean."""
    element = dataset.get_item(keyword) if keyword in dataset else None
    value = element.value if element is not None else None
    if isinstance(value, bytes):
        return bool(value.strip(b" \0")) or len(value) > MAX_TEXT
    return value is not None and value not in ("", [])


def integer(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    """A whole number from the header.

    Raises:
        RadiographError: If it is missing and has no default, or is no number.
    """
    try:
        value = dataset.get(keyword)
        if value in (None, "") and default is not None:
            return default
        return int(value)  # None and text raise what is caught
    except DICOM_ERRORS as error:
        raise RadiographError(DAMAGED) from error


def text(dataset: Dataset, keyword: str) -> str:
    """A code or identifier from the header fit to be shown, "" where it is missing or cannot be read."""
    return " ".join(texts(dataset, keyword)).strip()


def texts(dataset: Dataset, keyword: str, *, shown: bool = True) -> list[str]:
    """The same of an element that may hold several, one by one; as they are where they will not be shown."""
    try:
        value = dataset.get(keyword)
        values = [value] if isinstance(value, (str, int, float)) else list(value or ())
        decoded = [_decoded(str(each)[: 4 * MAX_TEXT], dataset) for each in values]
        return [plain(each) for each in decoded] if shown else decoded
    except DICOM_ERRORS:
        return []


def _decoded(value: str, dataset: Dataset) -> str:
    """Text in the file's character set, where pydicom took it for Latin-1.

    The standard allows only ASCII in codes (PS3.5, section 6.2); devices write what their users read.
    """
    if value.isascii() and ESCAPE not in value:
        return value
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:  # pydicom has decoded it
        return value
    encodings = _encodings(dataset)
    with suppress(*DICOM_ERRORS):
        return decode_bytes(raw, encodings, set()) if ESCAPE in value else raw.decode("utf-8")
    with suppress(*DICOM_ERRORS):
        return raw.decode(encodings[0])
    return value


def _encodings(dataset: Dataset) -> list[str]:
    """Python's names for the character sets of a file (PS3.3, C.12.1.1.2); Latin-1 for those unknown."""
    named = dataset.get("SpecificCharacterSet") or ""
    names = [named] if isinstance(named, str) else [str(each) for each in named]
    return [python_encoding.get(name.strip(), "latin-1") if name else "latin-1" for name in names]


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Decimal numbers from the header, none where they are missing or cannot be read."""
    try:
        value = dataset.get(keyword)
        if value is None or isinstance(value, str):
            return ()
        return tuple(float(v) for v in value) if hasattr(value, "__iter__") else (float(value),)
    except DICOM_ERRORS:
        return ()


def plain(value: object) -> str:
    """Letters of any script, digits and what else names are made of: no markup, no sentence's end."""
    composed = unicodedata.normalize("NFC", str(value)[: 4 * MAX_TEXT])
    words = "".join(filter(_is_plain, composed)).replace(". ", " ").split()
    return " ".join(words).strip(".")[:MAX_TEXT].strip()


def _is_plain(character: str) -> bool:
    return character.isalnum() or character in " ._:()-" or unicodedata.category(character).startswith("M")


def folded(name: str) -> str:
    """In capitals, without accents and strokes, so that spellings can be compared; Hangul stays whole."""
    parts = unicodedata.normalize("NFKD", name.upper().translate(STROKES))
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def item_texts(dataset: Dataset, keyword: str, inner: str) -> list[str]:
    """A text of each item of a sequence; none where it cannot be read."""
    try:
        return [found for item in dataset.get(keyword) or () if (found := text(item, inner))]
    except DICOM_ERRORS:
        return []
