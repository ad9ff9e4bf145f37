"""TIFF 6.0 and BigTIFF: one page of a file, at whatever depth."""

from __future__ import annotations

import logging
import struct
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RadiographError
from core.reading.decoded import DEPTH, Decoded, frame_warnings
from core.reading.library_warnings import warnings_as_errors
from core.reading.limits import DAMAGED, MAX_PIXELS, check_frame, check_size
from core.reading.raster.deep import SCALE, deep_greys, turn_upright
from core.reading.raster.depth import is_wrapped, settle, stored_bits
from core.reading.raster.jpeg import SECOND_PICTURE
from core.reading.raster.kinds import (
    BLACK_IS_ZERO,
    COLOURS,
    FLOAT,
    OPACITY,
    SEPARATED,
    SIGNED,
    WHITE_IS_ZERO,
    check_kind,
    is_deep,
)
from core.reading.raster.pages import (
    BITS,
    EXTRA,
    FORMAT,
    ORIENTATION,
    PHOTOMETRIC,
    PLANAR,
    SAMPLES,
    Page,
    find_pages,
    find_strips,
    only_page,
)
from core.reading.raster.with_pillow import CMYK, read_with_pillow
from core.reading.warning import ReadingWarning

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # its complaints would quote the header in the log

# What tifffile and its decoders raise on damaged bytes.
TIFF_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


def read_tiff(data: bytes, frame: int) -> Decoded:
    """Decodes one page.

    Args:
        data: The whole file.
        frame: Which page, from 0; thumbnails do not count.

    Raises:
        RadiographError: If the file is damaged or has too many pages, or if the page is not there, or is
            of a size or kind that cannot be read, bilevel, or in colour.
    """
    pages, others = find_pages(data)
    if not pages:
        raise RadiographError(DAMAGED)
    check_frame(frame, len(pages))
    page = pages[frame]
    check_size(*page.size)
    check_kind(page)
    decoded = _read_page(only_page(data, page), page)
    warnings = frame_warnings(frame, len(pages)) + ((SECOND_PICTURE,) if others else ())
    return replace(decoded, warnings=warnings + decoded.warnings, frames=len(pages))


def _read_page(data: bytes, page: Page) -> Decoded:
    strips = find_strips(data, page)
    bits = stored_bits(strips, page)
    misstated = bits != page.value(BITS)
    if not misstated and not is_deep(page):
        with warnings_as_errors("PIL", except_for="Metadata Warning"):  # tags that it cannot read
            decoded = read_with_pillow(data)
        if not (_is_plain(page) and is_wrapped(np.rint(decoded.pixels * 255).astype(np.uint8))):
            return decoded
    values = _join_strips(data, page, strips, bits) if misstated else _decode(data, page)
    values, doubts = settle(values, page)
    pixels, warnings = deep_greys(_channels(values, page))
    turned, mirrored = turn_upright(pixels, page.value(ORIENTATION, 1))
    return Decoded(
        1 - turned if page.value(PHOTOMETRIC) == WHITE_IS_ZERO else turned,
        "TIFF",
        ((DEPTH,) if misstated else ()) + doubts + _cmyk(page) + warnings + mirrored,
        details={"Bits": str(bits), "Grey scale": SCALE},
    )


def _is_plain(page: Page) -> bool:
    """Whether it holds greys of 8 bits."""
    grey = page.value(PHOTOMETRIC) in (WHITE_IS_ZERO, BLACK_IS_ZERO)
    return grey and page.value(SAMPLES) == 1 and page.value(BITS) == 8


def _cmyk(page: Page) -> tuple[ReadingWarning, ...]:
    return (CMYK,) if page.value(PHOTOMETRIC) == SEPARATED else ()


def _decode(data: bytes, page: Page) -> NDArray[Any]:
    """Decompresses a page to (height, width, channels)."""
    import tifffile

    try:
        with np.errstate(all="ignore"), tifffile.TiffFile(BytesIO(data)) as file:
            found = file.pages.first
            ends = [at + count for at, count in zip(found.dataoffsets, found.databytecounts, strict=True)]
            whole = min(found.dataoffsets) > 0 and min(found.databytecounts) > 0 and max(ends) <= len(data)
            if not whole or len(ends) < np.prod(found.chunked) or np.prod(found.chunks) > 4 * MAX_PIXELS:
                raise RadiographError(DAMAGED)
            return _as_planes(found.asarray(maxworkers=1), page)
    except TIFF_ERRORS as error:
        raise RadiographError(DAMAGED) from error


def _join_strips(data: bytes, page: Page, strips: list[slice], bits: int) -> NDArray[Any]:
    """Values that are not compressed, in as many bits as they take up."""
    joined = b"".join(data[strip] for strip in strips)
    kind = {SIGNED: "i", FLOAT: "f"}.get(page.value(FORMAT), "u")
    stored = np.frombuffer(joined, f"{'<' if data.startswith(b'II') else '>'}{kind}{bits // 8}")
    return _as_planes(stored.astype(stored.dtype.newbyteorder("=")), page)


def _as_planes(values: NDArray[Any], page: Page) -> NDArray[Any]:
    (width, height), samples = page.size, page.value(SAMPLES)
    if page.value(PLANAR) == 2:
        return np.moveaxis(values.reshape(samples, height, width), 0, 2)
    return values.reshape(height, width, samples)


def _channels(values: NDArray[Any], page: Page) -> NDArray[Any]:
    """Of all samples, those that `deep_greys` takes: greys or RGB, and opacity if there is any."""
    colours = COLOURS[page.value(PHOTOMETRIC)]
    if values.shape[2] < colours:
        raise RadiographError(DAMAGED)
    if page.value(PHOTOMETRIC) == SEPARATED:
        return _rgb_of_cmyk(values)
    if page.value(EXTRA) == OPACITY and values.shape[2] > colours:
        return values[..., : colours + 1]
    return values[..., 0] if colours == 1 else values[..., :colours]


def _rgb_of_cmyk(values: NDArray[Any]) -> NDArray[np.float32]:
    """Light is what neither an ink nor black takes away."""
    full = np.float32(np.iinfo(values.dtype).max) if values.dtype.kind in "iu" else np.float32(1)
    light = 1 - values[..., 3] / full
    return np.stack([(1 - values[..., ink] / full) * light for ink in range(3)], axis=2)
