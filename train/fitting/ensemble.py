"""Fitting the ensemble for a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from core.errors import DataError
from core.evaluation.metrics import Evaluation, evaluate, roc_auc, youden_threshold
from core.models.ensemble import FEATURES, Ensemble, PlattSigmoid, assemble, calibrate, fit

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

C_GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # a decade and a half either side of the study's 0.5
FOLDS = 5  # fewer where a class has fewer groups


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the data.

    Attributes:
        features: (n, inputs), finite.
        labels: (n,), 1 for COVID-19 and 0 for normal.
        groups: (n,), whose images belong to one patient.
        inputs: Names of the features, as `core.models.ensemble.input_names` gives them.
    """

    features: NDArray[Any]
    labels: NDArray[Any]
    groups: NDArray[Any]
    inputs: tuple[str, ...] = FEATURES


@dataclass(frozen=True, eq=False)
class EnsembleFit:
    """A fitted ensemble and how it was arrived at.

    Attributes:
        classifier: The pipeline, for `core.models.ensemble_files.save`.
        calibration: Its sigmoid, for the same.
        ensemble: Both and the threshold, ready to decide.
        c: The regularisation chosen.
        search: Mean ROC AUC over grouped folds of the training part, for each C tried.
        train: On the part that it was fitted to.
        validation: On the part that calibration and threshold were fitted to.
        test: On the part that nothing was fitted to; None without one.
    """

    classifier: Pipeline
    calibration: PlattSigmoid
    ensemble: Ensemble
    c: float
    search: tuple[tuple[float, float], ...]
    train: Evaluation
    validation: Evaluation
    test: Evaluation | None


def fit_ensemble(
    train: Part,
    validation: Part,
    test: Part | None = None,
    *,
    grid: Sequence[float] = C_GRID,
    seed: int = 0,
) -> EnsembleFit:
    """Fits the SVM on one part, calibrates and sets its threshold on a second, reports on all.

    C is the smallest of those with the best mean ROC AUC (to four digits) over folds of whole groups.

    Args:
        train: Fits weights and C.
        validation: Fits the sigmoid and the threshold (Youden), nothing else.
        test: Fits nothing.
        grid: Values of C to try.
        seed: Of the folds and the bootstrap intervals.

    Raises:
        DataError: If a part lacks a class, holds others than its finite features an image, or leaves
            too few groups to cross-validate.
    """
    parts = {"training": train, "validation": validation} | ({"test": test} if test else {})
    for name, part in parts.items():
        _check(name, part)
    search = _search(train, sorted(grid), seed)
    c = max(search, key=lambda tried: tried[1])[0]
    classifier = fit(train.features, train.labels, c)
    uncalibrated = assemble(classifier, PlattSigmoid(1.0, 0.0), 0.5, train.inputs)
    calibration = calibrate(uncalibrated.decision_values(validation.features), validation.labels)
    probabilities = assemble(classifier, calibration, 0.5, train.inputs).probabilities(validation.features)
    threshold = youden_threshold(validation.labels, probabilities)
    ensemble = assemble(classifier, calibration, threshold, train.inputs)
    return EnsembleFit(
        classifier=classifier,
        calibration=calibration,
        ensemble=ensemble,
        c=c,
        search=search,
        train=_evaluate(ensemble, train, seed),
        validation=_evaluate(ensemble, validation, seed),
        test=_evaluate(ensemble, test, seed) if test else None,
    )


def _check(name: str, part: Part) -> None:
    if part.features.shape != (len(part.labels), len(part.inputs)) or len(part.groups) != len(part.labels):
        raise DataError(
            f"The {name} part has features of shape {part.features.shape} for {len(part.labels)} labels and "
            f"{len(part.groups)} groups; give one label, one group and {len(part.inputs)} features an image."
        )
    if not np.isfinite(part.features).all():
        raise DataError(f"The {name} part has features that are not finite; compute them again.")
    if set(np.unique(part.labels)) != {0, 1}:
        raise DataError(
            f"The {name} part needs images of both classes, labelled 0 and 1; add the missing ones."
        )


def _search(part: Part, grid: Sequence[float], seed: int) -> tuple[tuple[float, float], ...]:
    smallest = min(len(np.unique(part.groups[part.labels == label])) for label in (0, 1))
    if smallest < 2:
        raise DataError("The training part has a class with a single patient; add patients of that class.")
    splitter = StratifiedGroupKFold(min(FOLDS, smallest), shuffle=True, random_state=seed)
    splits = [
        split
        for split in splitter.split(part.features, part.labels, part.groups)
        if all(len(np.unique(part.labels[rows])) == 2 for rows in split)
    ]
    if not splits:
        raise DataError("The training part has too few patients of both classes to cross-validate; add some.")
    return tuple((c, _cross_validated_auc(part, c, splits)) for c in grid)


def _cross_validated_auc(part: Part, c: float, splits: Sequence[tuple[Any, Any]]) -> float:
    features, labels = part.features, part.labels
    folds = [
        roc_auc(labels[held_out], fit(features[kept], labels[kept], c).decision_function(features[held_out]))
        for kept, held_out in splits
    ]
    return round(float(np.mean(folds)), 4)  # finer differences are noise, and would choose C


def _evaluate(ensemble: Ensemble, part: Part, seed: int) -> Evaluation:
    probabilities = ensemble.probabilities(part.features)
    return evaluate(part.labels, probabilities, ensemble.threshold, part.groups, seed=seed)
