"""A row on the page: short, complete, and nothing of its answers before a guess."""

from __future__ import annotations

from core.batch.shown import WAITING, progress_words, shown_row, summary_words
from core.models.backbones import BACKBONES

FIRST, SECOND = BACKBONES[:2]
CELLS = {
    "status": "answered",
    "gate": "a frontal chest radiograph (0.99 sure)",
    "ensemble_probability": 0.91234,
    "ensemble_positive": True,
    f"{FIRST.key}_probability": 0.25,
    f"{FIRST.key}_positive": False,
    "finding:Effusion": 0.7,
    "finding:Pleural_Thickening": 0.9,
    "finding:Mass": 0.49,
    "finding_logit:Mass": 3.0,
    "extent": 3.456,
    "extent_error": 1.1,
}


def test_a_row_has_the_strongest_findings_and_leaves_empty_what_nobody_knows() -> None:
    row = shown_row(CELLS, ["Look again."], [FIRST, SECOND], hidden=False)
    assert row["ensemble"] == {"probability": 0.91234, "positive": True}
    assert row["backbones"] == [{"probability": 0.25, "positive": False}, None]
    assert row["findings"] == "Pleural Thickening 0.90, Effusion 0.70" and row["strongest"] == 0.9
    assert row["scores"] == [{"value": 3.46, "error": 1.1}, None]
    assert row["gate"] == CELLS["gate"] and row["notes"] == ["Look again."]


def test_nothing_of_the_answers_is_in_a_row_that_waits_for_a_guess() -> None:
    row = shown_row(CELLS, ["Unlike the training data."], [FIRST], hidden=True)
    assert row == {"status": "answered", "gate": CELLS["gate"], "said": None, "hidden": True}


def test_a_row_without_an_answer_says_why() -> None:
    row = shown_row({"status": "unreadable", "error": "Damaged."}, (), [FIRST], hidden=False)
    assert row["said"] == "Damaged." and "ensemble" not in row
    assert set(WAITING) <= set(row)


def test_progress_and_outcome_in_words() -> None:
    assert progress_words(12, 60, 8.4) == "12 of 60 files, 8 s left"
    assert progress_words(0, 2, None) == "0 of 2 files"
    rows = [{"status": "answered"}, {"status": "refused"}, {"status": "answered"}]
    assert summary_words(rows) == "3 files: 2 answered, 1 refused by the gate"
