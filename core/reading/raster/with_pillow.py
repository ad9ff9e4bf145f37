"""What Pillow decodes: 8-bit images of every allowed format, each limit checked before its pixels are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.errors import RadiographError
from core.reading.decoded import Decoded
from core.reading.greyscale import colour_warnings
from core.reading.limits import DAMAGED, MAX_PIXELS, NO_CONTRAST, check_size
from core.reading.raster.deep import SCALE, TRANSPARENT, deep_greys, turn_upright
from core.reading.warning import ReadingWarning

LOSSY = frozenset({"JPEG", "MPO", "WEBP"})  # at least as a rule
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")

# What Pillow raises on damaged bytes; found by feeding it mutated files.
PILLOW_ERRORS = (
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    SyntaxError,
    TypeError,
    UserWarning,
    ValueError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
)

ORIENTATION_TAG = 274  # TIFF 6.0 and EXIF 2.32
CMYK = ReadingWarning("cmyk", "The image is in printing colours (CMYK), so its greys may have been altered.")
TEXT_BOMB = "The file's metadata unpack to far more than they should; export the image without metadata."
MOVING = "The file holds several images, one after the other; export the one you mean by itself."


def open_image(data: bytes) -> Image.Image:
    """Reads a header, and nothing behind it.

    Raises:
        RadiographError: If it is damaged, of no allowed format, or too large.
    """
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = MAX_PIXELS // 1_000_000
        raise RadiographError(
            f"The image is too large; scale it down to at most {limit} megapixels."
        ) from error
    except UnidentifiedImageError as error:
        raise RadiographError(DAMAGED) from error
    except PILLOW_ERRORS as error:
        raise RadiographError(TEXT_BOMB if "too large" in str(error) else DAMAGED) from error
    check_size(*image.size)
    return image


def read_with_pillow(data: bytes, decode_deep: Callable[[bytes], NDArray[Any]] | None = None) -> Decoded:
    """Decodes one image; of its metadata only the orientation is used.

    Args:
        data: A whole file that holds one image, or whose first one is meant.
        decode_deep: Gives its values, as for `deep_greys`, where Pillow would drop their lower bits.

    Raises:
        RadiographError: If it is damaged, of a size that no radiograph has, bilevel, in colour, or moving.
    """
    image = open_image(data)
    try:
        if image.format != "TIFF" and getattr(image, "is_animated", False):
            raise RadiographError(MOVING)
        orientation = int(image.getexif().get(ORIENTATION_TAG, 1))
        pixels, warnings = deep_greys(decode_deep(data)) if decode_deep else image_greys(image)
    except PILLOW_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    turned, mirrored = turn_upright(pixels, orientation)
    return Decoded(
        pixels if image.format == "TIFF" else turned,  # Pillow turns TIFF upright on loading
        "WebP" if image.format == "WEBP" else str(image.format),
        warnings + mirrored,
        details={"Pixel mode": image.mode, "Grey scale": SCALE if decode_deep else "8 bit"},
        lossy=image.format in LOSSY,
    )


def image_greys(image: Image.Image) -> tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]:
    """Greys of an image as it is, without turning it.

    Args:
        image: Of any mode, its transparent parts read as black.

    Returns:
        (height, width), float32 in [0, 1], and warnings.

    Raises:
        RadiographError: If it is bilevel or a colour photograph, or holds values that are not finite.
    """
    image.load()
    if image.mode == "1":
        raise RadiographError(NO_CONTRAST)
    if image.mode == "L" and not image.has_transparency_data:
        return _from_bytes(image), ()
    if image.mode.startswith(("I", "F")):
        return deep_greys(np.asarray(image))
    return _from_colours(image)


def _from_bytes(image: Image.Image) -> NDArray[np.float32]:
    return np.asarray(image, dtype=np.float32) / np.float32(255)


def _from_colours(image: Image.Image) -> tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]:
    flags: tuple[ReadingWarning, ...] = (CMYK,) if image.mode == "CMYK" else ()
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        opaque = layered.getchannel("A").getextrema() == (255, 255)
        flags += () if opaque else (TRANSPARENT,)
        black = Image.new("RGBA", layered.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, layered)
    rgb = image.convert("RGB")
    flags += colour_warnings(np.asarray(rgb))
    return _from_bytes(rgb.convert("L")), flags
