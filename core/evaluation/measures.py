"""Twelve measures of several models at once, each with a bootstrap interval over patients.

What depends on the operating point is apart from what does not, so that a slider need not wait for the
rest. All draws are computed at once, as weights of the images. The tests compare with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation.metrics import draw_groups

Floats = NDArray[np.float64]
BINS = 10
BLOCK = 1 << 18  # weights at a time, so that they and what is made of them stay in a core's cache


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure of several models.

    Attributes:
        values: (models,); NaN where the images cannot give it, because a class is absent.
        low: (models,), lower end of the interval.
        high: (models,), upper end.
    """

    values: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Measure:
    """A row of `DECISIONS` or `RANKINGS`.

    Attributes:
        name: As in the field.
        worse_high: Whether less is better.
    """

    name: str
    worse_high: bool = False


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Their quotient; NaN over nothing."""
    unknown = np.full(np.broadcast(part, whole).shape, np.nan)
    return np.asarray(np.divide(part, whole, out=unknown, where=whole != 0))


def _matthews(tp: Floats, fp: Floats, tn: Floats, fn: Floats) -> Floats:
    product = (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return _ratio(tp * tn - fp * fn, np.sqrt(product))


# What follows from a decision, by the key that pages and files use.
DECISIONS: dict[str, tuple[Measure, Callable[[Floats, Floats, Floats, Floats], Floats]]] = {
    "accuracy": (Measure("Accuracy"), lambda tp, fp, tn, fn: _ratio(tp + tn, tp + fp + tn + fn)),
    "balanced_accuracy": (
        Measure("Balanced accuracy"),
        lambda tp, fp, tn, fn: (_ratio(tp, tp + fn) + _ratio(tn, tn + fp)) / 2,
    ),
    "sensitivity": (Measure("Sensitivity"), lambda tp, fp, tn, fn: _ratio(tp, tp + fn)),
    "specificity": (Measure("Specificity"), lambda tp, fp, tn, fn: _ratio(tn, tn + fp)),
    "ppv": (Measure("PPV"), lambda tp, fp, tn, fn: _ratio(tp, tp + fp)),
    "npv": (Measure("NPV"), lambda tp, fp, tn, fn: _ratio(tn, tn + fn)),
    "f1": (Measure("F1"), lambda tp, fp, tn, fn: _ratio(2 * tp, 2 * tp + fp + fn)),
    "mcc": (Measure("MCC"), _matthews),
}
RANKINGS = {
    "roc_auc": Measure("ROC AUC"),
    "pr_auc": Measure("PR AUC"),
    "brier": Measure("Brier score", worse_high=True),
    "ece": Measure("Calibration error (ECE)", worse_high=True),
}


@dataclass(frozen=True, eq=False)
class Draws:
    """Bootstrap draws of whole groups (patients), whose images are alike.

    Attributes:
        times_drawn: (resamples, groups), float64: how often each draw holds each group.
        group_of: (n,): the group of each image.
        level: Coverage of the intervals.
    """

    times_drawn: Floats
    group_of: NDArray[np.int64]
    level: float

    def sums(self, figures: Floats) -> Floats:
        """(resamples, columns): sums of (n, columns) figures over the images of each draw."""
        totals = np.zeros((self.times_drawn.shape[1], figures.shape[1]))
        np.add.at(totals, self.group_of, figures)
        return self.times_drawn @ totals

    def interval(self, values: Floats, drawn: Floats) -> Measured:
        """A measure, and what each draw that has a value gave for it: (resamples, models)."""
        low, high = np.full((2, values.size), np.nan)
        given = ~np.isnan(drawn).all(axis=0) & ~np.isnan(values)
        if given.any():
            tails = [(1 - self.level) / 2, (1 + self.level) / 2]
            low[given], high[given] = np.nanquantile(drawn[:, given], tails, axis=0)
        return Measured(values, low, high)


def draw(groups: ArrayLike, resamples: int = 1000, seed: int = 0, level: float = 0.95) -> Draws:
    """Draws groups with replacement (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 13).

    Args:
        groups: (n,), n > 0, names or numbers: whose images belong together.
        resamples: How many draws.
        seed: Same seed, same draws.
        level: Coverage of the intervals.
    """
    times_drawn, group_of = draw_groups(groups, resamples, seed)
    return Draws(times_drawn.astype(np.float64), group_of, level)


def decisions(labels: ArrayLike, called: ArrayLike, draws: Draws) -> dict[str, Measured]:
    """Measures that depend on the operating point.

    Args:
        labels: (n,), 1 for COVID-19.
        called: (n, models): whether each model reads each image as COVID-19.
        draws: Of the same images.

    Returns:
        By the keys of `DECISIONS`.
    """
    ill, positive = np.asarray(labels, bool)[:, None], np.asarray(called, bool)
    parts = [positive & ill, positive & ~ill, ~positive & ~ill, ~positive & ill]
    counts = np.concatenate(parts, axis=1).astype(np.float64)
    whole = np.split(counts.sum(axis=0), 4)
    drawn = np.split(draws.sums(counts), 4, axis=1)
    return {key: draws.interval(measure(*whole), measure(*drawn)) for key, (_, measure) in DECISIONS.items()}


def rankings(labels: ArrayLike, probabilities: ArrayLike, draws: Draws) -> dict[str, Measured]:
    """Measures that do not depend on the operating point: discrimination and calibration.

    ROC AUC counts ties half (Hanley & McNeil 1982); PR AUC is average precision, without interpolation
    (Davis & Goadrich 2006); the calibration error is taken over ten bins of equal width (Naeini 2015).

    Args:
        labels: (n,), 1 for COVID-19.
        probabilities: (n, models), in [0, 1].
        draws: Of the same images.

    Returns:
        By the keys of `RANKINGS`.
    """
    truth, values = np.asarray(labels, np.int64), np.asarray(probabilities, np.float64)
    whole = np.ones((1, truth.size), np.float32)
    weights = draws.times_drawn.astype(np.float32)[:, draws.group_of]
    blocks = np.array_split(weights, max(1, weights.size // BLOCK))
    with ThreadPoolExecutor() as pool:
        areas = [list(pool.map(partial(_all_areas, truth, values), each)) for each in ([whole], blocks)]
    found = {}
    for index, key in enumerate(("roc_auc", "pr_auc")):
        point, drawn = (np.concatenate([pair[index] for pair in each]) for each in areas)
        found[key] = draws.interval(point[0], drawn)
    errors = (values - truth[:, None]) ** 2
    count = draws.sums(np.ones((truth.size, 1)))
    found["brier"] = draws.interval(errors.mean(axis=0), draws.sums(errors) / count)
    gaps = _gaps(truth, values)
    found["ece"] = draws.interval(
        _calibration_error(gaps.sum(axis=0, keepdims=True), values.shape[1])[0] / truth.size,
        _calibration_error(draws.sums(gaps), values.shape[1]) / count,
    )
    return found


def _all_areas(
    truth: NDArray[np.int64], values: Floats, weights: NDArray[np.float32]
) -> tuple[Floats, Floats]:
    """Both areas of every model, (r, models) each."""
    pairs = [_areas(truth, column, weights) for column in values.T]
    return np.stack([roc for roc, _ in pairs], axis=1), np.stack([pr for _, pr in pairs], axis=1)


def _areas(truth: NDArray[np.int64], scores: Floats, weights: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Areas under the ROC and the precision-recall curve for each row of (r, n) weights.

    Both are sums over the ill alone, of what is called when each of them just is: half the columns.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, ill = -scores[order], truth[order] == 1
    sick = np.flatnonzero(ill)
    ends = np.searchsorted(ranked, ranked[sick], "right")
    starts = np.searchsorted(ranked, ranked[sick], "left")
    drawn = weights[:, order]
    called = np.pad(np.cumsum(drawn, axis=1), ((0, 0), (1, 0)))
    found = np.pad(np.cumsum(drawn[:, sick], axis=1), ((0, 0), (1, 0)))
    before = np.concatenate([[0], np.cumsum(ill)])
    own, right, all_called = drawn[:, sick], found[:, before[ends]], called[:, ends]
    false = all_called - right
    halves: NDArray[Any] = false
    if (ends - starts > 1).any():  # ties count half
        halves = (false + called[:, starts] - found[:, before[starts]]) / 2
    ills = found[:, -1].astype(np.float64)
    healthy = called[:, -1] - ills
    above = np.einsum("ij,ij->i", own, halves, dtype=np.float64)
    precise = np.einsum("ij,ij->i", own, right / np.maximum(all_called, 1), dtype=np.float64)
    known = np.where(healthy > 0, ills, 0.0)
    return 1 - _ratio(above, ills * healthy), _ratio(precise, known)


def _gaps(truth: NDArray[np.int64], values: Floats) -> Floats:
    """(n, models * BINS): each image's probability less its outcome, in the column of its bin."""
    bins = np.minimum((values * BINS).astype(np.int64), BINS - 1)
    gaps = np.zeros((*values.shape, BINS))
    np.put_along_axis(gaps, bins[:, :, None], (values - truth[:, None])[:, :, None], axis=2)
    return gaps.reshape(len(values), -1)


def _calibration_error(sums: Floats, models: int) -> Floats:
    """(r, models), times the number of images, from the sums of `_gaps`."""
    return np.asarray(np.abs(sums.reshape(len(sums), models, BINS)).sum(axis=2))
