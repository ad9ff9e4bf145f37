"""How deep a DICOM frame's values are: what they show, held against what the header says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.reading.decoded import DEPTH
from core.reading.dicom.pixels import PixelLayout
from core.reading.smoothness import roughness, sampled_lines
from core.reading.warning import ReadingWarning

MIN_UNUSED_BITS = 2  # by which a declared depth exceeds all values before it counts as wrong
SMOOTHER = 0.6  # under the right sign than under the wrong one; else it is the other way round
SAMPLED_PIXELS = 1_000_000
OVERLAY_GROUPS = range(0x6000, 0x6020, 2)  # PS3.3, C.9.2

SIGN = ReadingWarning(
    "pixel_representation", "The file misstates the sign of its greys; they were read as their values show."
)


def value_depth(largest: int, declared: int) -> int:
    """The depth of values whose largest is known.

    Args:
        largest: Of all values, at least 0.
        declared: Bits, as the header says.

    Returns:
        The declared bits, unless a value exceeds them or all leave at least two of them unused; from 8 on.
    """
    used = max(8, int(largest).bit_length())
    return used if used > declared or declared - used >= MIN_UNUSED_BITS else declared


def align(
    raw: NDArray[Any], dataset: Dataset, layout: PixelLayout
) -> tuple[NDArray[Any], tuple[ReadingWarning, ...]]:
    """Takes the stored values out of their cells (PS3.5, section 8.1.1).

    The header says which bits of a cell hold the value. Where other bits are in use, too, the values win,
    unless what is left without those bits is smoother: then they are not part of the picture, but an
    overlay that shares the cells.

    Args:
        raw: (rows, columns) or (rows, columns, 3), unsigned, each the whole cell.
        dataset: The header.
        layout: What it says of the pixels.

    Returns:
        The values, signed where the header says so, and a warning if the header was not followed.
    """
    cell = 8 * raw.dtype.itemsize
    raw = raw & raw.dtype.type(~_overlay_bits(dataset, cell) & (2**cell - 1))
    low = layout.high_bit + 1 - layout.bits_stored
    described = _take(raw, layout, low)
    whole = raw.view(described.dtype)
    used = int(np.bitwise_or.reduce(raw, axis=None))
    if used >> (layout.high_bit + 1) and not np.array_equal(described << described.dtype.type(low), whole):
        return _beyond_the_high_bit(raw, described, low)
    if used & (2**low - 1) and _lies_low(whole, layout):
        return whole, (DEPTH,)
    other = _take(raw, replace(layout, signed=not layout.signed), low)
    return (other, (SIGN,)) if _wraps_around(described, other) else (described, ())


def _beyond_the_high_bit(
    raw: NDArray[Any], described: NDArray[Any], low: int
) -> tuple[NDArray[Any], tuple[ReadingWarning, ...]]:
    """Whichever is smoothest: what the header describes, the whole cells, or the whole cells as signed.

    A wrong reading wraps around where the right one goes on.
    """
    signed = raw.view(raw.dtype.str.replace("u", "i"))
    misread = DEPTH if described.dtype.kind == "i" else SIGN
    found = (roughness(described) * 2**low, roughness(raw), roughness(signed))
    return ((described, ()), (raw, (DEPTH,)), (signed, (misread,)))[found.index(min(found))]


def _wraps_around(described: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether the values are smoother under the other sign."""
    if described.ndim == 3:
        described, other = described[..., 0], other[..., 0]
    changed = (other if described.dtype.kind == "u" else described) < 0
    if not changed.any():
        return False
    counted = ~_labels(described, changed)
    right, wrong = (sum(_steps(each, counted, axis) for axis in (0, 1)) for each in (other, described))
    return right < SMOOTHER * wrong


def _labels(values: NDArray[Any], changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """White margins and letters, which have one value, and lie as far from black as what wraps around."""
    found = values[changed]
    each, counts = np.unique(found[:: max(1, found.size // SAMPLED_PIXELS)], return_counts=True)
    most = counts.argmax()
    alone = 2 * counts[most] > counts.sum()
    return values == each[most] if alone else np.zeros_like(changed)


def _steps(values: NDArray[Any], counted: NDArray[np.bool_], axis: int) -> float:
    """Mean difference of neighbours along an axis, over a sample of lines, where both count."""
    lines, count = np.moveaxis(values, axis, 0), np.moveaxis(counted, axis, 0)
    at = sampled_lines(len(lines))
    steps = np.abs(lines[at].astype(np.int32) - lines[at + 1].astype(np.int32))
    both = count[at] & count[at + 1]
    return float(steps[both].mean()) if both.any() else 0.0


def _take(raw: NDArray[Any], layout: PixelLayout, shift: int) -> NDArray[Any]:
    """The bits that the header names, sign and all."""
    cell = 8 * raw.dtype.itemsize
    lifted = raw << raw.dtype.type(cell - shift - layout.bits_stored)
    if layout.signed:
        lifted = lifted.view(raw.dtype.str.replace("u", "i"))
    return np.asarray(lifted >> lifted.dtype.type(cell - layout.bits_stored))


def _lies_low(whole: NDArray[Any], layout: PixelLayout) -> bool:
    """Whether the values fit into the declared bits as they are, so that they do not begin higher up."""
    largest = 2 ** (layout.bits_stored - int(layout.signed))
    return bool(whole.max() < largest and whole.min() >= (-largest if layout.signed else 0))


def _overlay_bits(dataset: Dataset, cell: int) -> int:
    """Bits of the cells that hold overlays (PS3.3, C.9.2, retired: Overlay Bit Position without data)."""
    bits = 0
    for group in OVERLAY_GROUPS:
        if (group, 0x0102) not in dataset or (group, 0x3000) in dataset:
            continue
        try:
            position = int(dataset[group, 0x0102].value or 0)
        except (TypeError, ValueError):
            continue
        bits |= 1 << position if 0 < position < cell else 0
    return bits
