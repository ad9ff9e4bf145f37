"""Sentences beside the tables of Compare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.display.comparison_wording import base_rates, missing_intervals
from core.evaluation.comparison import Answers
from core.evaluation.measures import Measured


def test_always_the_same_answer_stands_beside_every_model(answers: Answers) -> None:
    images, ill = answers.labels.size, int(answers.labels.sum())
    said = base_rates(answers)
    assert f"wrong on {images - ill} of these {images} images, never answering it on {ill}." in said
    nobody = base_rates(replace(answers, thresholds=np.full(len(answers.entrants), 2.0)))
    assert (
        "No better than the better of the two: VGG16; " in nobody
        if ill <= images - ill
        else "VGG16" not in nobody
    )
    perfect = replace(
        answers, scores=np.repeat(answers.labels[:, None].astype(float), len(answers.entrants), 1)
    )
    assert base_rates(replace(perfect, thresholds=np.full(len(answers.entrants), 0.5))).endswith(
        "Every model does better."
    )


def test_images_of_one_class_have_no_base_rate_to_beat(answers: Answers) -> None:
    ill = np.flatnonzero(answers.labels == 1)
    alone = replace(answers, labels=answers.labels[ill], scores=answers.scores[ill])
    assert base_rates(alone).endswith("They are all of one class.")


def test_what_has_no_interval_is_named() -> None:
    whole = Measured(np.array([0.9, 0.8]), np.array([0.8, 0.7]), np.array([1.0, 0.9]))
    faultless = Measured(np.array([1.0, 0.8]), np.array([np.nan, 0.7]), np.array([np.nan, 0.9]))
    unknown = Measured(*np.full((3, 2), np.nan))
    assert missing_intervals({"accuracy": whole, "mcc": unknown}) == ""
    said = missing_intervals({"accuracy": whole, "roc_auc": faultless, "f1": faultless})
    assert said.startswith("Some figures of ROC AUC and F1 have no interval:")
    said = missing_intervals({"ece": faultless, "f1": faultless})
    assert "Calibration error (ECE) has no interval: drawing" in said and said.startswith(
        "Some figures of F1"
    )
