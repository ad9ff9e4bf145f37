"""Fitting SVMs for a bundle: every validation image helps to fit, and none is scored by weights that saw it.

Weights, calibration and threshold all come from the same images, cross-fitted: the sigmoid and the threshold
are set on decision values of images whose patients the SVM that gave them has not seen (Platt 1999,
"Probabilistic outputs for support vector machines", section 2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from core.errors import DataError
from core.evaluation.metrics import Evaluation, evaluate, roc_auc, youden_threshold
from core.models.ensemble import FEATURES, Ensemble, assemble, calibrate, fit

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

C_GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # a decade and a half either side of the study's 0.5
FOLDS = 5  # fewer where a class has fewer groups
DRAWS = 5  # of the folds, whose chance would otherwise move the threshold


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
class SvmFit:
    """A fitted SVM and how it was arrived at.

    Attributes:
        classifier: The pipeline, for `core.models.ensemble_files.save`.
        svm: The same with its sigmoid and its threshold, ready to decide.
        c: The regularisation.
        held_out: On the images that it was fitted to, each by a fit that had not seen its patient.
    """

    classifier: Pipeline
    svm: Ensemble
    c: float
    held_out: Evaluation


@dataclass(frozen=True, eq=False)
class EnsembleFit:
    """The fit that ships, and what chose it.

    Attributes:
        fit: The SVM with the regularisation chosen.
        search: ROC AUC of the held-out decision values, for each C tried.
        test: On the part that nothing was fitted to; None without one.
    """

    fit: SvmFit
    search: tuple[tuple[float, float], ...]
    test: Evaluation | None


def fit_ensemble(
    validation: Part, test: Part | None = None, *, grid: Sequence[float] = C_GRID, seed: int = 0
) -> EnsembleFit:
    """Fits the SVM to validation images, with the regularisation that does best on patients held out.

    Args:
        validation: Fits weights, C, sigmoid and threshold (Youden).
        test: Fits nothing.
        grid: Values of C to try; of equally good ones (ROC AUC to four digits) the smallest is taken.
        seed: Of the folds and the bootstrap intervals.

    Raises:
        DataError: If a part lacks a class, holds others than its finite features an image, or leaves
            too few groups to cross-fit.
    """
    for name, part in {"validation": validation, **({"test": test} if test else {})}.items():
        _check(name, part)
    # Finer differences are noise, and would choose C.
    search = tuple(
        (c, round(roc_auc(validation.labels, _held_out_values(validation, c, seed)), 4)) for c in sorted(grid)
    )
    c = max(search, key=lambda tried: tried[1])[0]
    fitted = cross_fit(validation, c, seed=seed)
    return EnsembleFit(fitted, search, _evaluate(fitted.svm, test, seed) if test else None)


def cross_fit(part: Part, c: float, *, seed: int = 0) -> SvmFit:
    """Fits an SVM to all of a part; sigmoid and threshold come from fits that leave each patient out once.

    Raises:
        DataError: As for `fit_ensemble`.
    """
    _check("validation", part)
    values = _held_out_values(part, c, seed)
    sigmoid = calibrate(values, part.labels)
    probabilities = sigmoid.probabilities(values)
    threshold = youden_threshold(part.labels, probabilities)
    classifier = fit(part.features, part.labels, c)
    svm = assemble(classifier, sigmoid, threshold, part.inputs)
    held_out = evaluate(part.labels, probabilities, threshold, part.groups, seed=seed)
    return SvmFit(classifier, svm, c, held_out)


def _held_out_values(part: Part, c: float, seed: int) -> NDArray[np.float64]:
    """(n,): each image's decision value by fits that have not seen its patient, over several draws."""
    values = np.zeros(len(part.labels))
    for draw in range(DRAWS):
        for kept, held_out in _folds(part, seed + draw):
            fitted = fit(part.features[kept], part.labels[kept], c)
            values[held_out] += fitted.decision_function(part.features[held_out]) / DRAWS
    return values


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


def _folds(part: Part, seed: int) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Rows to fit to and rows held out, of whole patients: each row is held out once."""
    smallest = min(len(np.unique(part.groups[part.labels == label])) for label in (0, 1))
    if smallest < 2:
        raise DataError("The validation images have a class with a single patient; add patients to it.")
    splitter = StratifiedGroupKFold(min(FOLDS, smallest), shuffle=True, random_state=seed)
    folds = list(splitter.split(part.features, part.labels, part.groups))
    if any(len(np.unique(part.labels[kept])) < 2 for kept, _ in folds):
        raise DataError("The validation images have too few patients to cross-fit; add some.")
    return folds


def _evaluate(ensemble: Ensemble, part: Part, seed: int) -> Evaluation:
    probabilities = ensemble.probabilities(part.features)
    return evaluate(part.labels, probabilities, ensemble.threshold, part.groups, seed=seed)
