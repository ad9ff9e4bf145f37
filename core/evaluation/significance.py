"""Is one model better than another, or is it luck? Tests for two models on the same images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AucDifference:
    """Two areas under the ROC curve, compared.

    Attributes:
        first: Area of the first model.
        second: Area of the second.
        error: Standard error of their difference; NaN where a class has fewer than two patients.
        p: Two-sided; 1 where the models rank alike, NaN where the error is unknown.
    """

    first: float
    second: float
    error: float
    p: float

    @property
    def difference(self) -> float:
        """The first less the second."""
        return self.first - self.second


@dataclass(frozen=True)
class Disagreement:
    """Decisions of two models, compared where exactly one of them is right.

    Attributes:
        first_only: Images that only the first model classifies correctly.
        second_only: Images that only the second does.
        chi_square: McNemar's statistic without a correction for continuity; NaN where they never differ.
        p: Two-sided, exact.
    """

    first_only: int
    second_only: int
    chi_square: float
    p: float


def compare_aucs(
    labels: ArrayLike, first: ArrayLike, second: ArrayLike, groups: ArrayLike | None = None
) -> AucDifference:
    """DeLong's test of two correlated ROC curves (DeLong et al. 1988, Biometrics 44:837).

    Images of one patient are alike, so that the covariance is taken over patients (Obuchowski 1997,
    Biometrics 53:567); where each image is a patient of its own, this is DeLong's.

    Args:
        labels: (n,), 1 for COVID-19, both classes present.
        first: (n,), scores of one model.
        second: (n,), of the other.
        groups: (n,), patients; by default each image is one.
    """
    ill = np.asarray(labels) == 1
    clusters = np.unique(np.arange(ill.size) if groups is None else np.asarray(groups), return_inverse=True)[
        1
    ]
    placed = [_placements(np.asarray(scores, np.float64), ill) for scores in (first, second)]
    areas = np.array([placements[ill].mean() for placements in placed])
    sick, well = (np.bincount(clusters, mask).astype(np.float64) for mask in (ill, ~ill))
    centred_sick, centred_well = (
        np.stack(
            [
                np.bincount(clusters, placements * mask) - count * area
                for placements, area in zip(placed, areas, strict=True)
            ]
        )
        for mask, count in ((ill, sick), (~ill, well))
    )
    cross = centred_sick @ centred_well.T * _unbiased(np.ones_like(sick))
    covariance = (
        centred_sick @ centred_sick.T * _unbiased(sick) / sick.sum() ** 2
        + centred_well @ centred_well.T * _unbiased(well) / well.sum() ** 2
        + (cross + cross.T) * ((sick > 0) & (well > 0)).any() / (sick.sum() * well.sum())
    )
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    error = math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan
    return AucDifference(float(areas[0]), float(areas[1]), error, _two_sided(areas[0] - areas[1], error))


def _placements(scores: Floats, ill: NDArray[np.bool_]) -> Floats:
    """(n,): the share of healthy scores below an ill one, or of ill ones above a healthy one; ties half."""
    of_ill, of_healthy = np.sort(scores[ill]), np.sort(scores[~ill])
    below = (np.searchsorted(of_healthy, scores, "left") + np.searchsorted(of_healthy, scores, "right")) / 2
    above = (
        of_ill.size - (np.searchsorted(of_ill, scores, "left") + np.searchsorted(of_ill, scores, "right")) / 2
    )
    return np.where(ill, below / of_healthy.size, above / of_ill.size)


def _unbiased(counts: Floats) -> float:
    """The factor that makes a sum of squares over clusters unbiased."""
    clusters = int((counts > 0).sum())
    return clusters / (clusters - 1) if clusters > 1 else math.nan


def _two_sided(difference: float, error: float) -> float:
    if math.isnan(error):
        return math.nan
    if error < 1e-12:
        return 1.0 if abs(difference) < 1e-12 else math.nan
    return float(2 * stats.norm.sf(abs(difference) / error))


def compare_decisions(labels: ArrayLike, first: ArrayLike, second: ArrayLike) -> Disagreement:
    """McNemar's test (McNemar 1947, Psychometrika 12:153); its p value is the exact binomial one.

    Every image counts as one, whoever the patient is: where patients have several, p is too small.

    Args:
        labels: (n,), truth, 0 or 1.
        first: (n,), decisions of one model, 0 or 1.
        second: (n,), of the other.
    """
    truth = np.asarray(labels).astype(bool)
    right, other = (np.asarray(called).astype(bool) == truth for called in (first, second))
    ahead, behind = int((right & ~other).sum()), int((~right & other).sum())
    differing = ahead + behind
    return Disagreement(
        first_only=ahead,
        second_only=behind,
        chi_square=(ahead - behind) ** 2 / differing if differing else math.nan,
        p=float(stats.binomtest(ahead, differing).pvalue) if differing else 1.0,
    )


def adjust(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's correction for having tested several pairs (Holm 1979, Scandinavian Journal of Statistics 6:65).

    Args:
        p_values: In any order; NaN stays, and does not count.

    Returns:
        In the same order.
    """
    values = np.asarray(p_values, np.float64)
    adjusted = np.full(values.size, np.nan)
    order = [index for index in np.argsort(values) if not math.isnan(values[index])]
    factors = len(order) - np.arange(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1)
    return tuple(adjusted.tolist())


def kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's kappa of two models' decisions (Cohen 1960); NaN where neither ever changes its mind.

    Written out, because scikit-learn's takes most of a chart's time for 28 pairs of models.
    """
    one, other = (np.asarray(called).astype(bool) for called in (first, second))
    ill, others_ill = one.mean(), other.mean()
    chance = ill * others_ill + (1 - ill) * (1 - others_ill)
    return float(((one == other).mean() - chance) / (1 - chance)) if chance < 1 else math.nan
