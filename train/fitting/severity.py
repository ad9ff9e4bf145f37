"""Severity: extent and opacity from the findings network's raw outputs, fitted to radiologists' scores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import DataError
from core.models.bundle.manifest import SeverityFit
from core.vocabulary import FINDINGS, FIRST_FINDINGS

ALPHAS = tuple(10.0 ** np.arange(-1, 5.5, 0.5))  # from hardly any shrinkage to nearly the mean
FOLDS = 5


def fit_severity(
    logits: NDArray[Any], scores: NDArray[Any], groups: NDArray[Any], maximum: float, *, seed: int = 0
) -> SeverityFit:
    """Fits a ridge regression of one score, and measures it on patients that it has not seen.

    The shrinkage is chosen by cross-validation over whole groups, inside every fold that measures the
    error as well as for the weights that ship, so that the error is not flattered by the choice.

    Args:
        logits: (n, findings), raw outputs in the order of `core.vocabulary.FINDINGS`.
        scores: (n,), in [0, maximum].
        groups: (n,), whose images belong to one patient; at least three.
        maximum: Of the scale, 8 for extent and 6 for opacity.
        seed: Of the folds.

    Returns:
        Weights on the raw outputs (the standardisation is folded in), and the errors.

    Raises:
        DataError: If shapes disagree, values are not finite or out of range, or patients too few.
    """
    logits, scores = np.asarray(logits, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    groups = np.unique(groups, return_inverse=True)[1]
    _check(logits, scores, groups, maximum)
    predicted, baseline = np.empty_like(scores), np.empty_like(scores)
    for kept, held_out in _folds(groups, seed):
        model = _search(logits[kept], scores[kept], groups[kept], seed)
        predicted[held_out] = np.clip(model.predict(logits[held_out]), 0, maximum)
        baseline[held_out] = scores[kept].mean()
    weights, intercept = _on_raw_logits(_search(logits, scores, groups, seed))
    return SeverityFit(
        weights=weights,
        intercept=intercept,
        maximum=maximum,
        mean_absolute_error=float(np.abs(predicted - scores).mean()),
        baseline_error=float(np.abs(baseline - scores).mean()),
        correlation=_correlation(predicted, scores),
        images=len(scores),
    )


def _check(logits: NDArray[Any], scores: NDArray[Any], groups: NDArray[Any], maximum: float) -> None:
    count = len(scores)
    outputs = range(len(FIRST_FINDINGS), len(FINDINGS) + 1)  # an older network knows fewer findings
    if logits.shape not in [(count, number) for number in outputs] or len(groups) != count:
        raise DataError(
            f"Severity has outputs of shape {logits.shape} for {count} scores and {len(groups)} groups; "
            f"give one score, one group and {len(FINDINGS)} outputs an image."
        )
    if not np.isfinite(logits).all() or not ((scores >= 0) & (scores <= maximum)).all():
        raise DataError(
            f"Severity needs finite outputs and scores from 0 to {maximum:g}; correct the others."
        )
    if len(np.unique(groups)) < 3:
        raise DataError("Severity cannot be cross-validated on fewer than three patients; add images.")


def _folds(groups: NDArray[Any], seed: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    splitter = GroupKFold(min(FOLDS, len(np.unique(groups))), shuffle=True, random_state=seed)
    yield from splitter.split(groups, groups=groups)


def _search(logits: NDArray[Any], scores: NDArray[Any], groups: NDArray[Any], seed: int) -> Pipeline:
    search = GridSearchCV(
        make_pipeline(StandardScaler(), Ridge()),
        {"ridge__alpha": ALPHAS},
        scoring="neg_mean_absolute_error",
        cv=list(_folds(groups, seed)),
    )
    return search.fit(logits, scores).best_estimator_


def _on_raw_logits(model: Pipeline) -> tuple[list[float], float]:
    (_, scaler), (_, ridge) = model.steps
    weights = ridge.coef_ / scaler.scale_
    return weights.tolist(), float(ridge.intercept_ - weights @ scaler.mean_)


def _correlation(predicted: NDArray[Any], scores: NDArray[Any]) -> float:
    if not predicted.std() or not scores.std():
        return 0.0  # a constant tells nothing about the other
    return float(np.corrcoef(predicted, scores)[0, 1].clip(-1, 1))
