"""RISE: random halves of the picture are shown, and what was visible when the answer was high is hot.

Petsiuk et al. 2018, "RISE: Randomized Input Sampling for Explanation of Black-box Models", arXiv:1806.07421.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.explain.method import Step
from core.explain.subject import FILL, Subject

MASKS = 240
CELLS = 7  # a side of a mask, before it is enlarged and moved
VISIBLE = 0.5  # share of the cells
MAP_PX = 28
SEED = 0


def rise(subject: Subject) -> Iterator[Step]:
    """Shows random parts and asks again.

    A map of the paper's is the mean answer while a place was visible. Here the mean over all masks is taken
    off, which every place has in common: above it, showing the place raised the logit.

    Args:
        subject: Whom to ask about what.

    Yields:
        After each answer; heat is at least 0.
    """
    random, side = np.random.default_rng(SEED), len(subject.seen)
    weighted, shown, total = (np.zeros((MAP_PX, MAP_PX)) for _ in range(3))
    sum_of_scores = 0.0
    for number in range(1, MASKS + 1):
        mask = random_mask(random, side)
        score = subject.score(subject.seen * mask + FILL * (1 - mask))
        small = np.asarray(Image.fromarray(mask).resize((MAP_PX, MAP_PX), Image.Resampling.BOX))
        weighted += score * small
        shown += small
        sum_of_scores += score
        total = weighted / np.maximum(shown, 1e-9) - sum_of_scores / number
        yield Step(number, MASKS, np.maximum(total, 0).astype(np.float32))


def random_mask(random: np.random.Generator, side: int) -> NDArray[np.float32]:
    """A smooth mask, (side, side), float32 in [0, 1]: 1 is visible.

    Args:
        random: What draws it.
        side: Of the picture, in pixels.
    """
    cell = -(-side // CELLS)
    grid = (random.random((CELLS + 1, CELLS + 1)) < VISIBLE).astype(np.float32)
    large = ((CELLS + 1) * cell, (CELLS + 1) * cell)
    smooth = np.asarray(Image.fromarray(grid).resize(large, Image.Resampling.BILINEAR))
    top, left = random.integers(0, cell, 2)
    return np.ascontiguousarray(smooth[top : top + side, left : left + side])
