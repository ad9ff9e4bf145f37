"""Marks from a browser: nothing in them is trusted, and what they cover is what was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.errors import MarksError
from core.marks import MAX_MARKS, MAX_POINTS, Mark, mask_of, read_marks

HALF = [[0.25, 0.25], [0.75, 0.75]]
BOX = {"kind": "box", "points": HALF, "width": 0, "erases": False}
STROKE = {"kind": "stroke", "points": [[0.1, 0.5], [0.9, 0.5]], "width": 0.1, "erases": False}


def test_marks_come_in_as_they_were_given() -> None:
    box, stroke = read_marks([BOX, STROKE])
    assert box == Mark(kind="box", points=((0.25, 0.25), (0.75, 0.75)))
    assert (stroke.width, stroke.erases) == (0.1, False)
    assert read_marks([]) == ()


@pytest.mark.parametrize(
    "given",
    [
        None,
        "box",
        {"kind": "box"},
        [None],
        [{**BOX, "kind": "circle"}],
        [{**BOX, "more": 1}],
        [{**BOX, "points": [[0.1, 0.2]]}],
        [{**BOX, "points": [*HALF, [0.5, 0.5]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3, 1.01]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3, -1e-9]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3, float("nan")]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3, float("inf")]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3, "0.5"]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3, True]]}],
        [{**BOX, "points": [[0.1, 0.2], [0.3]]}],
        [{**BOX, "points": "00"}],
        [{**BOX, "width": 0.1}],
        [{**BOX, "erases": True}],
        [{**BOX, "kind": "region"}],
        [{**BOX, "kind": "point"}],
        [{**STROKE, "points": []}],
        [{**STROKE, "width": 0.5}],
        [{**STROKE, "width": -0.1}],
        [{**STROKE, "erases": "yes"}],
        [{**STROKE, "points": [[0.5, 0.5]] * (MAX_POINTS + 1)}],
        [BOX] * (MAX_MARKS + 1),
    ],
)
def test_anything_else_is_refused_in_one_sentence(given: Any) -> None:
    with pytest.raises(MarksError, match=r"^The marks could not be read; draw them again\.$"):
        read_marks(given)


def covered(*marks: dict[str, Any], shape: tuple[int, int] = (100, 200)) -> np.ndarray:
    return mask_of(read_marks(list(marks)), shape)


def test_a_box_covers_its_inside_whichever_corner_came_first() -> None:
    mask = covered(BOX)
    assert mask.shape == (100, 200) and mask.sum() == 50 * 100
    assert mask[25:75, 50:150].all()
    assert np.array_equal(covered({**BOX, "points": [[0.75, 0.25], [0.25, 0.75]]}), mask)
    assert covered({**BOX, "points": [[0.0, 0.0], [1.0, 1.0]]}).all()


def test_a_region_covers_its_inside() -> None:
    triangle = {"kind": "region", "points": [[0, 0], [1, 0], [0, 1]]}
    mask = covered(triangle, shape=(100, 100))
    assert abs(int(mask.sum()) - 5000) <= 50
    assert mask[10, 10] and not mask[90, 90]


def test_a_stroke_is_as_wide_as_it_says_of_the_longer_side_and_round_at_its_ends() -> None:
    mask = covered(STROKE)  # 20 px of 200
    assert abs(int(mask[:, 100].sum()) - 20) <= 1 and mask[50, 11] and not mask[50, 8]
    assert not mask[41, 11]
    dot = covered({**STROKE, "points": [[0.5, 0.5]]})
    assert abs(int(dot.sum()) - np.pi * 100) < 20
    edge = covered({**STROKE, "points": [[1.0, 1.0]]})
    assert edge[99, 199] and 0 < edge.sum() < 100


def test_strokes_take_away_what_was_drawn_before_and_not_what_comes_after() -> None:
    erasing = {**STROKE, "erases": True}
    assert covered(BOX, erasing).sum() < covered(BOX).sum()
    assert not covered(BOX, erasing)[50, 100] and covered(erasing, BOX)[50, 100]
    assert not covered(erasing).any()


def test_a_point_covers_nothing() -> None:
    assert not covered({"kind": "point", "points": [[0.5, 0.5]]}).any()
