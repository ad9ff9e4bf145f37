"""A radiograph for the eye: the greys that its file has, up to 12 bits, as well as they fit."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.display.wavelet import Packed, pack
from core.reading.radiograph import Radiograph, scaled_greys

PICTURE_PX = 1400  # the longer side of what is sent at first
MAX_PICTURE_BYTES = 500_000  # with all else, the first view of a case stays below 700 KB
SHARP_PIXELS = 3_200_000  # of what is sent to whoever zooms
MAX_SHARP_BYTES = 1_200_000
SHARPER_WIDTH = 1.1  # times that of the first picture: a radiograph less wide has nothing more to show
THUMBNAIL_PX = 96  # its longer side; shown at half of that, sharp on a screen with two pixels a point

DEPTHS = (8, 12)  # bits a grey; the first where a file has no more
SAMPLED = 4  # every so manyth pixel down and across tells how deep a file is
SAME = 1e-2  # of a grey: what arithmetic makes of one


@dataclass(frozen=True, eq=False)
class Picture:
    """A radiograph, packed to be sent.

    Attributes:
        packed: Its greys, scaled down where the radiograph is large.
        own: Whether these were the radiograph's own before they were packed: neither scaled down nor rounded.
    """

    packed: Packed
    own: bool

    @property
    def exact(self) -> bool:
        """Whether each grey is the radiograph's own."""
        return self.own and self.packed.exact

    @cached_property
    def identity(self) -> str:
        """The same for the same picture, whatever its file is called."""
        return hashlib.sha256(self.packed.data).hexdigest()[:16]

    def is_worth_more(self, width_px: int) -> bool:
        """Whether a radiograph of this width has more to show to whoever zooms."""
        return width_px > SHARPER_WIDTH * self.packed.width


def first_picture(radiograph: Radiograph) -> Picture:
    """What is shown at once, its longer side at most `PICTURE_PX`."""
    return _picture(radiograph, PICTURE_PX, MAX_PICTURE_BYTES)


def sharp_picture(radiograph: Radiograph) -> Picture:
    """The whole radiograph for whoever zooms, of at most `SHARP_PIXELS`."""
    height, width = radiograph.pixels.shape
    longest = int(max(height, width) * min(1.0, (SHARP_PIXELS / (height * width)) ** 0.5))
    return _picture(radiograph, longest, MAX_SHARP_BYTES)


def _picture(radiograph: Radiograph, longest_px: int, max_bytes: int) -> Picture:
    depth = depth_of(radiograph.pixels)
    greys = scaled_greys(radiograph, longest_px, depth)
    same_size = greys.shape == radiograph.pixels.shape
    own = same_size and bool(np.abs(radiograph.pixels * np.float32(2**depth - 1) - greys).max() < SAME)
    return Picture(pack(greys, depth, max_bytes), own)


def depth_of(pixels: NDArray[np.float32]) -> int:
    """How many bits a grey are worth sending: one of `DEPTHS`.

    Args:
        pixels: (height, width), float32 in [0, 1].
    """
    levels = pixels[::SAMPLED, ::SAMPLED] * np.float32(2 ** DEPTHS[0] - 1)
    return DEPTHS[bool(np.abs(levels - np.rint(levels)).max() > SAME)]


def thumbnail(radiograph: Radiograph) -> bytes:
    """A very small picture, as WebP of about 1 KB, for a row among many."""
    step = max(1, max(radiograph.pixels.shape) // (4 * THUMBNAIL_PX))  # scaling all of a large one takes long
    image = Image.fromarray(np.rint(radiograph.pixels[::step, ::step] * 255).astype(np.uint8))
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=60)
    return file.getvalue()
