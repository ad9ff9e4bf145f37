"""A row at another threshold, with every answer that hangs on it."""

from __future__ import annotations

from core.batch.columns import BatchRow
from core.batch.rows import at_threshold

ROW: BatchRow = {
    "status": "answered",
    "ensemble_probability": 0.4,
    "ensemble_threshold": 0.3,
    "ensemble_positive": True,
    "vgg16_probability": 0.6,
    "vgg16_threshold": 0.7,
    "vgg16_positive": False,
    "xception_probability": 0.5,
    "xception_threshold": 0.7,
    "xception_positive": False,
    "votes": 0,
    "spread": 0.1,
}


def test_a_moved_threshold_moves_every_decision_and_the_votes() -> None:
    moved = at_threshold(ROW, 0.5)
    changed = {name: value for name, value in moved.items() if value != ROW[name]}
    assert changed == {
        "ensemble_threshold": 0.5,
        "ensemble_positive": False,
        "vgg16_threshold": 0.5,
        "vgg16_positive": True,
        "xception_threshold": 0.5,
        "xception_positive": True,
        "votes": 2,
    }
    assert ROW["votes"] == 0 and at_threshold(ROW, None) is ROW


def test_where_there_is_no_answer_no_threshold_makes_one() -> None:
    assert at_threshold({"status": "unreadable", "error": "Damaged."}, 0.5) == {
        "status": "unreadable",
        "error": "Damaged.",
    }
