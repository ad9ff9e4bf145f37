"""Takes a mark out of the features: what it changes from twin to twin is projected away before a head learns.

Twins are the same patients without the mark and with it. The main directions of their differences (an
uncentred singular value decomposition) span what is taken out, after the projections of Ravfogel et al. 2020,
arXiv:2004.07667, which remove what betrays a property from representations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Evaluation, evaluate, youden_threshold
from core.shortcuts.experiment import Material, Planting
from core.shortcuts.features import Floats
from core.shortcuts.heads import Learnt, Schooling, learn

Place = Literal["home", "flipped", "none", "abroad"]
PLACES: tuple[Place, ...] = ("home", "flipped", "none", "abroad")
COUNTS = (0, 1, 2, 4, 8)  # of directions


@dataclass(frozen=True, eq=False)
class Abroad:
    """Patients of another department, none of whom carries the mark: they measure and choose nothing.

    Attributes:
        features: (n, channels).
        labels: (n,), 1 for the ill.
        patients: (n,), whose radiograph it is.
    """

    features: Floats
    labels: NDArray[np.int64]
    patients: NDArray[Any]


@dataclass(frozen=True, eq=False)
class TakenOut:
    """A head that learnt from features without some directions.

    Attributes:
        directions: How many were taken out.
        figures: Of the head, by place.
        moved: How far the mark still moves its answers: mean absolute change of P(ill) over all who measure.
        head: It, for features as they come.
    """

    directions: int
    figures: Mapping[Place, Evaluation]
    moved: float
    head: Learnt


def take_out(
    material: Material, planting: Planting, abroad: Abroad, schooling: Schooling
) -> Iterator[TakenOut]:
    """Heads that learn from the same marked patients, with more and more of the mark taken out.

    Args:
        material: Features at home, without the mark and with it.
        planting: Who carries it where the heads learn.
        abroad: Who else measures.
        schooling: How the heads learn.

    Yields:
        One for each of `COUNTS`.
    """
    spread, basis = main_directions(material, max(COUNTS))
    labels = material.labels[material.learns]
    learnt = material.learnt(planting)
    for count in COUNTS:
        kept = basis[:count]
        (*_, head) = learn(without(learnt / spread, kept), labels, schooling)
        kernel = without(head.hidden_kernel.T, kept).T / spread[:, None]
        whole = replace(head, hidden_kernel=np.ascontiguousarray(kernel, dtype=np.float32))
        yield _measure(count, whole, material, planting, abroad)


def main_directions(material: Material, count: int) -> tuple[Floats, Floats]:
    """What the mark does to features, in units of their spread: from those who are learnt from alone.

    Args:
        material: Features.
        count: How many directions.

    Returns:
        The spread of each feature, (channels,), at least a tenth of the typical one; and (count, channels),
        orthonormal, the strongest first.
    """
    plain, marked = material.plain[material.learns], material.marked[material.learns]
    spread = plain.std(axis=0)
    spread = np.maximum(spread, np.float32(0.1) * spread.mean() + np.finfo(np.float32).tiny)
    _, _, rows = np.linalg.svd((marked - plain) / spread, full_matrices=False)
    return spread, np.asarray(rows[:count], dtype=np.float32)


def without(features: Floats, basis: Floats) -> Floats:
    """Features (n, channels) without their parts along an orthonormal basis, (k, channels)."""
    return np.asarray(features - (features @ basis.T) @ basis, dtype=np.float32)


def _measure(count: int, head: Learnt, material: Material, planting: Planting, abroad: Abroad) -> TakenOut:
    threshold = youden_threshold(
        material.labels[material.learns], head.probabilities(material.learnt(planting))
    )
    own = (material.labels[~material.learns], material.patients[~material.learns])
    tests: dict[Place, tuple[NDArray[Any], NDArray[Any], Floats]] = {
        "home": (*own, material.measured(planting)),
        "flipped": (*own, material.measured(planting.under("flipped"))),
        "none": (*own, material.measured(planting.under("none"))),
        "abroad": (abroad.labels, abroad.patients, abroad.features),
    }
    figures = {
        place: evaluate(truth, head.probabilities(features), threshold, patients)
        for place, (truth, patients, features) in tests.items()
    }
    pair = (head.probabilities(each[~material.learns]) for each in (material.marked, material.plain))
    marked, plain = pair
    return TakenOut(count, figures, float(np.abs(marked - plain).mean()), head)
