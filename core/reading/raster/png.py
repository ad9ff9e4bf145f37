"""PNG: damage that Pillow overlooks, and depths that it drops."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.errors import RadiographError
from core.reading.decoded import Decoded
from core.reading.limits import DAMAGED
from core.reading.raster.with_pillow import read_with_pillow
from core.reading.warning import ReadingWarning

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DEPTH_OFFSET = 24  # in the header, which comes first
SHOWN = frozenset({b"IHDR", b"tRNS", b"IDAT"})  # what a deep image's values depend on
END = b"\0\0\0\0IEND\xae\x42\x60\x82"

NO_END = ReadingWarning("no_end", "The PNG file lacks its end mark, so it may have been cut short.")


def read_png(data: bytes) -> Decoded:
    """Decodes a PNG file.

    Raises:
        RadiographError: If it is damaged, of a size that no radiograph has, bilevel, in colour, or animated.
    """
    whole = any(kind == b"IEND" for kind, _ in _chunks(data))
    deep = data[DEPTH_OFFSET : DEPTH_OFFSET + 1] == b"\x10"
    decoded = read_with_pillow(data, _decode_deep if deep else None)
    return decoded if whole else replace(decoded, warnings=(NO_END, *decoded.warnings))


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Walks the whole chunks (third edition, section 5.3): Pillow leaves the checksums of pixels unread.

    Raises:
        RadiographError: If a chunk that matters does not have its checksum.
    """
    offset, view = len(SIGNATURE), memoryview(data)
    kind = b""
    while kind != b"IEND" and offset + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        end = offset + 12 + length
        if end > len(data):
            return
        critical = not kind[0] & 0x20
        if critical and zlib.crc32(view[offset + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise RadiographError(DAMAGED)
        yield kind, view[offset:end]
        offset = end


def _decode_deep(data: bytes) -> NDArray[np.uint16]:
    """Decodes 16-bit values of any colour type, of which Pillow would drop the lower byte."""
    import imagecodecs

    shown = b"".join(chunk for kind, chunk in _chunks(data) if kind in SHOWN)
    try:
        values: NDArray[np.uint16] = imagecodecs.png_decode(SIGNATURE + shown + END)
    except (RuntimeError, ValueError) as error:
        raise RadiographError(DAMAGED) from error
    return values
