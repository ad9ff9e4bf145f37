"""Random changes that leave the label true: geometry, greys, blur, noise, missing patches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

ROTATION_DEGREES = 15.0
ZOOM = (0.85, 1.15)
SHIFT = 0.08  # of the side
CONTRAST = (0.7, 1.3)
BRIGHTNESS = 0.15
BLUR_PX = 1.2
NOISE = 0.04
ERASED = (0.02, 0.15)  # of the area (Zhong et al. 2020, Random Erasing, arXiv:1708.04896)


def augment(square: NDArray[np.uint8], size_px: int, random: np.random.Generator) -> NDArray[np.float32]:
    """One augmented copy.

    Args:
        square: (s, s), uint8.
        size_px: Side of the result.
        random: Where the randomness comes from.

    Returns:
        (size_px, size_px), float32 in [0, 1].
    """
    image = _warp(_shrink(square, size_px), _draw_warp(size_px, random))
    return _spoil(image, random)


def mix_amplitudes(
    squares: NDArray[np.uint8], size_px: int, share: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """Gives some images of a batch part of another one's look, and leaves each its shapes.

    The amplitudes of an image's Fourier transform, which hold the look of a source more than the anatomy,
    move towards those of another image of the batch by a random share (Xu et al. 2021, arXiv:2105.11120,
    equation 4).

    Args:
        squares: (n, s, s), uint8.
        size_px: Side of the results.
        share: Of the images that are changed.
        random: Where the randomness comes from.

    Returns:
        (n, size_px, size_px), uint8.
    """
    shrunk = np.stack([np.asarray(_shrink(square, size_px)) for square in squares])
    spectra = np.fft.rfft2(shrunk.astype(np.float32))
    amplitudes, others = np.abs(spectra), np.abs(spectra)[random.permutation(len(squares))]
    moved = random.random(len(squares)) * (random.random(len(squares)) < share)
    strength = moved[:, None, None].astype(np.float32)
    gain = (amplitudes + strength * (others - amplitudes)) / np.maximum(amplitudes, 1e-3)
    mixed = np.fft.irfft2(spectra * gain, s=(size_px, size_px))
    return np.where(strength > 0, np.clip(np.rint(mixed), 0, 255).astype(np.uint8), shrunk)


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
    warp = _draw_warp(square.shape[0], random)
    moved = np.asarray(_warp(Image.fromarray(mask), warp)) > 127
    return _spoil(_warp(Image.fromarray(square), warp), random), moved.astype(np.float32)


def _spoil(image: Image.Image, random: np.random.Generator) -> NDArray[np.float32]:
    """Blur, greys, noise, a missing patch."""
    if random.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.3, BLUR_PX)))
    grey = np.asarray(image, dtype=np.float32) / np.float32(255)
    contrast, brightness = random.uniform(*CONTRAST), random.uniform(-BRIGHTNESS, BRIGHTNESS)
    grey = (grey - 0.5) * np.float32(contrast) + np.float32(0.5 + brightness)
    if random.random() < 0.3:
        grey = grey + random.standard_normal(grey.shape, dtype=np.float32) * np.float32(NOISE)
    if random.random() < 0.5:
        _erase(grey, random)
    return np.clip(grey, 0, 1, dtype=np.float32)


def plain(square: NDArray[np.uint8], size_px: int) -> NDArray[np.float32]:
    """The same square without any change but its size: (size_px, size_px), float32 in [0, 1]."""
    return np.asarray(_shrink(square, size_px), dtype=np.float32) / np.float32(255)


def _shrink(square: NDArray[np.uint8], size_px: int) -> Image.Image:
    image = Image.fromarray(square)
    return image if image.width == size_px else image.resize((size_px, size_px), Image.Resampling.BILINEAR)


def _draw_warp(side: int, random: np.random.Generator) -> tuple[float, ...]:
    """Rotation, zoom, shift and mirroring, as the inverse that Pillow's affine transform takes."""
    angle = math.radians(random.uniform(-ROTATION_DEGREES, ROTATION_DEGREES))
    zoom = random.uniform(*ZOOM)
    mirror = -1.0 if random.random() < 0.5 else 1.0
    cos, sin = math.cos(angle) / zoom, math.sin(angle) / zoom
    middle = side / 2
    x, y = middle + random.uniform(-SHIFT, SHIFT, size=2) * side
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
