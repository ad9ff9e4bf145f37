"""DICOM's file format: from bytes to a dataset whose every element is whole and bounded."""

from __future__ import annotations

import logging
import re
import struct
import unicodedata
import warnings
import zlib
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

import pydicom.config
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_dataset
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from core.decoded import DAMAGED
from core.dicom_bare import bare_syntax
from core.errors import RadiographError

# The header's conformance is none of the reader's business, and its complaints would quote it in the log.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

MOST_INFLATED_BYTES = 160_000_000
DEEPEST_NESTING = 32
UNDEFINED_LENGTH = 0xFFFFFFFF

# Which plugin of pydicom decodes which transfer syntax. Pinned, because others (pylibjpeg) return
# half an image from half a codestream without a word.
DECODERS = {
    ImplicitVRLittleEndian: "",
    ExplicitVRLittleEndian: "",
    ExplicitVRBigEndian: "",
    DeflatedExplicitVRLittleEndian: "",
    RLELossless: "pydicom",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "pillow",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pillow",
    JPEG2000: "pillow",
}

# What pydicom and its decoders raise on damaged bytes; found by feeding them mutated files.
DICOM_ERRORS = (
    AttributeError,
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

_LONG_HEADERS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"})


@dataclass(frozen=True, eq=False)
class DicomFile:
    """A parsed file: its elements and how its pixels are encoded."""

    dataset: Dataset
    syntax: UID


def parse_dicom(data: bytes) -> DicomFile:
    """Parses a DICOM file with or without preamble (PS3.10, section 7; PS3.5, section 7 and annex A).

    Raises:
        RadiographError: If it is damaged, incomplete, nested beyond reason, inflates to too much,
            or is compressed in a way that cannot be read.
    """
    try:
        syntax, start = _file_meta(data, 132 if data[128:132] == b"DICM" else 0)
        if syntax not in DECODERS:
            raise unsupported(syntax)
        body = _inflate(data[start:]) if syntax.is_deflated else data[start:]
        with warnings.catch_warnings():  # of character sets that nobody knows: then it is Latin-1
            warnings.filterwarnings("ignore", message=".*encoding", category=UserWarning)
            dataset = read_dataset(BytesIO(body), syntax.is_implicit_VR, syntax.is_little_endian)
        _check_whole(dataset)
    except DICOM_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    return DicomFile(dataset, syntax)


def unsupported(syntax: UID) -> RadiographError:
    """The refusal of a transfer syntax, by name."""
    return RadiographError(
        f"The image uses an unsupported compression: {_plain(syntax.name)}; "
        "export it without compression, or as PNG."
    )


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
        decoded = [_decoded(str(each)[:256], dataset) for each in values]
        return [_plain(each) for each in decoded] if shown else decoded
    except DICOM_ERRORS:
        return []


def _decoded(value: str, dataset: Dataset) -> str:
    """Text in the file's character set, where pydicom took it for Latin-1.

    The standard allows only ASCII in codes (PS3.5, section 6.2); devices write what their users read.
    """
    if value.isascii():
        return value
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:  # pydicom has decoded it
        return value
    with suppress(UnicodeDecodeError):
        return raw.decode("utf-8")
    with suppress(*DICOM_ERRORS), warnings.catch_warnings():
        warnings.simplefilter("error")
        encodings = convert_encodings(dataset.get("SpecificCharacterSet") or "ISO_IR 100")
        return decode_bytes(raw, encodings, set())
    return value


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Decimal numbers from the header, none where they are missing or cannot be read."""
    try:
        value = dataset.get(keyword)
        if value is None or isinstance(value, str):
            return ()
        return tuple(float(v) for v in value) if hasattr(value, "__iter__") else (float(value),)
    except DICOM_ERRORS:
        return ()


def _plain(value: object) -> str:
    """Letters of any script, digits and what else codes and identifiers are made of, so never markup."""
    composed = unicodedata.normalize("NFC", str(value)[:256])
    return re.sub(r"[^\w ._:()-]", "", composed).strip()[:64]


def _file_meta(data: bytes, offset: int) -> tuple[UID, int]:
    """Walks group 0002, always explicit little endian, for the transfer syntax and the dataset's start.

    Where the group, or the syntax in it, is missing, the dataset itself tells how it is written.
    """
    syntax = b""
    while offset + 8 <= len(data):
        group, element, representation, length = struct.unpack_from("<HH2sH", data, offset)
        if group != 2:
            break
        offset += 8
        if representation in _LONG_HEADERS:
            (length,) = struct.unpack_from("<I", data, offset)
            offset += 4
        if element == 0x0010:
            syntax = data[offset : offset + length]
        offset += length
    named = syntax.rstrip(b"\0 ").decode("ascii")
    guessed = bare_syntax(data[offset : offset + 4096])
    if offset >= len(data) or not (named or guessed):
        raise RadiographError(DAMAGED)
    return UID(named or guessed), offset


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(body, MOST_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise RadiographError(
            "The file unpacks to far more than a radiograph; export it without compression."
        )
    if not inflater.eof:
        raise RadiographError(DAMAGED)
    return inflated


def _check_whole(dataset: Dataset) -> None:
    """Walks all levels without recursion: pydicom returns less than an element's length without a word."""
    if not len(dataset):
        raise RadiographError(DAMAGED)
    levels = [(dataset, 0)]
    while levels:
        level, depth = levels.pop()
        if depth > DEEPEST_NESTING:
            raise RadiographError("The file's header is nested beyond reason; export the radiograph again.")
        for tag in list(level.keys()):
            element = level.get_item(tag)
            if isinstance(element, RawDataElement):
                _check_length(element)
            if _is_sequence(element):
                levels += [(item, depth + 1) for item in level[tag].value or ()]


def _check_length(element: RawDataElement) -> None:
    present = len(element.value or b"")
    if element.length not in (present, UNDEFINED_LENGTH):
        raise RadiographError(DAMAGED)


def _is_sequence(element: object) -> bool:
    representation = getattr(element, "VR", None)
    if representation is None and isinstance(element, RawDataElement):
        try:
            return dictionary_VR(element.tag) == "SQ"
        except KeyError:  # a private tag
            return False
    return bool(representation == "SQ")
