"""Changes of framing and processing, which tell a source and not a disease: what a network should not see.

They are made before greys are equalised, as whoever took, cut and published a picture made them. Without
them a network reads a film that is cropped closely or sharpened as COVID-19, because its collections are.
"""

from __future__ import annotations

import io
import string
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from core.preprocessing import Preprocessing, network_input
from train.data.images import to_bytes

LETTERS = string.ascii_uppercase + string.digits + " :."


@dataclass(frozen=True)
class Framing:
    """How often a picture is framed or processed otherwise, and how strongly at most.

    Attributes:
        cropped: Share of pictures that lose a part of each side.
        cut: At most, of the width and of the height, shared between two sides by chance.
        bordered: Share that gets a uniform border.
        border: Its width at most, of the side.
        sharpened: Share that goes through an unsharp mask.
        local_contrast: Share whose contrast is raised within wide surroundings, as by adaptive equalisation.
        blurred: Share that is blurred.
        shrunk: Share that is made smaller, then larger again.
        compressed: Share that is compressed as JPEG.
        lettered: Share that letters are burnt into.
    """

    cropped: float = 0.7
    cut: float = 0.4
    bordered: float = 0.1
    border: float = 0.12
    sharpened: float = 0.3
    local_contrast: float = 0.2
    blurred: float = 0.25
    shrunk: float = 0.2
    compressed: float = 0.25
    lettered: float = 0.3


# Only cut, because cutting moves an answer most.
CUT_ALONE = Framing(
    cropped=1.0,
    cut=0.3,
    bordered=0.0,
    sharpened=0.0,
    local_contrast=0.0,
    blurred=0.0,
    shrunk=0.0,
    compressed=0.0,
    lettered=0.0,
)


def framing_of(copy: int, copies: int) -> Framing:
    """How one of an image's copies is framed and processed: the second half, rounded down, is only cut.

    Args:
        copy: Which, from 1.
        copies: How many there are.
    """
    return Framing() if copy <= (copies + 1) // 2 else CUT_ALONE


def reframe(
    square: NDArray[np.uint8], random: np.random.Generator, framing: Framing = Framing()
) -> NDArray[np.uint8]:
    """A picture as another source might have framed and processed it.

    Args:
        square: (s, s), uint8, greys as read.
        random: Where the randomness comes from.
        framing: How often and how strongly.

    Returns:
        (h, w), uint8, with as many pixels of the picture as are left.
    """

    def happens(share: float) -> bool:
        return bool(random.random() < share)

    image = Image.fromarray(square)
    if happens(framing.lettered):
        _burn_in(image, random)
    if happens(framing.shrunk):
        small = round(image.width * random.uniform(0.3, 0.8))
        image = image.resize((small, small), Image.Resampling.BOX).resize(
            image.size, Image.Resampling.BILINEAR
        )
    if happens(framing.local_contrast):
        image = image.filter(
            ImageFilter.UnsharpMask(random.uniform(8, 30), int(random.uniform(30, 120)), threshold=0)
        )
    if happens(framing.sharpened):
        image = image.filter(
            ImageFilter.UnsharpMask(random.uniform(1, 3), int(random.uniform(50, 200)), threshold=0)
        )
    elif happens(framing.blurred):
        image = image.filter(ImageFilter.GaussianBlur(random.uniform(0.5, 2)))
    if happens(framing.compressed):
        image = _compress(image, int(random.integers(20, 80)))
    if happens(framing.cropped):
        image = _cut(image, random, framing.cut)
    if happens(framing.bordered):
        image = _put_on_a_page(image, random, framing.border)
    return np.asarray(image)


def view(square: NDArray[np.uint8], preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """What a network is to see of a picture, 8 bits deep: (size_px, size_px)."""
    return to_bytes(network_input(square.astype(np.float32) / np.float32(255), preprocessing))


def _cut(image: Image.Image, random: np.random.Generator, cut: float) -> Image.Image:
    left, top = random.uniform(0, 1, size=2)
    box = []
    for share, first, side in zip(
        random.uniform(0, cut, size=2), (left, top), (image.width, image.height), strict=True
    ):
        lost = round(share * side)
        start = round(lost * first)
        box.append((start, start + side - lost))
    (left_px, right_px), (top_px, bottom_px) = box
    return image.crop((left_px, top_px, right_px, bottom_px))


def _put_on_a_page(image: Image.Image, random: np.random.Generator, border: float) -> Image.Image:
    left, top, right, bottom = (
        round(share * side)
        for share, side in zip(random.uniform(0, border, size=4), (*image.size, *image.size), strict=True)
    )
    grey = int(random.choice((0, 255, int(random.integers(256)))))
    page = Image.new("L", (image.width + left + right, image.height + top + bottom), grey)
    page.paste(image, (left, top))
    return page


def _compress(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("L")


def _burn_in(image: Image.Image, random: np.random.Generator) -> None:
    """A side marker or some words, mostly bright and near an edge."""
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(1, 4))):
        text = "".join(random.choice(list(LETTERS), int(random.integers(1, 8))))
        size = image.width * random.uniform(0.03, 0.1)
        x = random.choice([random.uniform(0, 0.15), random.uniform(0.75, 0.95)]) * image.width
        y = random.choice([random.uniform(0, 0.2), random.uniform(0.8, 0.95)]) * image.height
        draw.text(
            (float(x), float(y)),
            text,
            fill=int(random.choice([255, 235, 200, 0])),
            font=ImageFont.load_default(size=float(size)),
        )
