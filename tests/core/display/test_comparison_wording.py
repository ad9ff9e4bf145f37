"""Sentences beside the tables of Compare."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.display.comparison_wording import base_rates
from core.evaluation.comparison import Answers


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
