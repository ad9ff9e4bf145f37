"""A mark is planted, a head learns, and is measured where the mark helps and where it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Evaluation, evaluate, roc_auc, youden_threshold
from core.shortcuts.cohorts import Cohort
from core.shortcuts.features import Features, Floats, Source
from core.shortcuts.heads import Learnt, Schooling, learn

Condition = Literal["as_learnt", "none", "flipped"]
CONDITIONS: tuple[Condition, ...] = ("as_learnt", "none", "flipped")


@dataclass(frozen=True)
class Planting:
    """Who carries a mark.

    Attributes:
        plant: Its key.
        ill: Per cent of the ill.
        healthy: Per cent of the healthy.
    """

    plant: str
    ill: int
    healthy: int

    def under(self, condition: Condition) -> Planting:
        """Who carries it where the head is measured: as where it learnt, nobody, or the other way round."""
        if condition == "none":
            return replace(self, ill=0, healthy=0)
        return replace(self, ill=self.healthy, healthy=self.ill) if condition == "flipped" else self


@dataclass(frozen=True, eq=False)
class Material:
    """Features of patients without and with a mark, (n, channels) each.

    Attributes:
        plain: Without.
        marked: The same patients with the mark on all of them.
        labels: (n,), 1 for the ill.
        learns: (n,), who is learnt from.
        patients: (n,), whose radiograph it is.
    """

    plain: Floats
    marked: Floats
    labels: NDArray[np.int64]
    learns: NDArray[np.bool_]
    patients: NDArray[Any]

    def measured(self, planting: Planting) -> Floats:
        """Features of those who measure, (m, channels), with marks on some."""
        return self._mixed(planting)[~self.learns]

    def learnt(self, planting: Planting) -> Floats:
        """Features of those who are learnt from, the same."""
        return self._mixed(planting)[self.learns]

    def _mixed(self, planting: Planting) -> Floats:
        carries = carriers(self.labels, self.learns, planting)
        return np.where(carries[:, None], self.marked, self.plain)


@dataclass(frozen=True)
class Point:
    """A head at an epoch: ROC AUC on patients that it did not learn from, by condition."""

    epoch: int
    roc_auc: Mapping[Condition, float]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of it.

    Attributes:
        planting: Who carried the mark.
        head: What learnt with it.
        without: What learnt from the same patients without any mark.
        threshold: Of the head, by Youden's index on the patients that it learnt from.
        curve: How it learnt.
        figures: Of the head, by condition.
        figures_without: Of the other, by condition.
    """

    planting: Planting
    head: Learnt
    without: Learnt
    threshold: float
    curve: tuple[Point, ...]
    figures: Mapping[Condition, Evaluation]
    figures_without: Mapping[Condition, Evaluation]


def carriers(labels: NDArray[np.int64], learns: NDArray[np.bool_], planting: Planting) -> NDArray[np.bool_]:
    """(n,): who carries the mark; exactly the shares asked for, as far as whole patients allow.

    Args:
        labels: (n,), 1 for the ill.
        learns: (n,), who is learnt from; either half has its shares.
        planting: The shares.
    """
    order = np.random.default_rng(len(labels)).permutation(len(labels))
    carries = np.zeros(len(labels), dtype=np.bool_)
    for label, share in ((1, planting.ill), (0, planting.healthy)):
        for part in (learns, ~learns):
            rows = [row for row in order if labels[row] == label and part[row]]
            carries[rows[: round(share * len(rows) / 100)]] = True
    return carries


def gather(features: Features, source: Source, cohort: Cohort) -> Material:
    """The material of an experiment, all of which was computed.

    Args:
        features: Of all sessions.
        source: With the mark.
        cohort: The patients.

    Raises:
        KeyError: If something of it was not.
    """
    rows = range(len(cohort.labels))
    plain, marked = (features.take(each, cohort, rows) for each in (replace(source, plant=""), source))
    return Material(plain, marked, cohort.labels, cohort.learns, cohort.patients)


def school(material: Material, planting: Planting, schooling: Schooling) -> Iterator[tuple[Learnt, Point]]:
    """A head learns: after each epoch as it stands, and how good it is on others under each condition.

    Args:
        material: Features.
        planting: Who carries the mark.
        schooling: How it learns.
    """
    labels = material.labels[~material.learns]
    tests = {each: material.measured(planting.under(each)) for each in CONDITIONS}
    steps = learn(material.learnt(planting), material.labels[material.learns], schooling)
    for epoch, head in enumerate(steps, start=1):
        aucs = {each: roc_auc(labels, head.probabilities(test)) for each, test in tests.items()}
        yield head, Point(epoch, aucs)


def conclude(
    material: Material, planting: Planting, heads: tuple[Learnt, Learnt], curve: Sequence[Point]
) -> Outcome:
    """All figures of a head that has learnt, beside those of one that saw no mark.

    Args:
        material: Features.
        planting: Who carried the mark.
        heads: That one, and the other.
        curve: How it learnt.
    """
    learnt = material.labels[material.learns]
    planted, without = (
        youden_threshold(learnt, head.probabilities(material.learnt(each)))
        for head, each in zip(heads, (planting, planting.under("none")), strict=True)
    )
    return Outcome(
        planting,
        *heads,
        threshold=planted,
        curve=tuple(curve),
        figures=_figures(material, planting, heads[0], planted),
        figures_without=_figures(material, planting, heads[1], without),
    )


def _figures(
    material: Material, planting: Planting, head: Learnt, threshold: float
) -> dict[Condition, Evaluation]:
    labels, patients = (each[~material.learns] for each in (material.labels, material.patients))
    said = {each: head.probabilities(material.measured(planting.under(each))) for each in CONDITIONS}
    return {each: evaluate(labels, scores, threshold, patients) for each, scores in said.items()}
