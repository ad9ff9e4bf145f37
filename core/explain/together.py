"""The ensemble's map: each backbone's, weighted by what that backbone added to the decision."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.explain.method import Map

GRID = 14  # places a side, unless a map has more


def weights_towards(added: Mapping[str, float], *, covid: bool) -> dict[str, float]:
    """What each backbone added to the decision in the direction that is asked about; 0 for the others.

    Args:
        added: To the decision value, positive towards COVID-19, by key.
        covid: Whether COVID-19 is asked about; else normal.
    """
    return {key: max(0.0, value if covid else -value) for key, value in added.items()}


def together(maps: Mapping[str, Map], weights: Mapping[str, float]) -> Map:
    """The weighted sum of several maps.

    Args:
        maps: By key, each scaled to [0, 1], of any size.
        weights: At least 0, by the same keys.

    Returns:
        (side, side), float32, at least 0: as many places a side as the finest map has, `GRID` at least.
    """
    side = max(GRID, *(max(heat.shape) for heat in maps.values()))
    total = np.zeros((side, side), dtype=np.float32)
    for key, heat in maps.items():
        if weights[key]:
            total += np.float32(weights[key]) * resized(heat, side)
    return total


def resized(heat: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A map of another size, (side, side), float32: linear between places, or the mean of what one covers."""
    image = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    return np.asarray(image.resize((side, side), Image.Resampling.BILINEAR))
