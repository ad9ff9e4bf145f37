"""Which model, on which images, with which operating point: what the comparison page compares.

Everything is computed from a table of predictions, the bundle's or that of somebody's own images. Besides the
five backbones and the bundle's SVM there are the study's two smaller SVMs and three simple baselines; what
they need is fitted to the bundle's validation images, as the bundle's own SVM is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.evaluation.metrics import roc_auc, youden_threshold
from core.evaluation.predictions import Predictions
from core.models.backbones import BACKBONES
from core.models.ensemble import FEATURES, Floats, assemble, calibrate, fit, validation_part
from core.models.ensemble import Calibration as Sigmoid
from core.models.findings import op_norm, sigmoid

Negatives = Literal["normal", "pneumonia", "both"]
Scorer = Callable[[Predictions], Floats]
FIVE = len(BACKBONES)
NEGATIVES: dict[Negatives, tuple[str, ...]] = {
    "normal": ("normal",),
    "pneumonia": ("pneumonia",),
    "both": ("normal", "pneumonia"),
}
OTHERS = {
    # name, colour, line style; all colours differ from the backbones' and from each other
    "ensemble": ("SVM, all 23", "#94A0AE", "solid"),
    "svm_probabilities": ("SVM, five probabilities", "#8FA8FF", "dash"),
    "svm_findings": ("SVM, 18 findings", "#B0875B", "dot"),
    "mean": ("Mean of five", "#A08CC8", "dashdot"),
    "vote": ("Majority vote", "#66717D", "longdash"),
    "best": ("Best single", "#FFFFFF", "longdashdot"),
}


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


def enter(predictions: Predictions, operating_points: Sequence[float]) -> tuple[tuple[Entrant, ...], str]:
    """All models that a bundle's table allows.

    Args:
        predictions: The bundle's, validation images among them.
        operating_points: 18, of its findings network.

    Returns:
        The entrants, backbones first; and why some are missing, in a sentence, or nothing.
    """
    entrants = [_backbone(column, predictions) for column in range(FIVE)]
    entrants.append(
        Entrant("ensemble", OTHERS["ensemble"][0], "SVM", predictions.thresholds["ensemble"], _column(FIVE))
    )
    task = np.isin(predictions.label, ("covid", "normal")) & (predictions.split == "val")
    validation = predictions.take(np.flatnonzero(task))
    try:
        entrants += [
            _svm("svm_probabilities", range(FIVE), validation, operating_points),
            _svm("svm_findings", range(FIVE, len(FEATURES)), validation, operating_points),
        ]
        entrants += [_mean(validation), _vote(), _best(entrants[:FIVE], validation)]
    except DataError as error:
        return tuple(entrants), f"The other models cannot be fitted to the validation images: {error}"
    return tuple(entrants), ""


def _column(column: int) -> Scorer:
    return lambda predictions: predictions.scores[:, column]


def _backbone(column: int, predictions: Predictions) -> Entrant:
    backbone = BACKBONES[column]
    threshold = predictions.thresholds[backbone.key]
    return Entrant(backbone.key, backbone.name, "backbone", threshold, _column(column))


def inputs(predictions: Predictions, operating_points: Sequence[float]) -> Floats:
    """The ensemble's inputs, (n, 23), of every row of a table."""
    scores = op_norm(sigmoid(predictions.findings), operating_points)
    return np.concatenate([predictions.scores[:, :FIVE], scores], axis=1)


def _svm(key: str, columns: range, validation: Predictions, operating_points: Sequence[float]) -> Entrant:
    """An SVM over some of the inputs, fitted as the bundle's is, with the study's C of 0.5."""
    chosen, labels = list(columns), (validation.label == "covid").astype(np.int64)
    held_out = np.array([validation_part(group) == "validation" for group in validation.group], dtype=bool)
    features = inputs(validation, operating_points)[:, chosen]
    if len(set(labels[~held_out])) < 2:
        raise DataError("they hold too few patients of one class; use another bundle.")
    classifier = fit(features[~held_out], labels[~held_out])
    raw = assemble(classifier, Sigmoid(1.0, 0.0), 0.5)
    svm = assemble(classifier, calibrate(raw.decision_values(features[held_out]), labels[held_out]), 0.5)
    threshold = youden_threshold(labels[held_out], svm.probabilities(features[held_out]))
    return Entrant(
        key,
        OTHERS[key][0],
        "SVM",
        threshold,
        lambda table: svm.probabilities(inputs(table, operating_points)[:, chosen]),
    )


def _mean(validation: Predictions) -> Entrant:
    def score(predictions: Predictions) -> Floats:
        return np.asarray(predictions.scores[:, :FIVE].mean(axis=1))

    threshold = youden_threshold(validation.label == "covid", score(validation))
    return Entrant("mean", OTHERS["mean"][0], "baseline", threshold, score)


def _vote() -> Entrant:
    """The share of backbones that read an image as COVID-19, each at its own operating point."""

    def score(predictions: Predictions) -> Floats:
        return np.asarray(predictions.called[:, :FIVE].mean(axis=1))

    return Entrant("vote", OTHERS["vote"][0], "baseline", 0.5, score)


def _best(backbones: Sequence[Entrant], validation: Predictions) -> Entrant:
    areas = [roc_auc(validation.label == "covid", each.score(validation)) for each in backbones]
    best = backbones[int(np.argmax(areas))]
    name = f"{OTHERS['best'][0]} ({best.name})"
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
