"""Uniform margins around a picture: white pages, black film, grey borders, frames within frames."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 8 / 255  # how far the greys of one line of a margin lie apart: what lossy compression leaves
BRIGHT = 0.35  # from here on a blank corner is a page, a label or a cut film; darker ones are mostly air
BLOCK_PX = 8  # side of JPEG's blocks (T.81, A.3.3)
SMEARED = 0.25  # of the distance to what follows: lines nearer to the margin than that are its smeared edge


class Box(NamedTuple):
    """A rectangle in pixels of the upright radiograph; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """In pixels."""
        return self.bottom - self.top


def share_of(box: Box, whole: Box) -> tuple[float, float, float, float]:
    """A box as shares of another's width and height: left, top, right and bottom."""
    left, right = ((x - whole.left) / whole.width for x in (box.left, box.right))
    top, bottom = ((y - whole.top) / whole.height for y in (box.top, box.bottom))
    return left, top, right, bottom


def crop(values: NDArray[Any], box: Box) -> NDArray[Any]:
    """The part of a picture, (height, width), inside of a box, as a view."""
    return values[box.top : box.bottom, box.left : box.right]


def find_inside(values: NDArray[Any], tolerance: float = TOLERANCE, *, lossy: bool = False) -> Box:
    """What lies inside of all uniform margins of a picture.

    As long as the outermost line of any side has but one grey, within the tolerance, it is cut. A line that
    is uniform stays so when others are cut from its ends, so the result does not depend on the order, and
    whatever uniform margin is put around a picture, what lies inside of it is the same.

    Args:
        values: (height, width), any numbers.
        tolerance: Largest less smallest value of a line that counts as uniform.
        lossy: Whether the picture was compressed in blocks that smear the edge of a margin: then the rest of
            the block at the edge is cut, too, as far as it is more like the margin than like what follows.

    Returns:
        The rectangle; the whole picture where all of it is uniform.
    """
    height, width = values.shape
    spans = [[0, height], [0, width]]
    while True:
        before = [list(span) for span in spans]
        for axis in (0, 1):
            for end in (0, 1):
                left = values[slice(*spans[0]), slice(*spans[1])]
                lines = left if axis == 0 else left.T
                known = lossy and spans[axis][end] != (0, values.shape[axis])[end]
                cut = _margin(lines if end == 0 else lines[::-1], tolerance, lossy=lossy, known=known)
                spans[axis][end] += cut if end == 0 else -cut
        if any(low >= high for low, high in spans):
            return Box(0, 0, width, height)
        if spans == before:
            (top, bottom), (left_edge, right) = spans
            return Box(left_edge, top, right, bottom)


def _margin(lines: NDArray[Any], tolerance: float, *, lossy: bool, known: bool) -> int:
    """How many of the first lines are margin; with what lossy blocks smear, where there is a margin at all.

    Args:
        lines: (n, length).
        tolerance: As for `find_inside`.
        lossy: As there.
        known: Whether lines of this side were cut before.
    """
    cut = _blank_lines(lines, tolerance)
    if not lossy or not (cut or known):
        return cut
    while (further := _next_blank(lines[cut:], tolerance)) is not None:
        cut += further + _blank_lines(lines[cut + further :], tolerance)
    return cut + _smeared_lines(lines[max(cut - 1, 0) : cut + BLOCK_PX + 1]) if cut else 0


def _next_blank(lines: NDArray[Any], tolerance: float) -> int | None:
    """The first uniform line behind those that a block may smear between two margins."""
    near = (i for i in range(1, min(BLOCK_PX + 1, len(lines))) if _blank_lines(lines[i : i + 1], tolerance))
    return next(near, None)


def bright_corners(pixels: NDArray[np.float32], tolerance: float = TOLERANCE) -> float:
    """How much of a picture its blank bright corners fill: a film that lies turned on a page, or was cut.

    Args:
        pixels: (height, width), float32 in [0, 1].
        tolerance: As for `find_inside`.

    Returns:
        Share of the picture in triangles at its corners that have but one grey, and a bright one.
    """
    flips = (pixels, pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1])
    return sum(_corner(flip, tolerance) for flip in flips if flip[0, 0] > BRIGHT) / pixels.size


def _corner(pixels: NDArray[np.float32], tolerance: float) -> float:
    """Area of the blank triangle whose legs lie along the first row and column, in pixels."""
    height, width = _run(pixels[:, 0], tolerance), _run(pixels[0], tolerance)
    rows, columns = np.ogrid[:height, :width]
    triangle = pixels[:height, :width][(rows + 1) * width + (columns + 1) * height < height * width]
    blank = triangle.size and np.ptp(triangle) <= tolerance
    return height * width / 2 if blank else 0.0


def _run(line: NDArray[Any], tolerance: float) -> int:
    """How many of the first values equal the first one."""
    other = np.flatnonzero(np.abs(line.astype(np.float64) - float(line[0])) > tolerance)
    return int(other[0]) if other.size else line.size


def _blank_lines(values: NDArray[Any], tolerance: float) -> int:
    """How many of the first lines are uniform."""
    for count, line in enumerate(values):
        if line.size and np.subtract(line.max(), line.min(), dtype=np.float64) > tolerance:
            return count
    return len(values)


def _smeared_lines(lines: NDArray[Any]) -> int:
    """How many lines behind the first, which is margin, are more like it than like the last one."""
    if len(lines) < BLOCK_PX + 2:
        return 0
    distances = np.abs(lines[1:].astype(np.float64) - float(lines[0].mean())).mean(axis=1)
    return int(np.argmax(distances > SMEARED * distances[-1]))
