"""Single images: what a model decided of them, its most confident mistakes, and their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.evaluation.comparison import Answers
from core.evaluation.predictions import Predictions
from core.models.ensemble import Floats
from core.vocabulary import Label

MAX_MISTAKES = 8  # shown at once


@dataclass(frozen=True)
class DecidedImage:
    """An image and what a model decided of it.

    Attributes:
        path: Relative to the data folder.
        source: Its collection, as people call it.
        label: "covid", "normal", "pneumonia" or "other".
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

    @property
    def is_right(self) -> bool:
        """Whether the model decided it rightly."""
        return (self.score >= self.threshold) == (self.label == "covid")


def sureness(scores: Floats, threshold: float) -> Floats:
    """How far scores, (n,), lie from an operating point, in [0, 1] of the room on their side of it.

    A score of 0.1 is surer of "normal" at an operating point of 0.6 than at one of 0.12.
    """
    room = np.where(scores >= threshold, 1 - threshold, threshold)
    return np.asarray(np.abs(scores - threshold) / np.maximum(room, 1e-9))


def surest_first(answers: Answers, column: int, chosen: NDArray[np.bool_]) -> tuple[int, ...]:
    """Which of the answers' images were chosen, (n,), the farthest from a model's operating point first.

    Args:
        answers: Of the models.
        column: The model's.
        chosen: (n,), whether each image is one of them.
    """
    places = np.flatnonzero(chosen)
    sure = sureness(answers.scores[places, column], float(answers.thresholds[column]))
    return tuple(places[np.argsort(-sure, kind="stable")].tolist())


def find_mistakes(answers: Answers, model: str) -> tuple[int, ...]:
    """Places, among the answers' images, of those that a model decided wrongly, the surest first.

    Args:
        answers: Of the models.
        model: The key of one.
    """
    column = [each.key for each in answers.entrants].index(model)
    return surest_first(answers, column, answers.called[:, column] != (answers.labels == 1))


def decided_images(
    predictions: Predictions,
    answers: Answers,
    model: str,
    places: Sequence[int],
    name_of: Callable[[str], str] = str,
) -> tuple[DecidedImage, ...]:
    """What a model decided of some images.

    Args:
        predictions: The table that was asked.
        answers: Of its models.
        model: The key of one.
        places: Of the images among those of the answers.
        name_of: What people call a source, by its key in the table.
    """
    column = [each.key for each in answers.entrants].index(model)
    err = answers.called[:, : len(predictions.backbones)] != (answers.labels == 1)[:, None]
    return tuple(
        DecidedImage(
            path=str(predictions.path[answers.rows[place]]),
            source=name_of(str(predictions.source[answers.rows[place]])),
            label=cast(Label, str(predictions.label[answers.rows[place]])),
            score=float(answers.scores[place, column]),
            threshold=float(answers.thresholds[column]),
            wrong=int(err[place].sum()),
            backbones=len(predictions.backbones),
        )
        for place in places
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
