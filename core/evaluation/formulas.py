"""The formula of every measure, once: for one set of images as for all draws of a bootstrap.

Everywhere label 1 is the condition (COVID-19). A figure that the images cannot give (a class is absent,
nothing was called) is NaN. The tests compare with scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BINS = 10  # of the calibration error, of equal width


def ratio(part: Any, whole: Any) -> Floats:
    """Their quotient, of numbers or arrays; NaN over nothing."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    unknown = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=unknown, where=whole != 0))


class Counts(NamedTuple):
    """Decisions against the truth: numbers, or arrays of one shape."""

    tp: Any
    fp: Any
    tn: Any
    fn: Any


def accuracy(n: Counts) -> Floats:
    """Share of all calls that are right."""
    return ratio(n.tp + n.tn, n.tp + n.fp + n.tn + n.fn)


def sensitivity(n: Counts) -> Floats:
    """Share of the ill that are called ill."""
    return ratio(n.tp, n.tp + n.fn)


def specificity(n: Counts) -> Floats:
    """Share of the healthy that are called healthy."""
    return ratio(n.tn, n.tn + n.fp)


def balanced_accuracy(n: Counts) -> Floats:
    """Mean of sensitivity and specificity."""
    return np.asarray((sensitivity(n) + specificity(n)) / 2)


def ppv(n: Counts) -> Floats:
    """Positive predictive value: share of positive calls that are right, at this prevalence."""
    return ratio(n.tp, n.tp + n.fp)


def npv(n: Counts) -> Floats:
    """Negative predictive value: share of negative calls that are right, at this prevalence."""
    return ratio(n.tn, n.tn + n.fn)


def f1(n: Counts) -> Floats:
    """Harmonic mean of sensitivity and positive predictive value."""
    return ratio(2 * n.tp, 2 * n.tp + n.fp + n.fn)


def mcc(n: Counts) -> Floats:
    """Matthews' correlation coefficient, in [-1, 1] (Matthews 1975)."""
    tp, fp, tn, fn = (np.asarray(each, np.float64) for each in n)
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return ratio(tp * tn - fp * fn, np.sqrt(product))


@dataclass(frozen=True, eq=False)
class Scored:
    """What m models say of n images, and how often each of r draws holds each image.

    Attributes:
        truth: (n,), 0 or 1.
        scores: (n, m), in [0, 1] for `brier` and `calibration_error`, any for the areas.
        weights: (r, n), float32: whole numbers, so that sums of up to 16 million images are exact.
    """

    truth: NDArray[np.int64]
    scores: Floats
    weights: NDArray[np.float32]

    @cached_property
    def areas(self) -> tuple[Floats, Floats]:
        """(r, m) each: under the ROC curve and under the precision-recall curve.

        Both at once and one model after the other, because what they share takes longest and fills a cache.
        """
        ranked = map(self._rank, self.scores.T)
        pairs = [(_roc_area(each), _pr_area(each)) for each in ranked]
        return np.stack([roc for roc, _ in pairs], axis=1), np.stack([pr for _, pr in pairs], axis=1)

    @cached_property
    def sizes(self) -> Floats:
        """(r, 1): how many images each draw holds."""
        return np.asarray(self.weights.sum(axis=1, dtype=np.float64, keepdims=True))

    def sums(self, figures: Floats) -> Floats:
        """(r, columns): sums of (n, columns) figures over the images of each draw."""
        found: Floats = np.matmul(self._weights, figures)
        return found

    @cached_property
    def _weights(self) -> Floats:
        return self.weights.astype(np.float64)

    def _rank(self, scores: Floats) -> Ranked:
        order = np.argsort(-scores, kind="stable")
        ranked, ill = -scores[order], self.truth[order] == 1
        sick = np.flatnonzero(ill)
        ends = np.searchsorted(ranked, ranked[sick], "right")
        starts = np.searchsorted(ranked, ranked[sick], "left")
        drawn = self.weights[:, order]
        called = np.pad(np.cumsum(drawn, axis=1), ((0, 0), (1, 0)))
        found = np.pad(np.cumsum(drawn[:, sick], axis=1), ((0, 0), (1, 0)))
        before = np.concatenate([[0], np.cumsum(ill)])
        tied = bool((ends - starts > 1).any())
        return Ranked(
            own=drawn[:, sick],
            true=found[:, before[ends]],
            called=called[:, ends],
            false_above=called[:, starts] - found[:, before[starts]] if tied else None,
            ill=found[:, -1].astype(np.float64),
            healthy=(called[:, -1] - found[:, -1]).astype(np.float64),
        )


class Ranked(NamedTuple):
    """What is called when each ill image just is, in each of r draws: half the columns of all images.

    Attributes:
        own: (r, ill images): how often a draw holds it.
        true: (r, ill images): the ill that are called with it.
        called: (r, ill images): all that are called with it.
        false_above: (r, ill images): the healthy that score higher; None where no score occurs twice.
        ill: (r,): how many ill images a draw holds.
        healthy: (r,): how many others.
    """

    own: NDArray[np.float32]
    true: NDArray[np.float32]
    called: NDArray[np.float32]
    false_above: NDArray[np.float32] | None
    ill: Floats
    healthy: Floats


def roc_auc(scored: Scored) -> Floats:
    """(r, m): how often an ill image scores higher than a healthy one; ties count half.

    Hanley & McNeil 1982, Radiology 143:29.
    """
    return scored.areas[0]


def _roc_area(ranked: Ranked) -> Floats:
    false: NDArray[Any] = ranked.called - ranked.true
    if ranked.false_above is not None:
        false = (false + ranked.false_above) / 2
    above = np.einsum("ij,ij->i", ranked.own, false, dtype=np.float64)
    return np.asarray(1 - ratio(above, ranked.ill * ranked.healthy))


def pr_auc(scored: Scored) -> Floats:
    """(r, m): average precision, without interpolation (Davis & Goadrich 2006)."""
    return scored.areas[1]


def _pr_area(ranked: Ranked) -> Floats:
    precise = ranked.true / np.maximum(ranked.called, 1)
    found = np.einsum("ij,ij->i", ranked.own, precise, dtype=np.float64)
    return ratio(found, np.where(ranked.healthy > 0, ranked.ill, 0.0))


def brier(scored: Scored) -> Floats:
    """(r, m): mean squared error of the probability (Brier 1950)."""
    return ratio(scored.sums((scored.scores - scored.truth[:, None]) ** 2), scored.sizes)


def calibration_error(scored: Scored) -> Floats:
    """(r, m): mean gap between probability and outcome over `BINS` bins (Naeini 2015)."""
    images, models = scored.scores.shape
    bins = np.minimum((scored.scores * BINS).astype(np.int64), BINS - 1)
    gaps = np.zeros((images, models, BINS))
    apart = (scored.scores - scored.truth[:, None])[:, :, None]
    np.put_along_axis(gaps, bins[:, :, None], apart, axis=2)
    sums = scored.sums(gaps.reshape(images, -1)).reshape(-1, models, BINS)
    return ratio(np.abs(sums).sum(axis=2), scored.sizes)


def once(labels: Any, scores: Any) -> Scored:
    """One model on images as they are, in one draw that holds each once.

    Args:
        labels: (n,), 0 or 1.
        scores: (n,).

    Raises:
        ValueError: If these are not one label a score.
    """
    truth, values = np.asarray(labels, dtype=np.int64), np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != values.shape:
        raise ValueError(f"expected one label a score, got shapes {truth.shape} and {values.shape}")
    return Scored(truth, values[:, None], np.ones((1, truth.size), np.float32))
