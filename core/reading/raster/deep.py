"""Values deeper than 8 bits, signed, or floating: from a file's channels to greys in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.greyscale import colour_warnings, luma, scale_floats, scale_integers
from core.reading.warning import ReadingWarning

SCALE = "robust percentiles"

MIRRORED = ReadingWarning("mirrored", "The file asks to be mirrored, which was done; check the side marker.")
TRANSPARENT = ReadingWarning("transparency", "The image has transparent parts, which were read as black.")

_UPRIGHT: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.T,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].T,
    8: lambda stored: np.rot90(stored),
}
_MIRRORING = frozenset({2, 4, 5, 7})


def turn_upright(
    pixels: NDArray[np.float32], orientation: int
) -> tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]:
    """Turns an image as its file asks (TIFF 6.0 and EXIF 2.32, tag 274).

    Args:
        pixels: (height, width).
        orientation: 1 to 8; any other is taken for 1.

    Returns:
        The upright image, and a warning if it was mirrored.
    """
    turn = _UPRIGHT.get(orientation)
    return (turn(pixels) if turn else pixels), ((MIRRORED,) if orientation in _MIRRORING else ())


def deep_greys(stored: NDArray[Any]) -> tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]:
    """Scales values of any depth from the range that the visible ones use.

    Args:
        stored: (height, width) greys, or (height, width, n) with grey and opacity, RGB, or RGB and opacity
            for n = 2, 3 and 4; integers or floats. Opacity is that of the type: its largest value is opaque.

    Returns:
        (height, width), float32 in [0, 1], and warnings.

    Raises:
        RadiographError: If it is a colour photograph, or holds values that are not finite.
    """
    if stored.ndim == 2:
        return _scale(stored), ()
    opacity = stored[..., -1] if stored.shape[2] in (2, 4) else None
    grey, warnings = (stored[..., 0], ()) if stored.shape[2] < 3 else _grey_of(stored[..., :3])
    if opacity is None or (opacity == _opaque(opacity.dtype)).all():
        return _scale(grey), warnings
    return _on_black(grey, opacity), (TRANSPARENT, *warnings)


def _opaque(kind: np.dtype[Any]) -> float:
    return float(np.iinfo(kind).max) if kind.kind in "iu" else 1.0


def _on_black(grey: NDArray[Any], opacity: NDArray[Any]) -> NDArray[np.float32]:
    """What is hidden must not set the scale of what is seen."""
    share = np.clip(opacity / np.float32(_opaque(opacity.dtype)), 0, 1).astype(np.float32)
    hidden = share == 0
    if hidden.all():
        return np.zeros(grey.shape, dtype=np.float32)
    return _scale(np.where(hidden, grey[~hidden].min(), grey)) * share


def _scale(grey: NDArray[Any]) -> NDArray[np.float32]:
    return scale_integers(grey) if grey.dtype.kind in "iu" else scale_floats(grey)


def _grey_of(rgb: NDArray[Any]) -> tuple[NDArray[Any], tuple[ReadingWarning, ...]]:
    """Equal channels are the grey itself; others are weighted, once their colours have been looked at."""
    red, green, blue = (rgb[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red, ()
    step = max(1, int((red.size / 250_000) ** 0.5))
    sample = rgb[::step, ::step]
    shown = _scale(sample.reshape(sample.shape[0], -1)).reshape(sample.shape)
    warnings = colour_warnings(np.rint(shown * 255).astype(np.uint8))
    grey = luma(rgb)
    return (np.rint(grey).astype(rgb.dtype) if rgb.dtype.itemsize <= 2 else grey), warnings
