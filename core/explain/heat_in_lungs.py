"""How much of a heatmap lies in the lung fields."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.models.lungs import LUNG

GRID_PX = 112  # side of the grid on which heat and lungs are compared


class HeatInLungs(NamedTuple):
    """How a heatmap lies to the lungs.

    Attributes:
        share: Of the heat, inside the lung fields, in [0, 1].
        area: Share of the crop that the lung fields fill: what heat spread evenly would give.
    """

    share: float
    area: float


def heat_in_lungs(
    heatmap: NDArray[np.float32], crop: tuple[float, float, float, float], lungs: NDArray[np.float32]
) -> HeatInLungs | None:
    """How much of a heatmap lies inside the lung fields.

    Args:
        heatmap: (h, w), float32, at least 0, over the crop.
        crop: Left, top, right and bottom of the crop, as shares of the radiograph's width and height.
        lungs: From `find_lungs`.

    Returns:
        None without any heat, or without any lung in the crop.
    """
    rows, columns = lungs.shape
    part = (crop[0] * columns, crop[1] * rows, crop[2] * columns, crop[3] * rows)
    grid = (GRID_PX, GRID_PX)
    inside = np.asarray(Image.fromarray(lungs).resize(grid, Image.Resampling.BILINEAR, box=part)) > LUNG
    heat = np.asarray(Image.fromarray(heatmap).resize(grid, Image.Resampling.BILINEAR), dtype=np.float64)
    if not inside.any() or not heat.any():
        return None
    return HeatInLungs(float(heat[inside].sum() / heat.sum()), float(inside.mean()))
