"""Calibrating third answers with MAPIE: class by class, on images that nothing else was fitted to."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from core.evaluation.predictions import Predictions
from core.models.third_answer import ERROR_RATES, ThirdAnswer, calibrates
from core.vocabulary import TASK


def fit_third_answers(predictions: Predictions) -> dict[str, list[ThirdAnswer]]:
    """Calibrates every model of a bundle on one half of the test split's patients.

    Validation images fit thresholds and the ensemble; of the test split nothing else is fitted, and its other
    half measures.

    Args:
        predictions: The bundle's.

    Returns:
        By model; empty where that half lacks a class.
    """
    task = (predictions.split == "test") & np.isin(predictions.label, TASK)
    half = np.array([calibrates(str(group)) for group in predictions.group], dtype=bool)
    chosen = predictions.take(np.flatnonzero(task & half))
    labels = chosen.label == "covid"
    if not labels.any() or labels.all():
        return {}
    return {
        model: calibrate_answers(chosen.scores[:, column], labels)
        for column, model in enumerate(predictions.thresholds)
    }


def calibrate_answers(
    scores: NDArray[np.floating], labels: NDArray[np.bool_], error_rates: Sequence[float] = ERROR_RATES
) -> list[ThirdAnswer]:
    """When a model may answer, one an error rate.

    Args:
        scores: (n,), P(COVID-19) of images that calibrate it.
        labels: (n,), whether an image shows COVID-19.
        error_rates: Of each class.
    """
    covid, normal = scores[labels], scores[~labels]
    return [
        ThirdAnswer(
            error_rate=rate,
            covid_from=_least_plausible(covid, 1, rate),
            normal_to=_most_plausible(normal, rate),
            covid_images=len(covid),
            normal_images=len(normal),
        )
        for rate in error_rates
    ]


class _Told(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier whose input is its answer: the probability of one class."""

    def __init__(self, label: int) -> None:
        self.label = label
        self.classes_ = np.array([0, 1])

    def fit(self, inputs: Any, labels: Any) -> _Told:
        """Nothing is left to learn."""
        return self

    def predict(self, inputs: NDArray[np.floating]) -> NDArray[np.int64]:
        """The likelier class, (n,)."""
        return np.asarray(self.predict_proba(inputs).argmax(axis=1))

    def predict_proba(self, inputs: NDArray[np.floating]) -> NDArray[np.floating]:
        """(n, 2)."""
        return np.column_stack([1 - inputs[:, 0], inputs[:, 0]][:: 1 if self.label else -1])


def _most_plausible(normal: NDArray[np.floating], rate: float) -> float:
    """The highest P(COVID-19) at which normal images still get normal into their set."""
    least = _least_plausible(1 - normal, 0, rate)
    return float(normal[1 - normal >= least].max()) if least else 1.0


def _least_plausible(shares: NDArray[np.floating], label: int, rate: float) -> float:
    """The least probability of their own class at which images of that class still get it into their set."""
    from mapie.classification import SplitConformalClassifier

    if len(shares) <= max(1 / rate, 1 / (1 - rate)):  # too few to exclude anything
        return 0.0
    conformal = SplitConformalClassifier(_Told(label), confidence_level=1 - rate, prefit=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is but one class, which is what is wanted
        conformal.conformalize(shares[:, np.newaxis], np.full(len(shares), label))
        asked = np.append(np.unique(shares), 0.0)
        _, sets = conformal.predict_set(asked[:, np.newaxis])
    return float(asked[sets[:, label, 0]].min())
