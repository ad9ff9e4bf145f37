"""The lung fields of a radiograph: where they are, and covering them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from core.preprocessing import Preprocessing, network_input

LUNG = 0.5  # probability from which a pixel counts as lung
COVER_MARGIN = 0.02  # of the side, around the box that covers both lungs

LungNetwork = Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]


def lungs_input(pixels: NDArray[np.float32], size_px: int) -> NDArray[np.float32]:
    """What the lung network sees: the whole radiograph stretched to a square, equalised.

    Args:
        pixels: (height, width), float32 in [0, 1], bright where dense.
        size_px: Side of the network's input.

    Returns:
        (1, size_px, size_px, 1), float32 in [0, 1].
    """
    recipe = Preprocessing(size_px=size_px, border_share=0, equalise=True)
    return network_input(pixels, recipe)[np.newaxis, ..., np.newaxis]


def find_lungs(pixels: NDArray[np.float32], network: LungNetwork, size_px: int) -> NDArray[np.float32]:
    """Each place's probability of lung field.

    Args:
        pixels: (height, width), float32 in [0, 1].
        network: The bundle's lung network.
        size_px: Side of its input.

    Returns:
        (size_px, size_px), float32 in [0, 1], stretched over the whole radiograph; 0 in all pieces but the
        two largest, for loops on an arm or on the stomach are no lungs.
    """
    (found,) = network(lungs_input(pixels, size_px))
    return _two_largest(found[0, ..., 0])


def _two_largest(probability: NDArray[np.float32]) -> NDArray[np.float32]:
    pieces = measure.label(probability > LUNG)  # type: ignore[no-untyped-call]
    sizes = np.bincount(pieces.ravel())
    smaller = np.argsort(sizes[1:])[:-2] + 1
    return np.where(np.isin(pieces, smaller), np.float32(0), probability)


def cover_lungs(pixels: NDArray[np.float32], lungs: NDArray[np.float32]) -> NDArray[np.float32]:
    """The radiograph with a black rectangle over both lungs, heart included (Maguolo & Nanni 2020).

    Args:
        pixels: (height, width), float32 in [0, 1].
        lungs: From `find_lungs`; without any lung the middle half is covered.

    Returns:
        A copy, of the same shape.
    """
    height, width = pixels.shape
    covered = pixels.copy()
    (top, bottom), (left, right) = (_span(np.max(lungs, axis=axis) > LUNG) for axis in (1, 0))
    covered[
        max(0, round((top - COVER_MARGIN) * height)) : round((bottom + COVER_MARGIN) * height),
        max(0, round((left - COVER_MARGIN) * width)) : round((right + COVER_MARGIN) * width),
    ] = 0
    return covered


def _span(found: NDArray[np.bool_]) -> tuple[float, float]:
    """First and last place of a row that holds lung, as shares of its length."""
    places = np.flatnonzero(found)
    if not places.size:
        return 0.25, 0.75
    return float(places[0] / found.size), float((places[-1] + 1) / found.size)
