"""DICOM's file format: from bytes to a dataset whose every element is whole and bounded."""

from __future__ import annotations

import logging
import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO

import pydicom.config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from core.errors import RadiographError
from core.reading.bare_dicom import bare_syntax
from core.reading.dicom.syntax import READABLE, SYNTAX, element_syntax, pixel_syntax
from core.reading.dicom.values import DICOM_ERRORS, plain
from core.reading.limits import DAMAGED
from core.reading.warning import ReadingWarning

# The header's conformance is none of the reader's business, and its complaints would quote it in the log.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
logging.getLogger("pydicom").setLevel(logging.CRITICAL)

MAX_INFLATED_BYTES = 160_000_000
DEEPEST_NESTING = 32
UNDEFINED_LENGTH = 0xFFFFFFFF

_LONG_HEADERS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"})


@dataclass(frozen=True, eq=False)
class DicomFile:
    """A parsed file.

    Attributes:
        dataset: Its elements.
        syntax: How its pixels are encoded.
        warnings: Where that is not what the file says.
    """

    dataset: Dataset
    syntax: UID
    warnings: tuple[ReadingWarning, ...] = ()


def parse_dicom(data: bytes) -> DicomFile:
    """Parses a DICOM file with or without preamble (PS3.10, section 7; PS3.5, section 7 and annex A).

    Raises:
        RadiographError: If it is damaged, incomplete, nested beyond reason, inflates to too much,
            or is compressed in a way that cannot be read.
    """
    try:
        named, start = _file_meta(data, 132 if data[128:132] == b"DICM" else 0)
        elements = element_syntax(named, bare_syntax(data[start : start + 4096]))
        if not elements:
            raise RadiographError(DAMAGED)
        if elements not in READABLE:
            raise unsupported(elements)
        dataset = _parse_elements(data[start:], elements)
        syntax = pixel_syntax(named, dataset, elements)
    except DICOM_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    if syntax not in READABLE:
        raise unsupported(syntax)
    return DicomFile(dataset, syntax, (SYNTAX,) if named and syntax != named else ())


def _parse_elements(body: bytes, syntax: UID) -> Dataset:
    if syntax == DeflatedExplicitVRLittleEndian:
        body = _inflate(body)
    with warnings.catch_warnings():  # of character sets that nobody knows: then it is Latin-1
        warnings.filterwarnings("ignore", message=".*encoding", category=UserWarning)
        dataset = read_dataset(BytesIO(body), syntax.is_implicit_VR, syntax.is_little_endian)
    _check_whole(dataset)
    return dataset


def unsupported(syntax: UID) -> RadiographError:
    """The refusal of a transfer syntax, by name."""
    return RadiographError(
        f"The image uses an unsupported compression: {plain(syntax.name) or 'unnamed'}; "
        "export it without compression, or as PNG."
    )


def _file_meta(data: bytes, offset: int) -> tuple[UID, int]:
    """Walks group 0002, always explicit little endian, for the transfer syntax and the dataset's start.

    Returns:
        The syntax, empty where it is not named, and the start.
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
    if offset >= len(data):
        raise RadiographError(DAMAGED)
    return UID(syntax.rstrip(b"\0 ").decode("ascii", errors="replace")), offset


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = inflater.decompress(body, MAX_INFLATED_BYTES)
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
