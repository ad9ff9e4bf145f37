"""Random changes that leave the label true: geometry, greys, blur, noise, missing patches."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


@dataclass(frozen=True)
class Changes:
    """How strong the changes are, and how often they come.

    Attributes:
        rotation_degrees: At most, to either side.
        zoom: From and to.
        shift: At most, of the side.
        contrast: From and to, about the middle grey.
        brightness: At most, added or taken away.
        blurred: Share of images.
        noisy: Share of images.
        noise: Standard deviation, of the range of greys.
        mirrored: Share of images whose left and right are exchanged.
        erased: Share of images that lose a patch (Zhong et al. 2020, Random Erasing, arXiv:1708.04896).
    """

    rotation_degrees: float = 15.0
    zoom: tuple[float, float] = (0.85, 1.15)
    shift: float = 0.08
    contrast: tuple[float, float] = (0.7, 1.3)
    brightness: float = 0.15
    blurred: float = 0.3
    noisy: float = 0.3
    noise: float = 0.04
    erased: float = 0.5
    mirrored: float = 0.5


STRONG = Changes()
# What leaves a nodule or a broken rib in its place.
GENTLE = Changes(10.0, (0.9, 1.1), 0.05, (0.8, 1.2), 0.1, blurred=0.0, noisy=0.2, noise=0.02, erased=0.0)
BLUR_PX = (0.3, 1.2)
ERASED = (0.02, 0.15)  # of the area


def augment(
    square: NDArray[np.uint8], size_px: int, random: np.random.Generator, changes: Changes = STRONG
) -> NDArray[np.float32]:
    """One augmented copy.

    Args:
        square: (s, s), uint8.
        size_px: Side of the result.
        random: Where the randomness comes from.
        changes: How strong they are.

    Returns:
        (size_px, size_px), float32 in [0, 1].
    """
    image = _warp(_shrink(square, size_px), _draw_warp(size_px, random, changes))
    return _spoil(image, random, changes)


def augment_with_mask(
    square: NDArray[np.uint8], mask: NDArray[np.uint8], random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One augmented copy of a square and of what is drawn over it, moved alike.

    Args:
        square: (s, s), uint8.
        mask: (s, s), uint8, 0 or 255.
        random: Where the randomness comes from.

    Returns:
        The square, (s, s), float32 in [0, 1]; the mask, (s, s), float32 0 or 1.
    """
    warp = _draw_warp(square.shape[0], random, STRONG)
    moved = np.asarray(_warp(Image.fromarray(mask), warp)) > 127
    return _spoil(_warp(Image.fromarray(square), warp), random, STRONG), moved.astype(np.float32)


def _spoil(image: Image.Image, random: np.random.Generator, changes: Changes) -> NDArray[np.float32]:
    """Blur, greys, noise, a missing patch."""
    if random.random() < changes.blurred:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(*BLUR_PX)))
    grey = np.asarray(image, dtype=np.float32) / np.float32(255)
    contrast = random.uniform(*changes.contrast)
    brightness = random.uniform(-changes.brightness, changes.brightness)
    grey = (grey - 0.5) * np.float32(contrast) + np.float32(0.5 + brightness)
    if random.random() < changes.noisy:
        grey = grey + random.standard_normal(grey.shape, dtype=np.float32) * np.float32(changes.noise)
    if random.random() < changes.erased:
        _erase(grey, random)
    return np.asarray(np.clip(grey, 0, 1, dtype=np.float32))


def plain(square: NDArray[np.uint8], size_px: int) -> NDArray[np.float32]:
    """The same square without any change but its size: (size_px, size_px), float32 in [0, 1]."""
    return np.asarray(_shrink(square, size_px), dtype=np.float32) / np.float32(255)


def _shrink(square: NDArray[np.uint8], size_px: int) -> Image.Image:
    image = Image.fromarray(square)
    return image if image.width == size_px else image.resize((size_px, size_px), Image.Resampling.BILINEAR)


def _draw_warp(side: int, random: np.random.Generator, changes: Changes) -> tuple[float, ...]:
    """Rotation, zoom, shift and mirroring, as the inverse that Pillow's affine transform takes."""
    angle = math.radians(random.uniform(-changes.rotation_degrees, changes.rotation_degrees))
    zoom = random.uniform(*changes.zoom)
    mirror = -1.0 if random.random() < changes.mirrored else 1.0
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    middle = side / 2
    x, y = middle + random.uniform(-changes.shift, changes.shift, size=2) * side
    return (
        mirror * cos,
        mirror * sin,
        middle - mirror * (cos * x + sin * y),
        -sin,
        cos,
        middle + sin * x - cos * y,
    )


def _warp(image: Image.Image, inverse: tuple[float, ...]) -> Image.Image:
    return image.transform(image.size, Image.Transform.AFFINE, inverse, Image.Resampling.BILINEAR)


def _erase(grey: NDArray[np.float32], random: np.random.Generator) -> None:
    side = grey.shape[0]
    area = random.uniform(*ERASED) * side * side
    aspect = math.exp(random.uniform(math.log(0.4), math.log(2.5)))
    height, width = (min(side, round(math.sqrt(area * part))) for part in (aspect, 1 / aspect))
    top, left = random.integers(0, side - height + 1), random.integers(0, side - width + 1)
    grey[top : top + height, left : left + width] = random.random()
