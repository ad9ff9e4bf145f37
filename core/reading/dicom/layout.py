"""Whether a DICOM header's layout may be wrong: would another one give a much smoother image?

A wrong layout scrambles an image without any error. Radiographs are smooth, so the test reads the
same values under the alternative layout and compares how much neighbours differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.dicom.pixels import PixelLayout
from core.reading.smoothness import MUCH_SMOOTHER, SAMPLED_LINES, roughness
from core.reading.warning import ReadingWarning

SWAPPED = ReadingWarning(
    "rows_and_columns", "The image looks scrambled, as if rows and columns were swapped; compare the preview."
)
PLANES = ReadingWarning(
    "planar_configuration",
    "The image looks scrambled, as if its colour planes were misdescribed; compare the preview.",
)


def layout_warnings(stored: NDArray[Any], layout: PixelLayout) -> tuple[ReadingWarning, ...]:
    """Compares a frame as described with its alternatives.

    Args:
        stored: (rows, columns) or (rows, columns, 3), integer, as decoded; native pixels only, since a
            compressed frame carries its own layout.
        layout: What the header says.
    """
    if stored.ndim == 3:
        return (PLANES,) if _planes_misdescribed(stored, layout) else ()
    return (SWAPPED,) if _sides_swapped(stored) else ()


def _planes_misdescribed(stored: NDArray[Any], layout: PixelLayout) -> bool:
    """In a grey image the three colours agree: in which of the two orders do they?"""
    if layout.planar == 0:
        other = stored.reshape(3, layout.rows, layout.columns).transpose(1, 2, 0)
    else:
        other = stored.transpose(2, 0, 1).reshape(layout.rows, layout.columns, 3)
    return _disagreement(other) < MUCH_SMOOTHER * _disagreement(stored)


def _disagreement(rgb: NDArray[Any]) -> float:
    sample = rgb[:: max(1, rgb.shape[0] // SAMPLED_LINES)].astype(np.float32)
    return float(np.abs(np.diff(sample, axis=2)).mean())


def _sides_swapped(stored: NDArray[Any]) -> bool:
    rows, columns = stored.shape
    return rows != columns and roughness(stored.reshape(columns, rows)) < MUCH_SMOOTHER * roughness(stored)
