"""A channelised Hotelling observer: the best linear reader of a few channels, told where the lesion would be.

Hotelling's template is the inverse covariance of what is seen times the mean difference that the lesion
makes; channels reduce a picture to a few numbers, so that the covariance can be estimated from some dozens of
pairs (Myers & Barrett 1987, J. Opt. Soc. Am. A 4:2447; Barrett & Myers 2004, Foundations of Image Science,
chapters 13 and 14). The channels are Laguerre-Gauss functions about the lesion (Gallas & Barrett 2003,
J. Opt. Soc. Am. A 20:1725).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import eval_laguerre

from core.phantom.scene import Mask
from core.phantom.truth import pieces

CHANNELS = 6
MIN_SITE = 0.05  # of the lesion's area: smaller pieces of it are no place to look at

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """A place where a lesion lies, or would.

    Attributes:
        row: Of its middle, in pixels.
        column: The same.
        width: Side of a square of the same area, in pixels.
    """

    row: float
    column: float
    width: float


def sites(lesion: Mask) -> tuple[Site, ...]:
    """The pieces of a lesion.

    Args:
        lesion: (height, width), not empty.
    """
    return tuple(_site(piece) for piece in pieces(lesion, MIN_SITE * float(lesion.sum())))


def _site(piece: Mask) -> Site:
    row, column = (float(each.mean()) for each in np.nonzero(piece))
    return Site(row, column, float(np.sqrt(piece.sum())))


def channels(places: Sequence[Site], side_px: int) -> Floats:
    """Laguerre-Gauss channels about some places, each of length 1 about one place: summed over them.

    Args:
        places: At least one.
        side_px: Of the square picture.

    Returns:
        (side_px * side_px, CHANNELS).
    """
    y, x = np.mgrid[:side_px, :side_px]
    total = np.zeros((side_px * side_px, CHANNELS))
    for place in places:
        squared = 2 * np.pi * ((y - place.row) ** 2 + (x - place.column) ** 2).ravel() / place.width**2
        bell = np.exp(-squared / 2)
        found = np.stack([bell * eval_laguerre(order, squared) for order in range(CHANNELS)], axis=1)
        total += found / np.linalg.norm(found, axis=0)
    return total


def seen_through(picture: NDArray[np.floating], through: Floats) -> Floats:
    """What the channels give of a picture, (CHANNELS,).

    Args:
        picture: (side_px, side_px).
        through: From `channels`.
    """
    return np.asarray(picture.astype(np.float64).ravel() @ through)


def template(ill: Floats, well: Floats) -> Floats:
    """Hotelling's template, (CHANNELS,).

    Args:
        ill: (n, CHANNELS), what the channels give of pictures with the lesion; n well above CHANNELS.
        well: The same without it.
    """
    covariance = (np.cov(ill, rowvar=False) + np.cov(well, rowvar=False)) / 2
    return np.asarray(np.linalg.lstsq(covariance, ill.mean(axis=0) - well.mean(axis=0), rcond=None)[0])
