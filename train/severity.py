"""Severity: extent and opacity from the findings network's raw outputs, fitted to radiologists' scores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import DataError
from core.models.bundle.manifest import SeverityFit
from core.vocabulary import FINDINGS
from train.tables import numbers, read_rows

EXTENT_MAXIMUM, OPACITY_MAXIMUM = 8.0, 6.0  # Cohen et al. 2020, arXiv:2005.11856
ALPHAS = tuple(10.0 ** np.arange(-1, 5.5, 0.5))  # from hardly any shrinkage to nearly the mean
FOLDS = 5


@dataclass(frozen=True)
class SeverityLabel:
    """What radiologists said about one image, averaged over them.

    Attributes:
        filename: As the collection names it.
        extent: Geographic extent, 0-8.
        opacity: Opacity, 0-6.
    """

    filename: str
    extent: float
    opacity: float


def read_severity_scores(path: Path) -> tuple[SeverityLabel, ...]:
    """Reads radiologists' scores.

    Args:
        path: CSV with the columns `filename`, `geographic_extent_mean` (or, as in the published
            file, `geographic_mean`) and `opacity_mean`; lines that begin with # are comments.

    Raises:
        DataError: If it is unreadable, lacks a column, has a score out of range, or a file twice.
    """
    rows = read_rows(path, ("filename", "opacity_mean"))
    short = "geographic_mean"
    extent_column = short if short in rows[0].cells else "geographic_extent_mean"
    if extent_column not in rows[0].cells:
        raise DataError(f"{path.name} lacks the column {extent_column}; add it to its header.")
    scores = numbers(path, rows, (extent_column, "opacity_mean"))
    labels: dict[str, SeverityLabel] = {}
    for row, (extent, opacity) in zip(rows, scores, strict=True):
        filename = row.cells["filename"].strip()
        if not filename or filename in labels:
            raise DataError(f"{path.name} names no new file in line {row.line}; keep one line a file.")
        if not (0 <= extent <= EXTENT_MAXIMUM and 0 <= opacity <= OPACITY_MAXIMUM):
            raise DataError(
                f"{path.name} has a score out of range in line {row.line}; "
                f"extent runs from 0 to {EXTENT_MAXIMUM:g}, opacity from 0 to {OPACITY_MAXIMUM:g}."
            )
        labels[filename] = SeverityLabel(filename, float(extent), float(opacity))
    return tuple(labels.values())


def fit_severity(
    logits: NDArray[Any], scores: NDArray[Any], groups: NDArray[Any], maximum: float, *, seed: int = 0
) -> SeverityFit:
    """Fits a ridge regression of one score, and measures it on patients that it has not seen.

    The shrinkage is chosen by cross-validation over whole groups, inside every fold that measures the
    error as well as for the weights that ship, so that the error is not flattered by the choice.

    Args:
        logits: (n, 18), raw outputs in the order of `core.vocabulary.FINDINGS`.
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
    if logits.shape != (count, len(FINDINGS)) or len(groups) != count:
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
