"""BMP: kinds of it that nothing here reads, told from the header."""

from __future__ import annotations

import struct

from core.errors import RadiographError
from core.reading.decoded import Decoded
from core.reading.limits import DAMAGED
from core.reading.raster.with_pillow import read_with_pillow

HEADER = 14  # where the information header begins, whose size comes first
CORE, INFO = 12, 40  # sizes of the oldest header and of the one that all others extend
OS2 = frozenset({16, 64})
SIZES = frozenset({CORE, INFO, 52, 56, 108, 124, *OS2})
DEPTHS = frozenset({1, 4, 8, 16, 24, 32})
COMPRESSIONS = frozenset({0, 1, 2, 3})  # none, run lengths of 8 and 4 bits, bit fields
OTHER_COMPRESSIONS = {4: "JPEG", 5: "PNG", 6: "bit fields with opacity", 11: "CMYK", 12: "CMYK", 13: "CMYK"}
OTHER_OS2_COMPRESSIONS = {3: "Huffman codes", 4: "run lengths of 24 bits"}


def read_bmp(data: bytes) -> Decoded:
    """Decodes a BMP file.

    Raises:
        RadiographError: If it is damaged, of a size that no radiograph has, bilevel, in colour, or of a kind
            that nothing here decodes.
    """
    if kind := _unsupported_kind(data):
        raise RadiographError(f"This is an unsupported kind of BMP ({kind}); export the image as PNG.")
    return read_with_pillow(data)


def _unsupported_kind(data: bytes) -> str:
    """What speaks against reading it, empty where nothing does."""
    if len(data) < HEADER + INFO:
        return ""
    (size,) = struct.unpack_from("<I", data, HEADER)
    if size not in SIZES:
        raise RadiographError(DAMAGED)
    (bits,) = struct.unpack_from("<H", data, HEADER + (10 if size == CORE else 14))
    compression = 0 if size in (CORE, 16) else struct.unpack_from("<I", data, HEADER + 16)[0]
    names = OTHER_OS2_COMPRESSIONS if size in OS2 else OTHER_COMPRESSIONS
    if compression in names or compression not in COMPRESSIONS:
        return f"compressed as {names[compression]}" if compression in names else f"compression {compression}"
    if bits not in DEPTHS:
        return f"{bits} bits a pixel"
    return "the short header of OS/2" if size == 16 else ""
