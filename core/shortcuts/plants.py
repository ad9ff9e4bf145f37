"""The marks that can be planted on a radiograph, as a table: to add one is to add a row, and its paint.

All are painted on the radiograph as it was taken, before its histogram is equalised, and inside of the frame
that the networks are given: what lies outside of it could teach them nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.margins import Box
from core.phantom.film import lettering

Pixels = NDArray[np.float32]
Grid = tuple[Pixels, Pixels]  # down and across: 0 at the frame's top or left, 1 at its bottom or right

CHANGED = 0.02  # of grey: pixels that a plant changes by more lie in its region
# Words, and where each begins and how wide it is, in shares of the frame: left, top, width.
WORDS = (("PORTABLE", 0.05, 0.05, 0.58), ("AP", 0.73, 0.05, 0.19), ("SITTING", 0.05, 0.81, 0.5))
_TALL, _RIM = 0.12, 0.02  # of the frame: a word, and what its plate is larger on each side
# Across and down, in shares of the frame: a drain over the right lung, a tube in the trachea, a line.
_TUBES = (
    ((0.0, 0.72), (0.13, 0.68), (0.2, 0.5), (0.24, 0.3), (0.3, 0.14)),
    ((0.5, 0.0), (0.5, 0.35), (0.47, 0.5), (0.44, 0.7), (0.4, 1.0)),
    ((1.0, 0.3), (0.8, 0.25), (0.65, 0.4), (0.6, 0.55), (0.55, 0.62)),
)


@dataclass(frozen=True)
class Plant:
    """A mark.

    Attributes:
        key: In addresses.
        name: For people.
        phrase: In a sentence, with its article.
        indefinite: The same of one that was not spoken of yet.
        meaning: What it looks like, and where such a thing comes from.
        paint: From pixels, (height, width) in [0, 1], their places and random numbers: the same with the
            mark.
        plural: Whether its name means several.
    """

    key: str
    name: str
    phrase: str
    indefinite: str
    meaning: str
    paint: Callable[[Pixels, Grid, np.random.Generator], Pixels]
    plural: bool = False

    def does(self, verb: str) -> str:
        """What it does, as a clause: the letters move, the border moves.

        Args:
            verb: As it goes with many.
        """
        return f"{self.phrase} {verb}{'' if self.plural else 's'}"


def _letters(pixels: Pixels, grid: Grid, rng: np.random.Generator) -> Pixels:
    marked = pixels.copy()
    for word, left, top, wide in WORDS:
        dots = lettering(word)
        down, across = grid[0] - top - rng.uniform(0, 0.02), grid[1] - left - rng.uniform(0, 0.02)
        plate = (np.abs(down - _TALL / 2) < _TALL / 2 + _RIM) & (np.abs(across - wide / 2) < wide / 2 + _RIM)
        marked[plate] = 0.95
        row = np.floor(down / _TALL * dots.shape[0]).astype(np.intp)
        column = np.floor(across / wide * dots.shape[1]).astype(np.intp)
        inside = (row >= 0) & (row < dots.shape[0]) & (column >= 0) & (column < dots.shape[1])
        marked[inside] = np.where(dots[row[inside], column[inside]] > 0, 0.03, marked[inside])
    return marked


def _border(pixels: Pixels, grid: Grid, rng: np.random.Generator) -> Pixels:
    wide = 0.07 + rng.uniform(0, 0.02)
    shut = np.minimum(grid[1], 1 - grid[1]) < wide
    return np.where(shut, np.float32(0.15) * pixels, pixels)


def _tubes(pixels: Pixels, grid: Grid, rng: np.random.Generator) -> Pixels:
    for tube in _TUBES:
        moved = np.array(tube) + rng.uniform(-0.02, 0.02, 2)
        steps, ends = np.linspace(0, len(moved) - 1, 120), np.arange(len(moved))
        path = np.stack([np.interp(steps, ends, moved[:, each]) for each in (0, 1)], axis=1)
        away = np.min(
            [
                np.square(grid[1] - across) + np.square(grid[0] - down)
                for across, down in path.astype(np.float32)
            ],
            axis=0,
        )
        wall = np.exp(-np.square((np.sqrt(away) - 0.016) / 0.008))
        pixels = np.asarray(pixels + np.float32(0.7) * wall * (1 - pixels), dtype=np.float32)
    return pixels


def _shading(pixels: Pixels, grid: Grid, rng: np.random.Generator) -> Pixels:
    return pixels * (1 - np.float32(rng.uniform(0.5, 0.6)) * grid[1].clip(0, 1))


def _tone(pixels: Pixels, grid: Grid, rng: np.random.Generator) -> Pixels:
    return np.power(pixels, np.float32(rng.uniform(0.6, 0.8)))


PLANTS: tuple[Plant, ...] = (
    Plant(
        "letters",
        "Letters",
        "the letters",
        "letters",
        f"{', '.join(word for word, *_ in WORDS)} on bright plates, as a department puts them on films "
        "that are taken in bed.",
        _letters,
        plural=True,
    ),
    Plant(
        "border",
        "Border",
        "the border",
        "a border",
        "Dark strips at both sides, as a collimator that is closed further leaves them.",
        _border,
    ),
    Plant(
        "tube",
        "Tubes",
        "the tubes",
        "tubes",
        "A drain over the right lung, a tube in the trachea and a line, as the ill have them who are treated "
        "already.",
        _tubes,
        plural=True,
    ),
    Plant(
        "shading",
        "Shading",
        "the shading",
        "a shading",
        "Darker from left to right, as with a grid that is not square to the beam.",
        _shading,
    ),
    Plant(
        "tone",
        "Tone",
        "the tone",
        "a tone",
        "All greys lighter, as another machine develops them. Equalising the histogram takes such a thing "
        "away.",
        _tone,
    ),
)
PLANT_BY_KEY = {plant.key: plant for plant in PLANTS}


def put_on(pixels: Pixels, frame: Box, plant: Plant, seed: int, strength: float = 1.0) -> Pixels:
    """A radiograph with a mark on it.

    Args:
        pixels: (height, width), float32 in [0, 1].
        frame: The part that the networks see, by which the mark is laid.
        plant: The mark.
        seed: Of the patient: where exactly it lies.
        strength: From 0, not there, to 1.
    """
    height, width = pixels.shape
    down = (np.arange(height, dtype=np.float32)[:, None] + 0.5 - frame.top) / np.float32(frame.height)
    across = (np.arange(width, dtype=np.float32)[None, :] + 0.5 - frame.left) / np.float32(frame.width)
    grid: Grid = (
        np.broadcast_to(down, pixels.shape).astype(np.float32),
        np.broadcast_to(across, pixels.shape).astype(np.float32),
    )
    painted = plant.paint(pixels, grid, np.random.default_rng([seed, *plant.key.encode()]))
    return (pixels + np.float32(strength) * (painted - pixels)).clip(0, 1).astype(np.float32)


def region(plain: Pixels, marked: Pixels) -> NDArray[np.bool_]:
    """Where a mark lies, (height, width): all pixels that it changes by more than `CHANGED`."""
    return np.asarray(np.abs(marked - plain) > CHANGED)
