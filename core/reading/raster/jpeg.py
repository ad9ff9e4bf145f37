"""JPEG (ITU-T T.81): which process a file uses, its depth, and whether another picture follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import RadiographError
from core.reading.decoded import Decoded
from core.reading.limits import DAMAGED, check_size
from core.reading.raster.deep import SCALE, deep_greys, turn_upright
from core.reading.raster.with_pillow import ORIENTATION_TAG, PILLOW_ERRORS, read_with_pillow
from core.reading.warning import ReadingWarning

START, END = b"\xff\xd8", b"\xff\xd9"
SCAN, APP1, APP2 = 0xDA, 0xE1, 0xE2
HIERARCHICAL = 0xDE
STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# A scan lasts until a marker that is neither a stuffed zero nor a restart (B.1.1.5).
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")

DECODED_8_BIT = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA})
DECODED_DEEP = frozenset({0xC1, 0xC2, 0xC3})
PROCESSES = {
    0xC0: "baseline",
    0xC1: "extended",
    0xC2: "progressive",
    0xC3: "lossless",
    0xC5: "hierarchical",
    0xC6: "hierarchical",
    0xC7: "hierarchical",
    0xC9: "arithmetic coding",
    0xCA: "arithmetic coding",
    0xCB: "lossless with arithmetic coding",
    0xCD: "hierarchical",
    0xCE: "hierarchical",
    0xCF: "hierarchical",
    HIERARCHICAL: "hierarchical",
    0xF7: "JPEG-LS",
}

SECOND_PICTURE = ReadingWarning(
    "second_picture",
    "The file holds another picture beside the one that was read; check that it is the right one.",
)


class Header(NamedTuple):
    """What a file says of its main picture.

    Attributes:
        process: The marker that begins its frame header (table B.1).
        precision: Bits of a sample.
        height: In pixels.
        width: In pixels.
        channels: 1 for greys, 3 for colours.
        exif: Metadata from APP1, empty where there are none.
        indexes: Where segments lie that list further pictures (CIPA DC-007).
        end: Where the picture ends, behind its end mark; None where that is missing.
    """

    process: int
    precision: int
    height: int
    width: int
    channels: int
    exif: bytes
    indexes: tuple[slice, ...]
    end: int | None


def read_jpeg(data: bytes) -> Decoded:
    """Decodes the main picture of a JPEG file of 2 to 16 bits.

    Raises:
        RadiographError: If it is damaged, of a size that no radiograph has, in colour, or of a process that
            nothing here decodes.
    """
    header = read_header(data)
    if header is None:
        return read_with_pillow(data)
    _check_process(header)
    decoded = _read_deep(data, header) if header.precision != 8 else read_with_pillow(_alone(data, header))
    another = (SECOND_PICTURE,) if _has_another(data, header) else ()
    return replace(decoded, warnings=another + decoded.warnings)


def read_header(data: bytes) -> Header | None:
    """What a JPEG file says of its main picture; None where it says nothing of it."""
    frame, exif, indexes, end = None, b"", [], None
    for marker, part in _segments(data):
        body = data[part.start + 4 : part.stop]
        if marker in PROCESSES and frame is None:
            frame = marker, body
        elif marker == APP1 and body.startswith(b"Exif\0\0") and not exif:
            exif = body
        elif marker == APP2 and body.startswith(b"MPF\0"):
            indexes.append(part)
        elif marker == END[1]:
            end = part.stop
    if frame is None or len(frame[1]) < 6:
        return None
    process, body = frame
    height, width = (int.from_bytes(body[at : at + 2], "big") for at in (1, 3))
    return Header(process, body[0], height, width, body[5], exif, tuple(indexes), end)


def _segments(data: bytes) -> Iterator[tuple[int, slice]]:
    """Walks from marker to marker, to the end of the main picture or as far as the file is whole."""
    offset = len(START)
    while found := _NEXT_MARKER.match(data, offset):
        marker, start = found[0][-1], found.end() - 2
        if marker == END[1]:
            yield marker, slice(start, found.end())
            return
        stop = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
        if marker in STANDALONE or stop > len(data):
            return
        yield marker, slice(start, stop)
        behind = _NEXT_MARKER.search(data, stop) if marker == SCAN else None
        offset = behind.start() if behind else stop


def _check_process(header: Header) -> None:
    deep = header.precision != 8
    if header.process in (DECODED_DEEP if deep else DECODED_8_BIT) and (
        not deep or header.channels in (1, 3)
    ):
        return
    if header.process == 0xC0 and deep:  # T.81, table B.2, knows no such baseline
        raise RadiographError(DAMAGED)
    name = PROCESSES[header.process]
    depth = f"{header.precision} bits, {header.channels} channels, " if deep else ""
    raise RadiographError(
        f"This is an unsupported kind of JPEG ({depth}{name}); export the image as a 16-bit PNG."
    )


def _alone(data: bytes, header: Header) -> bytes:
    """Without lists of further pictures, whose damage would hide the main one."""
    for part in reversed(header.indexes):
        data = data[: part.start] + data[part.stop :]
    return data


def _has_another(data: bytes, header: Header) -> bool:
    if header.end is None:
        return False
    rest = data[header.end :]
    return START + b"\xff" in rest if header.indexes else rest.lstrip(b"\0").startswith(START + b"\xff")


def _read_deep(data: bytes, header: Header) -> Decoded:
    check_size(header.width, header.height)
    pixels, warnings = deep_greys(decode_deep(data, header))
    turned, mirrored = turn_upright(pixels, _orientation(header.exif))
    details = {"Bits": str(header.precision), "Compression": PROCESSES[header.process], "Grey scale": SCALE}
    return Decoded(turned, "JPEG", warnings + mirrored, details=details, lossy=True)


def decode_deep(data: bytes, header: Header) -> NDArray[Any]:
    """Decodes what Pillow cannot: JPEG of more than 8 bits (T.81, processes 4 and 14).

    The decoder fills up without a word what is missing before the end mark. So it is asked again with more
    behind the last scan: only a picture that was cut short changes.

    Returns:
        (height, width) or (height, width, channels), unsigned integers.

    Raises:
        RadiographError: If the stream is damaged or cut short.
    """
    import imagecodecs

    if header.end is None:
        raise RadiographError(DAMAGED)
    scans = data[: header.end - len(END)]
    try:
        values: NDArray[Any] = imagecodecs.jpeg8_decode(scans + END)
        again = imagecodecs.jpeg8_decode(scans + b"\x5a\xc3" * 512 + END)
    except (RuntimeError, ValueError) as error:
        raise RadiographError(DAMAGED) from error
    if values.shape[:2] != (header.height, header.width) or not np.array_equal(values, again):
        raise RadiographError(DAMAGED)
    return values


def _orientation(exif: bytes) -> int:
    found = Image.Exif()
    try:
        found.load(exif)
        return int(found.get(ORIENTATION_TAG, 1))
    except PILLOW_ERRORS:
        return 1
