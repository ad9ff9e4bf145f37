"""The limits that hold before and after decoding, and the refusals that name them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import RadiographError

MAX_FILE_BYTES = 50_000_000

MAX_PIXELS = 40_000_000

MIN_SIDE_PX = 128

MAX_ASPECT = 4

MIN_LEVELS = 8  # of 256: a radiograph has many greys, a blank page or a bilevel fax does not

DAMAGED = "The file is damaged or incomplete; export the radiograph again."

NO_CONTRAST = "The image has no contrast; choose a radiograph that shows a chest."


def check_bytes(count: int) -> None:
    """Refuses a file that is too large, before any of it is read.

    Raises:
        RadiographError: If it has too many bytes.
    """
    if count > MAX_FILE_BYTES:
        limit = MAX_FILE_BYTES // 1_000_000
        raise RadiographError(
            f"The file is larger than {limit} MB; scale the radiograph down or compress it."
        )


def check_size(width: int, height: int) -> None:
    """Refuses what cannot be a radiograph by the size in its header, before anything is decoded.

    Raises:
        RadiographError: If it has no pixels, too many, a side too short, or is too elongated.
    """
    if min(width, height) < 1:
        raise RadiographError(DAMAGED)
    if width * height > MAX_PIXELS:
        raise RadiographError(
            f"The image is too large ({width} x {height} pixels); "
            f"scale it down to at most {MAX_PIXELS // 1_000_000} megapixels."
        )
    if min(width, height) < MIN_SIDE_PX:
        raise RadiographError(
            f"The image is too small ({width} x {height} pixels); "
            f"choose a radiograph of at least {MIN_SIDE_PX} pixels on its shorter side."
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise RadiographError(
            f"The image is too elongated for a chest radiograph ({width} x {height} pixels); "
            "choose the whole radiograph."
        )


def has_contrast(pixels: NDArray[np.float32]) -> bool:
    """Whether an image in [0, 1] uses more than a few of 256 greys."""
    levels = np.bincount((pixels * np.float32(255)).astype(np.uint8).ravel(), minlength=256)
    return int(np.count_nonzero(levels)) >= MIN_LEVELS


def check_contrast(pixels: NDArray[np.float32]) -> None:
    """Refuses flat and bilevel images.

    Raises:
        RadiographError: If there is no contrast.
    """
    if not has_contrast(pixels):
        raise RadiographError(NO_CONTRAST)


def check_frame(frame: int, frames: int) -> None:
    """Refuses a page or picture that is not there.

    Args:
        frame: From 0.
        frames: How many there are.

    Raises:
        RadiographError: If there are not so many.
    """
    if not 0 <= frame < frames:
        raise RadiographError(f"The file has no picture {frame + 1}; choose one from 1 to {frames}.")
