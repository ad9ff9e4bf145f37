"""Pictures that are nothing: made of noise, shapes, and of radiographs taken to pieces.

They teach the gate that most of what there can be is no chest radiograph (outlier exposure: Hendrycks et al.
2019, arXiv:1812.04606), beyond the few kinds of which there are examples.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from scipy.ndimage import gaussian_filter

Square = NDArray[np.uint8]


def draw_oddity(squares: Square, random: np.random.Generator) -> Square:
    """A picture of nothing.

    Args:
        squares: (n, s, s), radiographs to take to pieces.
        random: Where the randomness comes from.

    Returns:
        (s, s).
    """
    makers = (_noise, _shapes, _bones, _page, _detail, _detail, _jigsaw, _several, _half, _half)
    maker = makers[int(random.integers(len(makers)))]
    return maker(squares, random)


def _radiograph(squares: Square, random: np.random.Generator) -> Square:
    return np.asarray(squares[int(random.integers(len(squares)))])


def _noise(squares: Square, random: np.random.Generator) -> Square:
    """A random field, from clouds to grain."""
    side = squares.shape[1]
    layers = [
        gaussian_filter(random.standard_normal((side, side)), sigma) * sigma
        for sigma in np.exp(random.uniform(np.log(0.3), np.log(side / 4), size=int(random.integers(1, 4))))
    ]
    return _stretch(np.sum(layers, axis=0))


def _shapes(squares: Square, random: np.random.Generator) -> Square:
    """Ellipses and polygons, as drawings and photographs of things have them."""
    side = squares.shape[1]
    image = Image.new("L", (side, side), int(random.integers(256)))
    draw = ImageDraw.Draw(image)
    for _ in range(int(random.integers(2, 25))):
        grey = int(random.integers(256))
        points = (random.uniform(-0.2, 1.2, size=(int(random.integers(3, 6)), 2)) * side).tolist()
        if random.random() < 0.5:
            (x0, y0), (x1, y1) = np.sort(np.array(points[:2]), axis=0).tolist()
            draw.ellipse((x0, y0, x1, y1), fill=grey)
        else:
            draw.polygon([tuple(point) for point in points], fill=grey)
    soft = image.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 4))))
    grain = random.standard_normal((side, side)) * random.uniform(0, 15)
    return np.clip(np.asarray(soft) + grain, 0, 255).astype(np.uint8)


def _bones(squares: Square, random: np.random.Generator) -> Square:
    """Rods in soft tissue on black, as a radiograph of a limb, a skull or a jaw might be laid out."""
    side = squares.shape[1]
    rows, columns = np.mgrid[:side, :side] / side
    depth = np.zeros((side, side))
    for part in range(int(random.integers(2, 9))):
        x, y, angle = random.uniform(0.2, 0.8), random.uniform(0.2, 0.8), random.uniform(0, np.pi)
        length, width = random.uniform(0.2, 0.9), random.uniform(0.02, 0.3 if part < 2 else 0.12)
        along = (columns - x) * np.cos(angle) + (rows - y) * np.sin(angle)
        across = (rows - y) * np.cos(angle) - (columns - x) * np.sin(angle)
        u = (along / length) ** 2 * random.choice([1, 4]) + (across / width) ** 2
        solid = np.sqrt(np.maximum(0, 1 - u)) * width
        depth += solid - random.uniform(0, 0.8) * np.sqrt(np.maximum(0, 1 - 1.6 * u)) * width
    texture = gaussian_filter(random.standard_normal((side, side)), random.uniform(0.6, 3))
    return _stretch(1 - np.exp(-depth * random.uniform(3, 15)) + texture * random.uniform(0, 0.05))


def _page(squares: Square, random: np.random.Generator) -> Square:
    """Lines of writing, with a picture among them or without."""
    side = squares.shape[1]
    paper = int(random.choice([255, 240, 20, 0]))
    image, ink = Image.new("L", (side, side), paper), 0 if paper > 128 else 255
    draw = ImageDraw.Draw(image)
    if random.random() < 0.5:
        small = int(side * random.uniform(0.2, 0.45))
        left, top = (int(each) for each in random.integers(0, side - small, size=2))
        image.paste(Image.fromarray(_radiograph(squares, random)).resize((small, small)), (left, top))
    size = float(random.uniform(0.03, 0.15)) * side
    font = ImageFont.load_default(size=size)
    for line in range(int(side / size / 1.3)):
        letters = "".join(random.choice(list("etaoinshrdlucmfw   0123456789"), 60))
        if random.random() < 0.8:
            draw.text((random.uniform(0, 0.1) * side, line * size * 1.3), letters, fill=ink, font=font)
    return np.asarray(image)


def _detail(squares: Square, random: np.random.Generator) -> Square:
    """A small part of a radiograph: at most two fifths of its sides."""
    square = _radiograph(squares, random)
    side = square.shape[0]
    part = int(side * random.uniform(0.12, 0.4))
    left, top = (int(each) for each in random.integers(0, side - part, size=2))
    cut = Image.fromarray(square[top : top + part, left : left + part])
    return np.asarray(cut.resize((side, side), Image.Resampling.BICUBIC))


def _jigsaw(squares: Square, random: np.random.Generator) -> Square:
    """The pieces of a radiograph in another order."""
    square = _radiograph(squares, random)
    cells = int(random.integers(2, 5))
    size = square.shape[0] // cells
    pieces = [
        square[row * size : (row + 1) * size, column * size : (column + 1) * size]
        for row in range(cells)
        for column in range(cells)
    ]
    order = random.permutation(len(pieces))
    if (order == np.arange(len(pieces))).mean() > 0.4:
        order = np.roll(np.arange(len(pieces)), 1)
    rows = [np.hstack([pieces[i] for i in order[k * cells : (k + 1) * cells]]) for k in range(cells)]
    return np.asarray(Image.fromarray(np.vstack(rows)).resize(square.shape))


def _several(squares: Square, random: np.random.Generator) -> Square:
    """Several radiographs beside each other, as in a figure."""
    side = squares.shape[1]
    across, down = ((2, 1), (1, 2), (2, 2), (3, 1), (3, 2))[int(random.integers(5))]
    page = Image.new("L", (side, side), int(random.choice([0, 255])))
    gap = int(random.integers(0, 4))
    for column in range(across):
        for row in range(down):
            size = (side // across - gap, side // down - gap)
            part = Image.fromarray(_radiograph(squares, random)).resize(size)
            page.paste(part, (column * side // across, row * side // down))
    return np.asarray(page)


def _half(squares: Square, random: np.random.Generator) -> Square:
    """One half of a chest: a single lung."""
    square = _radiograph(squares, random)
    side = square.shape[0]
    share = int(side * random.uniform(0.35, 0.48))
    half = (square[:, :share], square[:, -share:])[int(random.integers(2))]
    return np.asarray(Image.fromarray(np.ascontiguousarray(half)).resize((side, side)))


def _stretch(values: NDArray[np.float64]) -> Square:
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) / max(high - low, 1e-9) * 255).astype(np.uint8)
