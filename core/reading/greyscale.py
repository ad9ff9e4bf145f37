"""Stored values and colours to greys in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import RadiographError
from core.margins import crop, find_inside
from core.reading.warning import ReadingWarning

# Share of pixels that may saturate at either end: labels and collimator edges are about that large.
TAIL = 0.005
SAMPLED_PIXELS = 2_000_000

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601, as Pillow and JPEG

TINT = 3.0  # of 255: mean distance from grey at which an image counts as tinted
TINT_BIN = 16  # of 255: greys that are taken to have one tint
CHROMA = 24.0  # of 255: distance from the image's own tint at which a pixel counts as coloured
COLOURED_SHARE = 0.05  # coloured pixels beyond which it is a colour photograph
MARKED_SHARE = 0.0005  # and below that: coloured marks
FAINT = 3.0  # of 255: distance from the tint at which a whole block counts as coloured
FAINT_SHARE = (
    0.15  # such blocks beyond which it is a colour photograph; radiographs and photographs were compared
)
BLOCK_PX = 24
MAX_MARKED_BLOCKS = 0.75

NOT_A_RADIOGRAPH = "The image is in colour, so it is not a radiograph; choose a greyscale radiograph."
MARKED = ReadingWarning("coloured_marks", "The image carries coloured marks, which the networks see as grey.")
TINTED = ReadingWarning("tinted", "The image is tinted; it was read as grey.")


def luma(rgb: NDArray[Any]) -> NDArray[np.float32]:
    """The greys of colours, channel by channel, since all at once would take too much memory.

    Args:
        rgb: (height, width, 3), any numbers.
    """
    grey = np.zeros(rgb.shape[:2], dtype=np.float32)
    for channel, weight in enumerate(LUMA):
        grey += rgb[..., channel] * weight
    return grey


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
    return crop(values, find_inside(values, tolerance=0))


def colour_warnings(rgb: NDArray[np.uint8]) -> tuple[ReadingWarning, ...]:
    """Tells a tinted radiograph, or one with coloured marks, from a colour photograph.

    A tint depends on the grey alone, and marks leave most of the picture without colour of its own. What is
    coloured strongly, or faintly but all over, is a photograph.

    Args:
        rgb: (height, width, 3), uint8.

    Raises:
        RadiographError: If it is a colour photograph.
    """
    step = max(1, int((rgb.shape[0] * rgb.shape[1] / 250_000) ** 0.5))
    sample = rgb[::step, ::step].astype(np.float32)
    grey = sample.mean(axis=2)
    chroma = sample - grey[:, :, np.newaxis]
    if not chroma.any():
        return ()
    greys, tints = _find_tint(grey.ravel(), chroma.reshape(-1, 3))
    beyond = chroma - _interpolate(grey, greys, tints)
    strong = np.abs(beyond).max(axis=2) > CHROMA
    coloured = float(strong.mean())
    too_varied = float(np.ptp(tints, axis=0).max()) > 4 * CHROMA
    if too_varied or coloured > COLOURED_SHARE or _faint_share(beyond, strong) > FAINT_SHARE:
        raise RadiographError(NOT_A_RADIOGRAPH)
    return (MARKED,) if coloured > MARKED_SHARE else (TINTED,) if np.abs(chroma).mean() > TINT else ()


def _find_tint(
    grey: NDArray[np.float32], chroma: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The typical chroma at some greys; a few pixels that stand out from the tint of the rest are marks.

    Args:
        grey: (n,), of 255.
        chroma: (n, 3), distance from the grey.

    Returns:
        (k,) rising greys and (k, 3) chroma.
    """
    bins = (grey / TINT_BIN).astype(np.intp)
    levels, counts = np.unique(bins, return_counts=True)
    greys, tints = np.empty(0, dtype=np.float32), np.empty((0, 3), dtype=np.float32)
    for index in np.argsort(-counts, kind="stable"):
        chosen = bins == levels[index]
        at, found = np.median(grey[chosen]), np.median(chroma[chosen], axis=0)
        many = counts[index] > COLOURED_SHARE * grey.size
        if many or np.abs(found - _interpolate(at, greys, tints)).max() <= CHROMA:
            place = np.searchsorted(greys, at)
            greys, tints = np.insert(greys, place, at), np.insert(tints, place, found, axis=0)
    return greys, tints


def _interpolate(at: Any, greys: NDArray[np.float32], tints: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.stack([np.interp(at, greys, tint) for tint in tints.T], axis=-1)


def _faint_share(beyond: NDArray[np.float32], strong: NDArray[np.bool_]) -> float:
    """How much of a picture has a colour of its own, however faint, away from strong colours.

    Blocks rather than pixels are counted, because noise and lossy compression cancel out in them. A cast that
    changes evenly across the picture (a film on a light box) is taken out.

    Args:
        beyond: (height, width, 3), chroma beyond the tint.
        strong: (height, width), where it is that of a mark.

    Returns:
        Share of the blocks without marks, or of all where marks are nearly everywhere.
    """
    marked = _blocks(strong[:, :, np.newaxis]).any(axis=(2, 3, 4))
    counted = ~marked if marked.mean() <= MAX_MARKED_BLOCKS else np.ones_like(marked)
    colours = np.median(_blocks(beyond), axis=(2, 3))[counted]
    rows, columns = np.nonzero(counted)
    places = np.stack([np.ones_like(rows), rows, columns], axis=1)
    cast = places @ np.linalg.lstsq(places, colours)[0]
    return float((np.abs(colours - cast).max(axis=1) > FAINT).mean())


def _blocks(values: NDArray[Any]) -> NDArray[Any]:
    """(height, width, n) to (rows, columns, side, side, n); what is left over at the ends is cut."""
    height, width = (length // BLOCK_PX * BLOCK_PX for length in values.shape[:2])
    parts = values[:height, :width].reshape(height // BLOCK_PX, BLOCK_PX, width // BLOCK_PX, BLOCK_PX, -1)
    return parts.swapaxes(1, 2)
