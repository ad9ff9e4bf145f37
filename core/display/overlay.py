"""A radiograph with heat over it as one picture, as the viewer draws it, for where there is no viewer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.display.picture import Picture
from core.display.scene import COLOUR_MAPS, colour_table
from core.display.wavelet import unpack

LUNG, LUNG_PX, DASH_PX = "#C9B6F2", 2, (8, 5)  # an outline's colour and width, its dashes and their gaps
OPACITY, OPAQUE_FROM = 0.6, 0.45  # as the viewer has them at first: heat below the latter fades out


def small_greys(picture: Picture, longest_px: int) -> NDArray[np.uint8]:
    """A picture's greys in 8 bits, (height, width), its longer side at most that long."""
    white = 2**picture.packed.depth - 1
    grey = Image.fromarray(np.rint(unpack(picture.packed) * (255 / white)).astype(np.uint8))
    grey.thumbnail((longest_px, longest_px), Image.Resampling.LANCZOS)
    return np.asarray(grey)


def with_lungs(
    greys: NDArray[np.uint8], lines: Sequence[Sequence[Sequence[int]]], width_px: int
) -> NDArray[np.uint8]:
    """Dashed lines around the lungs over a radiograph.

    Args:
        greys: (height, width).
        lines: Closed polygons in pixels of the whole radiograph, each a list of points across and down.
        width_px: Of the whole radiograph.

    Returns:
        (height, width, 3): red, green and blue.
    """
    drawn = Image.fromarray(greys).convert("RGB")
    pen = ImageDraw.Draw(drawn)
    for line in lines:
        corners = np.asarray(line, dtype=float) * greys.shape[1] / width_px
        lengths = np.hypot(*np.diff(corners, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(lengths)])
        for begin in np.arange(0, along[-1], sum(DASH_PX)):
            at = np.linspace(begin, min(begin + DASH_PX[0], along[-1]), DASH_PX[0])
            dash = np.column_stack([np.interp(at, along, side) for side in corners.T])
            pen.line([tuple(point) for point in dash.tolist()], LUNG, LUNG_PX)
    return np.asarray(drawn)


def with_heat(
    greys: NDArray[np.uint8],
    heatmap: NDArray[np.float32],
    peak: float,
    frame: tuple[float, float, float, float],
) -> NDArray[np.uint8]:
    """Heat over a radiograph.

    Args:
        greys: (height, width).
        heatmap: (rows, columns), in [0, 1].
        peak: How hot 1 is drawn, in [0, 1]: the network's P(COVID-19), so that maps share a scale.
        frame: What it lies over: left, top, right and bottom as shares of the radiograph's width and height.

    Returns:
        (height, width, 3): red, green and blue.
    """
    height, width = greys.shape
    left, right = (round(share * width) for share in (frame[0], frame[2]))
    top, bottom = (round(share * height) for share in (frame[1], frame[3]))
    size = (max(1, right - left), max(1, bottom - top))
    smooth = np.asarray(Image.fromarray(heatmap).resize(size, Image.Resampling.BICUBIC)).clip(0, 1) * peak
    colours = colour_table(COLOUR_MAPS[0])[np.rint(255 * smooth).astype(np.uint8)]
    alpha = OPACITY * np.minimum(1, smooth / OPAQUE_FROM)[..., None]
    whole = np.repeat(greys[..., None], 3, axis=2)
    place = np.s_[top : top + size[1], left : left + size[0]]
    whole[place] = np.rint(alpha * colours + (1 - alpha) * whole[place]).astype(np.uint8)
    return whole
