"""Which transfer syntax a DICOM file is written in: what its content shows, held against what it names."""

from __future__ import annotations

import re

from pydicom.dataset import Dataset
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

from core.reading.warning import ReadingWarning

NATIVE = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)
JPEG = (JPEGBaseline8Bit, JPEGExtended12Bit, JPEGLossless, JPEGLosslessSV1)  # T.81
JPEG_LS = (JPEGLSLossless, JPEGLSNearLossless)
JPEG_2000 = (JPEG2000, JPEG2000Lossless)
READABLE = frozenset({*NATIVE, *JPEG, *JPEG_LS, *JPEG_2000, RLELossless})

SYNTAX = ReadingWarning(
    "transfer_syntax", "The file misstates how it is encoded; it was read as its content shows."
)

ITEM = b"\xfe\xff\x00\xe0"  # tag of a fragment of compressed pixels (PS3.5, annex A.4)
# Its pixels are big endian, its elements little endian, so that its content cannot be told from plain ones.
GE_PRIVATE = "1.2.840.113619.5.2"

# By the first bytes of a compressed frame.
_STREAMS: tuple[tuple[re.Pattern[bytes], tuple[UID, ...]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), syntaxes)
    for pattern, syntaxes in (
        (rb"\xff\xd8\xff(?:\xf7|.{,400}?\xff\xf7\x00)", JPEG_LS),
        (rb"\xff\xd8\xff", JPEG),
        (rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  ", JPEG_2000),
        (rb"[\x01-\x0f]\0\0\0\x40\0\0\0", (RLELossless,)),
    )
)


def element_syntax(named: str, shown: str) -> UID:
    """How the elements are written.

    Args:
        named: The transfer syntax in the file's header, empty where there is none.
        shown: The one that the first elements show, empty where they show none.
    """
    return UID(shown or named)


def pixel_syntax(named: UID, dataset: Dataset, elements: UID) -> UID:
    """How the pixels are written.

    Args:
        named: The transfer syntax in the file's header, empty where there is none.
        dataset: As parsed.
        elements: How its elements are written.

    Returns:
        The named syntax, unless the content contradicts it; one that is not readable is returned as it is.
    """
    frame = _first_frame(dataset)
    if frame is None:
        hidden = named == GE_PRIVATE or (named not in READABLE and named.is_transfer_syntax)
        return named if hidden else elements
    if named and named not in READABLE:
        return named
    families = [syntaxes for pattern, syntaxes in _STREAMS if pattern.match(frame)]
    agrees = not families or any(named in syntaxes for syntaxes in families)
    return named if agrees else families[0][0]


def _first_frame(dataset: Dataset) -> bytes | None:
    """How the first compressed frame begins; None where the pixels are plain, or there are none."""
    element = dataset.get_item("PixelData") if "PixelData" in dataset else None
    value = element.value if element is not None else None
    if not isinstance(value, bytes) or not value.startswith(ITEM):
        return None
    start = 8 + int.from_bytes(value[4:8], "little")  # behind the offset table
    return value[start + 8 : start + 512] if value.startswith(ITEM, start) else None
