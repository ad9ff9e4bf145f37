"""Which model, on which images, with which operating point: what the comparison page compares.

Everything is computed from a table of predictions, the bundle's or that of somebody's own images. Besides the
backbones and the bundle's SVM there are the study's two smaller SVMs, which the bundle holds too, and three
simple baselines, whose operating points come from the bundle's validation images.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.evaluation.metrics import roc_auc, youden_threshold
from core.evaluation.predictions import Predictions
from core.models.backbones import BACKBONE_BY_KEY
from core.models.ensemble import Ensemble, Floats, input_names
from core.models.findings import op_norm, sigmoid
from core.vocabulary import ENSEMBLE, TASK, Label

Negatives = Literal["normal", "pneumonia", "other", "both", "all"]
Scorer = Callable[[Predictions], Floats]
NEGATIVES: dict[Negatives, tuple[Label, ...]] = {
    "normal": ("normal",),
    "pneumonia": ("pneumonia",),
    "other": ("other",),
    "both": ("normal", "pneumonia"),
    "all": ("normal", "pneumonia", "other"),
}
# What is compared besides the backbones, by key, with its name for people.
OTHERS = {
    ENSEMBLE: "Ensemble",
    "svm_probabilities": "SVM, probabilities",
    "svm_findings": "SVM, findings",
    "mean": "Mean of backbones",
    "vote": "Majority vote",
    "best": "Best single",
}
NO_SVMS = (
    "This bundle lacks the study's two smaller SVMs: it is older than they are, or its validation images did "
    "not suffice; `python -m train upgrade` adds them where it can."
)


@dataclass(frozen=True)
class Entrant:
    """A model to compare.

    Attributes:
        key: A backbone's key, or of `OTHERS`.
        name: For people.
        kind: What it is.
        threshold: Its own operating point, chosen on validation images.
        score: P(COVID-19) in [0, 1] of every row of a table, (n,).
        same_as: The entrant whose scores these are; None for its own.
    """

    key: str
    name: str
    kind: Literal["backbone", "SVM", "baseline"]
    threshold: float
    score: Scorer
    same_as: str | None = None


@dataclass(frozen=True)
class Question:
    """What is asked of the models.

    Attributes:
        split: Of the table; None for all rows.
        sources: Only these; none for all.
        negatives: What COVID-19 is to be told from.
        threshold: One operating point for all; None for each model's own.
    """

    split: str | None
    sources: tuple[str, ...] = ()
    negatives: Negatives = "normal"
    threshold: float | None = None


@dataclass(frozen=True, eq=False)
class Answers:
    """What all entrants said about the images of a question.

    Attributes:
        entrants: In the order of the columns.
        rows: (n,): which rows of the table these are.
        labels: (n,): 1 for COVID-19.
        groups: (n,): patients.
        scores: (n, entrants), P(COVID-19) in [0, 1].
        thresholds: (entrants,): the operating points asked for.
    """

    entrants: tuple[Entrant, ...]
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    groups: NDArray[np.str_]
    scores: Floats
    thresholds: Floats

    @property
    def called(self) -> NDArray[np.bool_]:
        """(n, entrants): read as COVID-19."""
        return np.asarray(self.scores >= self.thresholds)


def enter(
    predictions: Predictions, operating_points: Sequence[float], svms: Mapping[str, Ensemble]
) -> tuple[tuple[Entrant, ...], str]:
    """All models that a bundle lets compare.

    Args:
        predictions: The bundle's, validation images among them.
        operating_points: One a finding, of its findings network.
        svms: The smaller SVMs that it holds, by key.

    Returns:
        The entrants, backbones first; and why some are missing, in a sentence, or nothing.
    """
    backbones = [_backbone(column, predictions) for column in range(len(predictions.backbones))]
    whole = Entrant(
        ENSEMBLE, OTHERS[ENSEMBLE], "SVM", predictions.thresholds[ENSEMBLE], _column(len(backbones))
    )
    entrants = [*backbones, whole, *(_svm(key, svm, operating_points) for key, svm in svms.items())]
    task = np.isin(predictions.label, TASK) & (predictions.split == "val")
    validation = predictions.take(np.flatnonzero(task))
    try:
        entrants += [_mean(validation), _vote(), _best(backbones, validation)]
    except DataError as error:
        return tuple(entrants), f"The baselines cannot be set to the validation images: {error}"
    return tuple(entrants), "" if svms else NO_SVMS


def _column(column: int) -> Scorer:
    return lambda predictions: predictions.scores[:, column]


def _backbone(column: int, predictions: Predictions) -> Entrant:
    backbone = BACKBONE_BY_KEY[predictions.backbones[column]]
    threshold = predictions.thresholds[backbone.key]
    return Entrant(backbone.key, backbone.name, "backbone", threshold, _column(column))


def backbone_scores(predictions: Predictions) -> Floats:
    """(n, backbones): the probabilities of the backbones alone."""
    return predictions.scores[:, : len(predictions.backbones)]


def inputs(predictions: Predictions, operating_points: Sequence[float]) -> Floats:
    """What an SVM may be given of every row of a table, (n, inputs), in the order of `input_names`."""
    scores = op_norm(sigmoid(predictions.findings), operating_points)
    return np.concatenate([backbone_scores(predictions), scores], axis=1)


def _svm(key: str, svm: Ensemble, operating_points: Sequence[float]) -> Entrant:
    def score(predictions: Predictions) -> Floats:
        names = input_names(predictions.backbones, predictions.finding_names)
        columns = [names.index(name) for name in svm.inputs]
        return svm.probabilities(inputs(predictions, operating_points)[:, columns])

    return Entrant(key, OTHERS[key], "SVM", svm.threshold, score)


def _mean(validation: Predictions) -> Entrant:
    def score(predictions: Predictions) -> Floats:
        return np.asarray(backbone_scores(predictions).mean(axis=1))

    threshold = youden_threshold(validation.label == "covid", score(validation))
    return Entrant("mean", OTHERS["mean"], "baseline", threshold, score)


def _vote() -> Entrant:
    """The share of backbones that read an image as COVID-19, each at its own operating point."""

    def score(predictions: Predictions) -> Floats:
        return np.asarray(predictions.called[:, : len(predictions.backbones)].mean(axis=1))

    return Entrant("vote", OTHERS["vote"], "baseline", 0.5, score)


def _best(backbones: Sequence[Entrant], validation: Predictions) -> Entrant:
    areas = [roc_auc(validation.label == "covid", each.score(validation)) for each in backbones]
    best = backbones[int(np.argmax(areas))]
    name = f"{OTHERS['best']} ({best.name})"
    return Entrant("best", name, "baseline", best.threshold, best.score, same_as=best.key)


def ask(question: Question, predictions: Predictions, entrants: Sequence[Entrant]) -> Answers:
    """What the entrants say about the images that a question names.

    Args:
        question: Which images, and which operating point.
        predictions: The table.
        entrants: From `enter`.

    Raises:
        DataError: If there is no such image.
    """
    asked = np.isin(predictions.label, ("covid", *NEGATIVES[question.negatives]))
    if question.split is not None:
        asked &= predictions.split == question.split
    if question.sources:
        asked &= np.isin(predictions.source, question.sources)
    rows = np.flatnonzero(asked)
    if not rows.size:
        raise DataError("There are no such images in this table; choose another split, source or class.")
    table = predictions.take(rows)
    own = np.array([each.threshold for each in entrants])
    return Answers(
        entrants=tuple(entrants),
        rows=rows,
        labels=(table.label == "covid").astype(np.int64),
        groups=table.group,
        scores=np.stack([each.score(table) for each in entrants], axis=1),
        thresholds=own if question.threshold is None else np.full(len(entrants), question.threshold),
    )
