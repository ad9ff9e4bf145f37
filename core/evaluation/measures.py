"""Measures of several models at once, each with a bootstrap interval over patients.

What depends on the operating point is apart from what does not, so that a slider need not wait for the
rest. All draws are computed at once, as weights of the images.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.evaluation import formulas
from core.evaluation.formulas import Counts, Floats, Scored
from core.evaluation.metrics import collapsed, draw_groups, wilson

BLOCK = 1 << 18  # weights at a time, so that they and what is made of them stay in a core's cache


@dataclass(frozen=True, eq=False)
class Measured:
    """One measure of several models.

    Attributes:
        values: (models,); NaN where the images cannot give it, because a class is absent.
        low: (models,), lower end of the interval; NaN where there is none.
        high: (models,), upper end.
    """

    values: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Measure:
    """A row of `MEASURES`.

    Attributes:
        key: In files and tables.
        name: As in the field.
        formula: Of decisions, given `Counts`; of rankings, given `Scored`.
        kind: Whether it depends on the operating point.
        worse_high: Whether less is better.
        among: Of a share of images, among which of `Counts` it counts them; empty for any other figure.
        rises_when_drawn: Whether drawing images again adds to it, as noise in each bin does to a mean of
            distances, so that percentiles of draws lie too high and no interval is given.
    """

    key: str
    name: str
    formula: Callable[[Any], Floats]
    kind: Literal["decision", "ranking"]
    worse_high: bool = False
    among: tuple[str, ...] = ()
    rises_when_drawn: bool = False


# All measures, in the order to show them in; a new one is a row and a formula.
MEASURES = (
    Measure("accuracy", "Accuracy", formulas.accuracy, "decision", among=("tp", "fp", "tn", "fn")),
    Measure("balanced_accuracy", "Balanced accuracy", formulas.balanced_accuracy, "decision"),
    Measure("sensitivity", "Sensitivity", formulas.sensitivity, "decision", among=("tp", "fn")),
    Measure("specificity", "Specificity", formulas.specificity, "decision", among=("fp", "tn")),
    Measure("ppv", "PPV", formulas.ppv, "decision", among=("tp", "fp")),
    Measure("npv", "NPV", formulas.npv, "decision", among=("tn", "fn")),
    Measure("f1", "F1", formulas.f1, "decision"),
    Measure("mcc", "MCC", formulas.mcc, "decision"),
    Measure("roc_auc", "ROC AUC", formulas.roc_auc, "ranking"),
    Measure("pr_auc", "PR AUC", formulas.pr_auc, "ranking"),
    Measure("brier", "Brier score", formulas.brier, "ranking", worse_high=True),
    Measure(
        "ece",
        "Calibration error (ECE)",
        formulas.calibration_error,
        "ranking",
        worse_high=True,
        rises_when_drawn=True,
    ),
)
MEASURE_BY_KEY = {measure.key: measure for measure in MEASURES}


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

    def patients(self, images: NDArray[np.bool_]) -> Floats:
        """(models,): from how many groups the images of (n, models) are."""
        found = np.zeros((self.times_drawn.shape[1], images.shape[1]))
        np.add.at(found, self.group_of, images)
        return np.asarray((found > 0).sum(axis=0), np.float64)

    def interval(self, values: Floats, drawn: Floats, counts: Floats | None = None) -> Measured:
        """A measure with its interval.

        Where all draws give the same, they do not say how sure it is: there, a share has Wilson's interval,
        and anything else none.

        Args:
            values: (models,).
            drawn: (resamples, models), what each draw gave; NaN where it gave nothing.
            counts: (models,), of a share: of how many patients it is one.
        """
        low, high = np.full((2, values.size), np.nan)
        given = ~np.isnan(drawn).all(axis=0) & ~np.isnan(values)
        if given.any():
            tails = [(1 - self.level) / 2, (1 + self.level) / 2]
            low[given], high[given] = np.nanquantile(drawn[:, given], tails, axis=0)
        alike = collapsed(low, high)
        low[alike] = high[alike] = np.nan
        if counts is not None and alike.any():
            low[alike], high[alike] = wilson(values[alike], counts[alike], self.level)
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
        By key.
    """
    ill, positive = np.asarray(labels, bool)[:, None], np.asarray(called, bool)
    parts = [positive & ill, positive & ~ill, ~positive & ~ill, ~positive & ill]
    counts = np.concatenate(parts, axis=1).astype(np.float64)
    whole = Counts(*np.split(counts.sum(axis=0), 4))
    drawn = Counts(*np.split(draws.sums(counts), 4, axis=1))
    part = dict(zip(Counts._fields, parts, strict=True))

    def patients(row: Measure) -> Floats | None:
        return draws.patients(np.any([part[name] for name in row.among], axis=0)) if row.among else None

    return {
        each.key: draws.interval(each.formula(whole), each.formula(drawn), patients(each))
        for each in MEASURES
        if each.kind == "decision"
    }


def rankings(labels: ArrayLike, probabilities: ArrayLike, draws: Draws) -> dict[str, Measured]:
    """Measures that do not depend on the operating point: discrimination and calibration.

    Args:
        labels: (n,), 1 for COVID-19.
        probabilities: (n, models), in [0, 1].
        draws: Of the same images.

    Returns:
        By key.
    """
    truth, values = np.asarray(labels, np.int64), np.asarray(probabilities, np.float64)
    rows = [measure for measure in MEASURES if measure.kind == "ranking"]
    weights = draws.times_drawn.astype(np.float32)[:, draws.group_of]
    blocks = np.array_split(weights, max(1, weights.size // BLOCK))

    def measure(held: NDArray[np.float32]) -> Floats:
        """(measures, r, models)."""
        scored = Scored(truth, values, held)
        return np.stack([row.formula(scored) for row in rows])

    with ThreadPoolExecutor() as pool:
        drawn = np.concatenate(list(pool.map(measure, blocks)), axis=1)
    (whole,) = np.moveaxis(measure(np.ones((1, truth.size), np.float32)), 1, 0)
    found = {row.key: draws.interval(whole[index], drawn[index]) for index, row in enumerate(rows)}
    return found | {row.key: _without_interval(found[row.key]) for row in rows if row.rises_when_drawn}


def _without_interval(measured: Measured) -> Measured:
    nobody = np.full_like(measured.values, np.nan)
    return Measured(measured.values, nobody, nobody)
