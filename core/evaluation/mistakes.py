"""The most confident mistakes of a model, and their files where the user has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from core.errors import DataError
from core.evaluation.comparison import Answers
from core.evaluation.predictions import Predictions
from core.vocabulary import Label

MAX_MISTAKES = 8  # shown at once


@dataclass(frozen=True)
class Mistake:
    """An image that a model decided wrongly.

    Attributes:
        path: Relative to the data folder.
        source: Its collection.
        label: "covid", "normal" or "pneumonia".
        score: P(COVID-19) as the model says.
        threshold: Its operating point.
        wrong: How many of the backbones decide it wrongly, the model itself among them if it is one.
        backbones: How many there are.
    """

    path: str
    source: str
    label: Label
    score: float
    threshold: float
    wrong: int
    backbones: int


def find_mistakes(
    predictions: Predictions, answers: Answers, model: str, limit: int = MAX_MISTAKES
) -> tuple[Mistake, ...]:
    """Images decided wrongly, the farthest from the operating point first.

    Args:
        predictions: The table that was asked.
        answers: Of its models.
        model: The key of one.
        limit: How many at most.
    """
    column = [each.key for each in answers.entrants].index(model)
    threshold = float(answers.thresholds[column])
    truth = answers.labels == 1
    wrong = np.flatnonzero(answers.called[:, column] != truth)
    scores = answers.scores[:, column]
    # A score of 0.1 is surer of "normal" at an operating point of 0.6 than at one of 0.12.
    room = np.where(scores >= threshold, 1 - threshold, threshold)
    sure = np.abs(scores - threshold) / np.maximum(room, 1e-9)
    err = answers.called[:, : len(predictions.backbones)] != truth[:, None]
    return tuple(
        Mistake(
            path=str(predictions.path[answers.rows[row]]),
            source=str(predictions.source[answers.rows[row]]),
            label=cast(Label, str(predictions.label[answers.rows[row]])),
            score=float(scores[row]),
            threshold=threshold,
            wrong=int(err[row].sum()),
            backbones=len(predictions.backbones),
        )
        for row in wrong[np.argsort(-sure[wrong], kind="stable")][:limit]
    )


def find_file(folder: Path, path: str) -> bytes | None:
    """An image of the data folder.

    Args:
        folder: The user's data folder.
        path: From a bundle's table: nobody vouches for it, so that it never leads out of the folder.

    Returns:
        The whole file; None where the folder does not hold it.

    Raises:
        DataError: If the path leads out of the folder.
    """
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise DataError(f"{path} lies outside the data folder; this bundle's table is not to be trusted.")
    return file.read_bytes() if file.is_file() else None
