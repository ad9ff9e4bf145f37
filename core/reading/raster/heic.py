"""HEIC photographs (ISO/IEC 23008-12), decoded by libheif."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import RadiographError
from core.reading.decoded import Decoded
from core.reading.limits import DAMAGED, check_size
from core.reading.raster.deep import MIRRORED, SCALE, deep_greys
from core.reading.raster.jpeg import SECOND_PICTURE
from core.reading.raster.with_pillow import image_greys
from core.reading.warning import ReadingWarning

UNREADABLE = "This file is an HEIC photograph, which cannot be read as a radiograph; export as PNG or JPEG."
MOVING = (
    "This file is a moving HEIC picture without a still one; export the one image you mean as PNG or JPEG."
)

CHANNELS = {"L": 1, "I": 1, "LA": 2, "RGB": 3, "RGBA": 4}

# What libheif's bindings raise on damaged bytes.
HEIF_ERRORS = (
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def read_heic(data: bytes) -> Decoded:
    """Decodes the main picture, turned as the container asks; what EXIF says of that does not count here.

    Raises:
        RadiographError: If it is damaged, of a size that no radiograph has, in colour, or has no still
            picture; also where the decoder is not installed.
    """
    boxes = dict(_boxes(data))
    if b"meta" not in boxes:
        raise RadiographError(MOVING if b"moov" in boxes else UNREADABLE)
    try:
        main, count = _main_picture(data)
        values, depth = _values(main), int(main.bit_depth)
        pixels, warnings = _greys(values, depth)
    except HEIF_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    warnings += (SECOND_PICTURE,) if count > 1 or b"moov" in boxes else ()
    warnings += (MIRRORED,) if b"imir" in data[boxes[b"meta"]] else ()
    details = {"Bits": str(depth), "Grey scale": SCALE if depth > 8 else "8 bit"}
    return Decoded(pixels, "HEIC", warnings, details=details, lossy=True)


def _main_picture(data: bytes) -> tuple[Any, int]:
    """Reads the headers of all pictures, and decodes none.

    This goes past pi_heif's own classes, which look at metadata, too, and past what it does to pixels: on
    damaged files both write where they must not.

    Returns:
        The main picture, as pi_heif's core has it, and how many pictures there are.
    """
    try:
        import _pi_heif
    except ImportError as error:
        raise RadiographError(UNREADABLE) from error
    threads, to_8_bits, bgr, packed, to_16_bits, decoder, unlimited = 1, False, False, False, False, "", False
    found = _pi_heif.load_file(data, threads, to_8_bits, bgr, packed, to_16_bits, decoder, unlimited)
    pictures = [picture for picture in found if picture is not None]
    main = next((picture for picture in pictures if picture.primary), None)
    if main is None:
        raise RadiographError(DAMAGED)
    check_size(*main.size_mode[0])
    return main, len(pictures)


def _values(picture: Any) -> NDArray[Any]:
    """Decodes to (height, width) or (height, width, channels); rows may be padded."""
    (width, height), mode = picture.size_mode
    kind, _, deep = mode.partition(";")
    cells = np.dtype(np.uint16 if deep else np.uint8)
    channels = CHANNELS[kind.upper()]
    rows = np.frombuffer(picture.data, np.uint8).reshape(height, picture.stride)
    stored = np.ascontiguousarray(rows[:, : width * channels * cells.itemsize]).view(cells)
    return stored.reshape((height, width) if channels == 1 else (height, width, channels))


def _boxes(data: bytes) -> Iterator[tuple[bytes, slice]]:
    """Walks the outermost boxes (ISO/IEC 14496-12, section 4.2), also one that ends beyond the file."""
    offset = 0
    while offset + 8 <= len(data):
        size, kind = int.from_bytes(data[offset : offset + 4], "big"), data[offset + 4 : offset + 8]
        if size == 1:
            size = int.from_bytes(data[offset + 8 : offset + 16], "big")
        end = offset + size if size else len(data)
        yield kind, slice(offset, end)
        offset = max(end, offset + 8)


def _greys(values: NDArray[Any], depth: int) -> tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]:
    """8-bit values as they are; deeper ones fill 16 bits, the lower of which repeat the upper."""
    if values.itemsize == 1:
        return image_greys(Image.fromarray(values))
    return deep_greys(values << (16 - depth) | values >> (2 * depth - 16))
