"""PNG, JPEG, TIFF, WebP and BMP: bytes to greys, with every limit checked before decoding."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.decoded import DAMAGED, MOST_PIXELS, NO_CONTRAST, Decoded, check_size
from core.errors import RadiographError
from core.greyscale import colour_warnings, scale_floats, scale_integers
from core.results import ReadingWarning
from core.strict import warnings_as_errors

_TIFF_ORDERS = (b"II", b"MM")
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

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_MIRRORED = frozenset({2, 4, 5, 7})
_ORIENTATION_TAG = 274  # TIFF 6.0 and EXIF 2.32
_PHOTOMETRIC_TAG = 262
_WHITE_IS_ZERO = 0

NO_END = ReadingWarning("no_end", "The PNG file lacks its end mark, so it may have been cut short.")
MIRRORED = ReadingWarning("mirrored", "The file asks to be mirrored, which was done; check the side marker.")
CMYK = ReadingWarning("cmyk", "The image is in printing colours (CMYK), so its greys may have been altered.")
TRANSPARENT = ReadingWarning("transparency", "The image has transparent parts, which were read as black.")

UNSUPPORTED_TIFF = (
    "This is an unsupported TIFF (its samples are of a kind that cannot be read, or its header is damaged); "
    "export the image as a 16-bit PNG."
)
TEXT_BOMB = "The file's metadata unpack to far more than they should; export the image without metadata."


def read_raster(data: bytes) -> Decoded:
    """Decodes one image; of its metadata only the orientation is used, and all are dropped.

    Args:
        data: The whole file, of one of `FORMATS`.

    Returns:
        8-bit values are divided by 255; deeper ones are scaled from the range that they use.

    Raises:
        RadiographError: If it is damaged, too large, too small, bilevel, in colour, or has several pages.
    """
    if data[:2] in _TIFF_ORDERS:  # Pillow skips tags that it cannot read, with a warning only
        with warnings_as_errors("PIL", except_for="Metadata Warning"):
            return _read(data)
    warnings = _check_png(data) if data.startswith(b"\x89PNG") else ()
    decoded = _read(data)
    return replace(decoded, warnings=warnings + decoded.warnings) if warnings else decoded


def _read(data: bytes) -> Decoded:
    image = _open(data)
    check_size(*image.size)
    try:
        _check_single(image)
        orientation = int(image.getexif().get(_ORIENTATION_TAG, 1))
        inverted = image.format == "TIFF" and _white_is_zero(image)
        image.load()
        upright = _turn(image, orientation)
        pixels, more = _greys(upright)
    except PILLOW_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    mirrored = (MIRRORED,) if orientation in _MIRRORED else ()
    return Decoded(
        1 - pixels if inverted else pixels,
        "WebP" if image.format == "WEBP" else str(image.format),
        more + mirrored,
        details={"Pixel mode": image.mode, "Grey scale": _scale_name(image.mode)},
    )


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = MOST_PIXELS // 1_000_000
        raise RadiographError(
            f"The image is too large; scale it down to at most {limit} megapixels."
        ) from error
    except UnidentifiedImageError as error:
        raise RadiographError(UNSUPPORTED_TIFF if data[:2] in _TIFF_ORDERS else DAMAGED) from error
    except PILLOW_ERRORS as error:
        raise RadiographError(TEXT_BOMB if "too large" in str(error) else DAMAGED) from error


def _check_png(data: bytes) -> tuple[ReadingWarning, ...]:
    """Walks the chunks (PNG, third edition, section 5.3): Pillow leaves the checksums of pixels unread."""
    offset = 8
    while offset + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, offset)
        body_end = offset + 8 + length
        if body_end + 4 > len(data):
            break
        critical = not kind[0] & 0x20
        if critical and zlib.crc32(memoryview(data)[offset + 4 : body_end]) != int.from_bytes(
            data[body_end : body_end + 4], "big"
        ):
            raise RadiographError(DAMAGED)
        if kind == b"IEND":
            return ()
        offset = body_end + 4
    return (NO_END,)


def _check_single(image: Image.Image) -> None:
    """Only asks whether there is a second page: counting a million of them takes a minute."""
    if getattr(image, "is_animated", False):
        raise RadiographError("The file holds several images or pages; export the one you mean by itself.")


def _white_is_zero(image: Image.Image) -> bool:
    """Pillow inverts such a TIFF of up to 8 bits, but not a deeper one."""
    deep = image.mode.startswith(("I", "F"))
    return deep and image.getexif().get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    if orientation not in _UPRIGHT or image.format == "TIFF":  # Pillow turns TIFF upright on loading
        return image
    return image.transpose(_UPRIGHT[orientation])


def _scale_name(mode: str) -> str:
    return "robust percentiles" if mode.startswith(("I", "F")) else "8 bit"


def _greys(image: Image.Image) -> tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]:
    if image.mode == "1":
        raise RadiographError(NO_CONTRAST)
    if image.mode == "L":
        return _from_bytes(image), ()
    if image.mode.startswith("I"):
        return scale_integers(np.asarray(image)), ()
    if image.mode == "F":
        return scale_floats(np.asarray(image)), ()
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
