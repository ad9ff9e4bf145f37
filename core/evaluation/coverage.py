"""What third answers are worth: how often they are right or silent, how often silent, on each split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.evidence import task_splits
from core.evaluation.metrics import Interval, share_intervals
from core.evaluation.predictions import Predictions
from core.models.third_answer import ThirdAnswer, calibrates


@dataclass(frozen=True)
class Coverage:
    """One model's third answers on one split.

    Attributes:
        model: A backbone's key, or "ensemble".
        split: Of `HELD_OUT`; of the test split, only what did not calibrate.
        error_rate: What was asked for.
        images: How many.
        right_or_silent: Share whose answer is not the wrong class; one less the error rate was promised.
        right_or_silent_interval: 95 %, over patients.
        silent: Share answered with "cannot tell".
        silent_interval: 95 %, over patients.
    """

    model: str
    split: str
    error_rate: float
    images: int
    right_or_silent: float
    right_or_silent_interval: Interval
    silent: float
    silent_interval: Interval


def measure_coverage(
    predictions: Predictions, answers: Mapping[str, Sequence[ThirdAnswer]]
) -> tuple[Coverage, ...]:
    """Measures every model's third answers on every held-out split.

    Args:
        predictions: A bundle's.
        answers: Of each model, one an error rate.
    """
    return tuple(
        found
        for split, rows, labels in task_splits(predictions)
        for found in _on_split(predictions, answers, split, _measuring(predictions, split, rows, labels))
    )


def _measuring(
    predictions: Predictions, split: str, rows: NDArray[np.bool_], labels: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Rows of a split that calibrated nothing, and their truth."""
    places = np.flatnonzero(rows)
    if split != "test":
        return places, labels
    kept = np.array([not calibrates(str(group)) for group in predictions.group[places]], dtype=bool)
    return places[kept], labels[kept]


def _on_split(
    predictions: Predictions,
    answers: Mapping[str, Sequence[ThirdAnswer]],
    split: str,
    measured: tuple[NDArray[np.intp], NDArray[np.bool_]],
) -> Iterator[Coverage]:
    rows, labels = measured
    asked = [
        (model, each, judge_answers(predictions.scores[rows, column], labels, each))
        for column, model in enumerate(predictions.thresholds)
        for each in answers.get(model, ())
    ]
    if not asked or not len(rows):
        return
    judged = np.stack([part for _, _, both in asked for part in both], axis=1)
    intervals, means = share_intervals(judged, predictions.group[rows]), judged.mean(axis=0).tolist()
    for index, (model, each, _) in enumerate(asked):
        right, silent = means[2 * index : 2 * index + 2]
        right_interval, silent_interval = intervals[2 * index : 2 * index + 2]
        yield Coverage(
            model=model,
            split=split,
            error_rate=each.error_rate,
            images=len(rows),
            right_or_silent=right,
            right_or_silent_interval=right_interval,
            silent=silent,
            silent_interval=silent_interval,
        )


def judge_answers(
    scores: NDArray[np.floating], labels: NDArray[np.bool_], answer: ThirdAnswer
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of a model's answers are right or silent, and which are silent.

    Args:
        scores: (n,), P(COVID-19).
        labels: (n,), whether an image shows COVID-19.
        answer: When the model may answer.

    Returns:
        (n,) twice.
    """
    covid, silent = answer.judge(scores)
    return np.asarray(silent | (covid == labels)), silent
