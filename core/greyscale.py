"""Stored values and colours to greys in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RadiographError
from core.margins import find_inside
from core.results import ReadingWarning

# Share of pixels that may saturate at either end: labels and collimator edges are about that large.
TAIL = 0.005
SAMPLED_PIXELS = 2_000_000

TINT = 3.0  # of 255: mean distance from grey at which an image counts as tinted
CHROMA = 24.0  # of 255: distance from the image's own tint at which a pixel counts as coloured
COLOURED_SHARE = 0.05  # coloured pixels beyond which it is a colour photograph
MARKED_SHARE = 0.0005  # and below that: coloured marks

NOT_A_RADIOGRAPH = "The image is in colour, so it is not a radiograph; choose a greyscale radiograph."


def robust_range(values: NDArray[np.float64], counts: NDArray[np.int64]) -> tuple[float, float]:
    """The range that holds all but the darkest and brightest half per cent.

    Args:
        values: (n,), in any order.
        counts: (n,), how many pixels have each value.

    Returns:
        Lowest and highest; the full range where nearly all pixels share one value.
    """
    order = np.argsort(values, kind="stable")
    order = order[counts[order] > 0]
    cumulative = np.cumsum(counts[order])
    ends = np.searchsorted(cumulative, np.array([TAIL, 1 - TAIL]) * cumulative[-1])
    low, high = (float(v) for v in values[order[ends]])
    return (low, high) if high > low else (float(values[order[0]]), float(values[order[-1]]))


def stretch(values: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    """Puts low on 0 and high on 1; what lies outside saturates.

    Args:
        values: Any shape, integer or float.

    Returns:
        The same shape, float32 in [0, 1]; all 0 where low equals high.
    """
    span = max(high - low, np.finfo(np.float64).tiny)
    scaled = (np.asarray(values, dtype=np.float64) - low) / span
    return np.clip(scaled, 0, 1, out=scaled).astype(np.float32)


def scale_integers(stored: NDArray[Any]) -> NDArray[np.float32]:
    """Scales integers of any depth from the range that they use inside of uniform margins.

    Args:
        stored: (height, width), integer.

    Returns:
        (height, width), float32 in [0, 1].
    """
    if stored.dtype.itemsize > 2:
        return scale_floats(stored)
    lowest = int(stored.min())
    index = stored.astype(np.int32) - lowest
    counts = np.bincount(_inside(index).ravel(), minlength=int(index.max()) + 1).astype(np.int64)
    values = np.arange(lowest, lowest + counts.size)
    table = stretch(values, *robust_range(values.astype(np.float64), counts))
    return table[index]


def scale_floats(values: NDArray[Any]) -> NDArray[np.float32]:
    """Scales floats, or integers too wide to count, from the range of a sample inside of uniform margins.

    Args:
        values: (height, width), finite.

    Returns:
        (height, width), float32 in [0, 1].

    Raises:
        RadiographError: If a value is not a finite number.
    """
    if not np.isfinite(values).all():
        raise RadiographError(
            "The image holds values that are not finite numbers; export it as a 16-bit PNG."
        )
    inside = _inside(values).ravel()
    sample = inside[:: max(1, inside.size // SAMPLED_PIXELS)].astype(np.float64)
    return stretch(values, *robust_range(sample, np.ones(sample.size, dtype=np.int64)))


def _inside(values: NDArray[Any]) -> NDArray[Any]:
    """Without its margins of constant value, which would set the scale of what they surround."""
    box = find_inside(values, tolerance=0)
    return values[box.top : box.bottom, box.left : box.right]


def colour_warnings(rgb: NDArray[np.uint8]) -> tuple[ReadingWarning, ...]:
    """Tells a tinted radiograph, or one with coloured marks, from a colour photograph.

    A tint depends on the grey alone: the chroma is compared with its median at the same grey.

    Args:
        rgb: (height, width, 3), uint8.

    Raises:
        RadiographError: If it is a colour photograph.
    """
    step = max(1, int((rgb.shape[0] * rgb.shape[1] / 250_000) ** 0.5))
    sample = rgb[::step, ::step].reshape(-1, 3).astype(np.float32)
    grey = sample.mean(axis=1)
    chroma = sample - grey[:, np.newaxis]
    if not chroma.any():
        return ()
    tint = np.zeros_like(chroma)
    bins = (grey / 16).astype(np.intp)
    for index in np.unique(bins):
        tint[bins == index] = np.median(chroma[bins == index], axis=0)
    coloured = float((np.abs(chroma - tint).max(axis=1) > CHROMA).mean())
    if coloured > COLOURED_SHARE or float(np.ptp(tint, axis=0).max()) > 4 * CHROMA:
        raise RadiographError(NOT_A_RADIOGRAPH)
    if coloured > MARKED_SHARE:
        return (
            ReadingWarning(
                "coloured_marks", "The image carries coloured marks, which the networks see as grey."
            ),
        )
    if float(np.abs(chroma).mean()) > TINT:
        return (ReadingWarning("tinted", "The image is tinted; it was read as grey."),)
    return ()
