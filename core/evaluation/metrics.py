"""How good answers are: discrimination, decisions at a threshold, and calibration.

Everywhere label 1 is the condition (COVID-19), an image is called positive when its score is at
least the threshold, and a figure that the images cannot give (a class is absent) is NaN. Plain numpy,
because a bootstrap asks a thousand times.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import DataError
from core.evaluation import formulas
from core.evaluation.formulas import Counts, Scored, once


@dataclass(frozen=True)
class Confusion:
    """Counts of a binary decision against the truth."""

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def counts(self) -> Counts:
        """For the formulas."""
        return Counts(self.true_positives, self.false_positives, self.true_negatives, self.false_negatives)

    @property
    def sensitivity(self) -> float:
        """Share of the ill that are called ill."""
        return float(formulas.sensitivity(self.counts))

    @property
    def specificity(self) -> float:
        """Share of the healthy that are called healthy."""
        return float(formulas.specificity(self.counts))


MAX_DIGITS = 4  # of an interval's ends


@dataclass(frozen=True)
class Interval:
    """An interval of a figure; both ends are NaN where the images cannot give one."""

    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is one."""
        return not math.isnan(self.low)

    def text(self, digits: int = 2) -> str:
        """Both ends, with the dash of a range; empty where there is none.

        Args:
            digits: At least so many behind the point: more, up to `MAX_DIGITS`, where the ends look alike.
        """
        return interval_text(self.low, self.high, digits)

    def in_brackets(self, digits: int = 2) -> str:
        """The same to stand behind its figure, after a space; empty where there is none."""
        return f" ({self.text(digits)})" if self.known else ""


def interval_text(low: float, high: float, digits: int = 2) -> str:
    """`Interval.text` of its two ends."""
    if math.isnan(low):
        return ""
    while digits < MAX_DIGITS and f"{low:.{digits}f}" == f"{high:.{digits}f}" and low < high:
        digits += 1
    return f"{low:.{digits}f}–{high:.{digits}f}"


@dataclass(frozen=True)
class CalibrationBin:
    """Images whose probabilities lie close together.

    Attributes:
        predicted: Their mean probability.
        observed: The share of them that is ill.
        images: How many they are.
    """

    predicted: float
    observed: float
    images: int


@dataclass(frozen=True)
class Evaluation:
    """One model on one set of images.

    Attributes:
        images: How many.
        positives: How many of them are ill.
        threshold: The operating point of the confusion counts.
        roc_auc: Area under the ROC curve.
        roc_auc_interval: Its 95 % interval over groups (patients).
        confusion: Decisions at the threshold.
        brier: Mean squared error of the probability.
        calibration_error: Expected calibration error over ten bins.
    """

    images: int
    positives: int
    threshold: float
    roc_auc: float
    roc_auc_interval: Interval
    confusion: Confusion
    brier: float
    calibration_error: float

    @property
    def wrong(self) -> int:
        """How many images are decided wrongly at the threshold."""
        return self.confusion.false_positives + self.confusion.false_negatives


