"""Occlusion: a grey patch slides over the picture, and where the answer falls there is heat.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", arXiv:1311.2901, section 4.2.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.explain.method import Step
from core.explain.subject import FILL, Subject

CELLS = 14  # a side of the map
PATCH = 2  # cells a side of the patch, which moves by one


def occlusion(subject: Subject) -> Iterator[Step]:
    """Covers each place and asks again; far places come first, so that an early stop has seen all regions.

    Args:
        subject: Whom to ask about what.

    Yields:
        After each answer; the heat of a cell is how far the logit fell, on average over the patches that
        covered it, and 0 where it rose.
    """
    scores: list[tuple[tuple[int, int], NDArray[np.float64]]] = []
    places = patches(CELLS, PATCH)
    for number, (row, column) in enumerate(places, start=1):
        fall = subject.own_score - subject.score(covered(subject.seen, row, column))
        scores.append(((row, column), np.array([fall])))
        yield Step(number, len(places), np.maximum(mean_falls(scores)[..., 0], 0).astype(np.float32))


def patches(cells: int, patch: int) -> list[tuple[int, int]]:
    """Upper left cells of all patches: those that do not overlap first, then what lies between."""
    span = range(cells - patch + 1)
    return sorted(
        ((row, column) for row in span for column in span),
        key=lambda each: (bool(each[0] % patch) + bool(each[1] % patch), *each),
    )


def covered(seen: NDArray[np.float32], row: int, column: int) -> NDArray[np.float32]:
    """The picture, (size, size), with one patch in the middle grey.

    Args:
        seen: It.
        row: Of the patch's upper left cell.
        column: Of the same.
    """
    changed = seen.copy()
    top, left, bottom, right = (
        round(cell * len(seen) / CELLS) for cell in (row, column, row + PATCH, column + PATCH)
    )
    changed[top:bottom, left:right] = FILL
    return changed


def mean_falls(scores: list[tuple[tuple[int, int], NDArray[np.float64]]]) -> NDArray[np.float64]:
    """The mean over the patches that covered each cell.

    Args:
        scores: Upper left cell of each patch, and how far each of some answers fell under it.

    Returns:
        (cells, cells, answers); 0 where no patch has been yet.
    """
    total = np.zeros((CELLS, CELLS, scores[0][1].size))
    count = np.zeros((CELLS, CELLS, 1))
    for (row, column), fall in scores:
        place = np.s_[row : row + PATCH, column : column + PATCH]
        total[place] += fall
        count[place] += 1
    return total / np.maximum(count, 1)
