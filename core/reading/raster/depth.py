"""What a TIFF's values show of their kind, held against what its header says: the values win."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.decoded import DEPTH
from core.reading.raster.kinds import COLOURS, DEPTHS
from core.reading.raster.pages import BITS, COMPRESSION, FORMAT, LARGEST, PHOTOMETRIC, SAMPLES, Page
from core.reading.smoothness import MUCH_SMOOTHER, SAMPLED_LINES, roughness
from core.reading.warning import ReadingWarning

UNCOMPRESSED = 1
# Sizes between which the numbers of pictures lie; integers that are taken for floats do not.
MIN_FLOAT, MAX_FLOAT, MAX_TINY = 1e-8, 1e8, 1e-30

SIGN = ReadingWarning(
    "sign", "The file misstates whether its greys have a sign; they were read as their values show."
)
KIND = ReadingWarning(
    "sample_kind",
    "The file takes floating-point numbers for integers or the reverse; they were read as they are.",
)


def stored_bits(strips: Iterable[slice], page: Page) -> int:
    """How many bits each value takes up.

    Args:
        strips: Where the values lie.
        page: What the header says of them.

    Returns:
        What the header says, unless uncompressed strips have just the bytes for whole values of other bits.
    """
    (width, height), samples = page.size, page.value(SAMPLES)
    declared, held = page.value(BITS), sum(strip.stop - strip.start for strip in strips)
    known = page.value(COMPRESSION) == UNCOMPRESSED and page.value(PHOTOMETRIC) in COLOURS
    if not known or held == height * -(-width * samples * declared // 8):
        return declared
    possible = DEPTHS[page.value(FORMAT)] & {8, 16, 32}
    fitting = [bits for bits in possible if held * 8 == width * height * samples * bits]
    return fitting[0] if fitting else declared


def settle(values: NDArray[Any], page: Page) -> tuple[NDArray[Any], tuple[ReadingWarning, ...]]:
    """Reads values as of the kind that they show.

    Args:
        values: (height, width, channels), as the header describes them.
        page: For the largest value that the header allows.

    Returns:
        The same values or the same bytes in another type, and warnings where the header was not followed.
    """
    values, found = _settle_kind(values)
    if values.dtype.kind in "iu":
        if is_wrapped(values):
            values, found = _other_sign(values), (*found, SIGN)
        if values.max() > page.value(LARGEST, int(np.iinfo(values.dtype).max)):
            found = (*found, DEPTH)
    return values, found


def is_wrapped(values: NDArray[Any]) -> bool:
    """Whether integers would be much smoother with a sign, if they have none, or without theirs."""
    return roughness(_other_sign(values)) < MUCH_SMOOTHER * roughness(values)


def _other_sign(values: NDArray[Any]) -> NDArray[Any]:
    other: NDArray[Any] = values.view(values.dtype.str.replace(*("ui" if values.dtype.kind == "u" else "iu")))
    return other


def _settle_kind(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[ReadingWarning, ...]]:
    if values.dtype.itemsize != 4:
        return values, ()
    sizes = np.abs(values.view(np.float32)[:: max(1, len(values) // SAMPLED_LINES)])
    if values.dtype.kind == "f":
        tiny = not np.any(sizes > MAX_TINY) and bool(np.any(sizes > 0))
        return (values.view(np.int32), (KIND,)) if tiny else (values, ())
    usual = (sizes == 0) | ((sizes > MIN_FLOAT) & (sizes < MAX_FLOAT))
    return (values.view(np.float32), (KIND,)) if usual.all() and sizes.any() else (values, ())