def evaluate(
    labels: ArrayLike,
    probabilities: ArrayLike,
    threshold: float,
    groups: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Measures one model on one set of images.

    Args:
        labels: (n,), 0 or 1.
        probabilities: (n,), in [0, 1].
        threshold: Operating point, chosen on other images.
        groups: (n,), whose images belong together (patients); by default each stands alone.
        resamples: Of the bootstrap.
        seed: Of the bootstrap.
    """
    truth, scores = _pair(labels, probabilities)
    return Evaluation(
        images=truth.size,
        positives=int(truth.sum()),
        threshold=threshold,
        roc_auc=roc_auc(truth, scores),
        roc_auc_interval=roc_auc_interval(truth, scores, groups, resamples=resamples, seed=seed),
        confusion=confusion(truth, scores, threshold),
        brier=formulas.brier(once(truth, scores)).item(),
        calibration_error=formulas.calibration_error(once(truth, scores)).item(),
    )


def roc_auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve of (n,) labels and scores: see `core.evaluation.formulas.roc_auc`."""
    return float(formulas.roc_auc(once(labels, scores)).item())


def confusion(labels: ArrayLike, scores: ArrayLike, threshold: float) -> Confusion:
    """Counts decisions at a threshold, (n,) labels against (n,) scores."""
    truth, values = _pair(labels, scores)
    called, ill = values >= threshold, truth == 1
    return Confusion(
        true_positives=int((called & ill).sum()),
        false_positives=int((called & ~ill).sum()),
        true_negatives=int((~called & ~ill).sum()),
        false_negatives=int((~called & ill).sum()),
    )


def youden_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """The threshold that maximises sensitivity + specificity - 1 (Youden 1950).

    It lies midway between the last score that it calls positive and the first that it calls
    negative; of thresholds that are equally good, the lowest, which misses fewest of the ill, is taken.

    Args:
        labels: (n,), 0 or 1, of validation images: never of those that results are reported on.
        scores: (n,).

    Raises:
        DataError: If a class is absent.
    """
    truth, values = _pair(labels, scores)
    if not 0 < truth.sum() < truth.size:
        raise DataError("A threshold cannot be chosen on images of one class; add images of the other one.")
    candidates = np.unique(values)
    specificity, missed = (
        np.searchsorted(np.sort(values[truth == label]), candidates) / (truth == label).sum()
        for label in (0, 1)
    )
    chosen = int(np.argmax(np.round(specificity - missed, 12)))
    return float(candidates[max(chosen - 1, 0) : chosen + 1].mean())


def calibration_bin_of(probabilities: ArrayLike, bins: int = 10) -> NDArray[np.int64]:
    """(n,): in which bin of equal width each probability, (n,) in [0, 1], falls, from 0."""
    values = np.asarray(probabilities, np.float64)
    return np.asarray(np.minimum((values * bins).astype(np.int64), bins - 1))


def calibration_bins(
    labels: ArrayLike, probabilities: ArrayLike, bins: int = 10
) -> tuple[CalibrationBin, ...]:
    """Groups images into bins of equal width, for a reliability diagram; empty bins are left out."""
    truth, values = _pair(labels, probabilities)
    bin_of = calibration_bin_of(values, bins)
    return tuple(
        CalibrationBin(float(values[inside].mean()), float(truth[inside].mean()), int(inside.sum()))
        for inside in (bin_of == index for index in np.unique(bin_of))
    )


def roc_auc_interval(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Percentile bootstrap of the ROC AUC that draws whole groups (patients), whose images are alike.

    After Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13. All draws are computed at
    once, as weights of the images: a sixth of the time of one after the other.

    Args:
        labels: (n,), 0 or 1.
        scores: (n,).
        groups: (n,), names or numbers; by default each image is its own group.
        level: Coverage.
        resamples: How many draws; those that hold one class only are left out.
        seed: Same seed, same interval.

    Returns:
        None (NaN) where all draws give the same, as when no pair is ranked wrongly: that is no certainty, and
        the same images cannot say how much it leaves open.
    """
    truth, values = _pair(labels, scores)
    if not truth.size:
        return Interval(math.nan, math.nan)
    times_drawn, group_of = draw_groups(np.arange(truth.size) if groups is None else groups, resamples, seed)
    weights = times_drawn.astype(np.float32)[:, group_of]
    drawn = formulas.roc_auc(Scored(truth, values[:, None], weights))[:, 0]
    known = drawn[~np.isnan(drawn)]
    if not known.size:
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(math.nan, math.nan) if collapsed(low, high) else Interval(float(low), float(high))


def collapsed(low: ArrayLike, high: ArrayLike) -> NDArray[np.bool_]:
    """Where an interval has no width: all draws gave the same, which does not say how sure a figure is."""
    return np.isclose(low, high, rtol=0, atol=1e-9)


def wilson(shares: ArrayLike, counts: ArrayLike, level: float = 0.95) -> NDArray[np.float64]:
    """Wilson's interval of shares, which holds for few images, too, and where all or none are alike.

    After Wilson 1927, Journal of the American Statistical Association 22:209.

    Args:
        shares: (...), in [0, 1].
        counts: (...), of how many each: more than none.
        level: Coverage.

    Returns:
        (2, ...): the lower and upper ends, in [0, 1].
    """
    share, count = np.asarray(shares, np.float64), np.asarray(counts, np.float64)
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = share + z * z / (2 * count)
    half = z * np.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    ends = np.stack([middle - half, middle + half]) / (1 + z * z / count)
    # Of all or of none, one end is 1 or 0: rounding takes a hair off, and adding 0 a sign.
    return np.clip(np.round(ends, 12), 0, 1) + 0.0


def share_intervals(
    hits: NDArray[np.bool_],
    groups: ArrayLike,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Interval, ...]:
    """The same bootstrap of shares: of how many images something is true, for several models at once.

    Where all draws give the same, because it is true of all images or of none, Wilson's interval of as many
    images as there are patients stands in: a bootstrap would claim to be certain.

    Args:
        hits: (n, models): whether it is true of an image.
        groups: (n,), names or numbers of patients.
        level: Coverage.
        resamples: How many draws.
        seed: Same seed, same intervals.

    Returns:
        One a model.
    """
    if not len(hits):
        return (Interval(math.nan, math.nan),) * int(hits.shape[1])
    times_drawn, group_of = draw_groups(groups, resamples, seed)
    sums = np.stack([np.bincount(group_of, column) for column in (*hits.T, np.ones(len(hits)))], axis=1)
    drawn = times_drawn @ sums
    shares = drawn[:, :-1] / drawn[:, -1:]
    bounds = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    alike = collapsed(*bounds)
    bounds[:, alike] = wilson(hits.mean(axis=0)[alike], times_drawn.shape[1], level)
    ends: list[list[float]] = bounds.T.tolist()
    return tuple(Interval(low, high) for low, high in ends)


def resampled_interval(
    statistic: Callable[[NDArray[np.int64]], float],
    groups: ArrayLike,
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """The same bootstrap of any statistic: its 95 % interval over draws of whole groups.

    Args:
        statistic: Of the images at these indices, some of them several times.
        groups: (n,), names or numbers of patients; n > 0.
        resamples: How many draws.
        seed: Same seed, same interval.
    """
    times_drawn, group_of = draw_groups(groups, resamples, seed)
    images = np.arange(group_of.size)
    found = [statistic(np.repeat(images, times)) for times in times_drawn[:, group_of]]
    low, high = np.quantile(found, (0.025, 0.975))
    return Interval(float(low), float(high))


def draw_groups(groups: ArrayLike, resamples: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How often each draw holds each group, (resamples, groups), and the group of each image, (n,); n > 0."""
    group_of = np.unique(np.asarray(groups), return_inverse=True)[1]
    count = int(group_of.max()) + 1
    draws = np.random.default_rng(seed).integers(count, size=(resamples, count))
    return np.stack([np.bincount(draw, minlength=count) for draw in draws]), group_of


def weighted_levels(
    truth: NDArray[np.int64], values: NDArray[np.float64], weights: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """How much the ill and the healthy images weigh at each score.

    Args:
        truth: (n,), 0 or 1.
        values: (n,), scores.
        weights: (r, n), of the images, in as many draws.

    Returns:
        Two of (r, levels), by rising score: of the ill, of the healthy.
    """
    order = np.argsort(values, kind="stable")
    levels = np.flatnonzero(np.diff(values[order], prepend=-math.inf))
    sorted_weights, ill = weights[:, order], truth[order] == 1
    both, of_ill = (np.add.reduceat(each, levels, axis=1) for each in (sorted_weights, sorted_weights * ill))
    return of_ill, both - of_ill


def _pair(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    scored = once(labels, scores)
    return scored.truth, scored.scores[:, 0]
