"""From a radiograph's pixels to a network's input: the same in training and in serving."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from core.margins import Box, crop, find_inside

MIN_INSIDE_SHARE = 0.25  # of either side: less inside of margins is no radiograph on a page


class Preprocessing(BaseModel):
    """What a bundle does to a radiograph before its networks see it.

    Attributes:
        size_px: Side of the square input.
        border_share: Share of each side cut off, where letters and collimator edges lie.
        equalise: Whether the histogram is equalised, so that exposure says nothing.
        cut_margins: Whether uniform margins around the radiograph are cut before anything else; older bundles
            do not say so, and do not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_px: int = Field(default=224, ge=32, le=1024)
    border_share: float = Field(default=0.06, ge=0, lt=0.4)
    equalise: bool = True
    cut_margins: bool = False


def inside_box(pixels: NDArray[np.float32], preprocessing: Preprocessing, *, lossy: bool = False) -> Box:
    """The part of a picture that is read: what lies inside of its uniform margins, if these are cut.

    Args:
        pixels: (height, width), float32 in [0, 1].
        preprocessing: The recipe.
        lossy: Whether the picture was compressed in a way that smears edges.

    Returns:
        The whole picture where the recipe keeps margins, or where so little lies inside of them that it can
        hardly be the radiograph.
    """
    height, width = pixels.shape
    whole = Box(0, 0, width, height)
    if not preprocessing.cut_margins:
        return whole
    found = find_inside(pixels, lossy=lossy)
    enough = min(found.width / width, found.height / height) >= MIN_INSIDE_SHARE
    return found if enough else whole


def crop_box(inside: Box, border_share: float) -> Box:
    """The part of a radiograph that the networks see: the same share is cut off each side of the inside."""
    dx, dy = round(inside.width * border_share), round(inside.height * border_share)
    return Box(inside.left + dx, inside.top + dy, inside.right - dx, inside.bottom - dy)


def cut_border(pixels: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """A radiograph without the outermost part of its sides.

    Args:
        pixels: (height, width), float32 in [0, 1].
        share: Of the height and of the width, cut off at each side.
    """
    height, width = pixels.shape
    return np.ascontiguousarray(crop(pixels, crop_box(Box(0, 0, width, height), share)))


def network_box(pixels: NDArray[np.float32], preprocessing: Preprocessing) -> Box:
    """The part of a picture that the networks see: inside of its margins, the border cut off.

    Args:
        pixels: (height, width), float32 in [0, 1].
        preprocessing: The recipe.
    """
    return crop_box(inside_box(pixels, preprocessing), preprocessing.border_share)


def equalise(pixels: NDArray[np.float32], bins: int = 256) -> NDArray[np.float32]:
    """Equalises a histogram: each grey becomes the share of pixels that are darker.

    Args:
        pixels: (h, w), float32 in [0, 1].
        bins: Bins of the histogram (Gonzalez & Woods, Digital Image Processing, section 3.3).

    Returns:
        (h, w), float32 in [0, 1]; the darkest bin becomes 0, the brightest 1.
    """
    levels = np.minimum((pixels * bins).astype(np.int32), bins - 1)
    cumulative = np.cumsum(np.bincount(levels.ravel(), minlength=bins))
    darkest = cumulative[levels.min()]
    span = max(int(cumulative[-1] - darkest), 1)
    table = np.clip((cumulative - darkest) / span, 0, 1).astype(np.float32)
    return np.asarray(table[levels])


def network_input(pixels: NDArray[np.float32], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Crops, resizes and equalises one radiograph.

    The crop is stretched to a square, as in the study; the display never is.

    Args:
        pixels: (height, width), float32 in [0, 1], bright where dense; margins that are to be cut are cut.
        preprocessing: The bundle's recipe.

    Returns:
        (size_px, size_px), float32 in [0, 1].
    """
    height, width = pixels.shape
    box = crop_box(Box(0, 0, width, height), preprocessing.border_share)
    side = (preprocessing.size_px, preprocessing.size_px)
    resized = Image.fromarray(pixels).resize(side, Image.Resampling.BILINEAR, box=box)
    grey = np.clip(np.asarray(resized, dtype=np.float32), 0, 1)
    return equalise(grey) if preprocessing.equalise else grey
