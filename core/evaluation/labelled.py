"""What is known of a radiograph's findings, and how well the findings network finds it again."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.predictions import Predictions
from core.evaluation.trials import MeasuredAuc, measure_auc
from core.vocabulary import FINDINGS, FIRST_FINDINGS, HELD_OUT, PHANTOM

# What NIH's labels speak of; the other four names of the 18 come from other collections.
NIH_FINDINGS = frozenset(FIRST_FINDINGS) - {
    "Lung Lesion",
    "Fracture",
    "Lung Opacity",
    "Enlarged Cardiomediastinum",
}

# What a finding is a kind of, or makes.
OPACITIES = frozenset(
    {"Atelectasis", "Consolidation", "Infiltration", "Edema", "Pneumonia", "Mass", "Nodule", "Lung Lesion"}
)
IMPLIED = {
    "Lung Lesion": frozenset({"Mass", "Nodule"}),
    "Lung Opacity": OPACITIES,
    "Enlarged Cardiomediastinum": frozenset({"Cardiomegaly"}),
}

LEAST = 10  # radiographs with a finding, and without it, from which on how well it is found is measured


def known_findings(label: str, named: Collection[str] | None) -> NDArray[np.float32] | None:
    """What is known of a radiograph's findings.

    Where they are named as NIH does, what is not named of its fourteen is absent. A radiograph that its
    collection calls normal shows none of them, no other opacity and no wide mediastinum, though perhaps an
    old fracture; of one with pneumonia whose findings nobody named, that alone is known. What follows from
    findings is as in CheXpert (Irvin et al. 2019, arXiv:1901.07031): each of `OPACITIES` is an opacity, a
    mass or a nodule is a lung lesion, and a large heart makes the mediastinum wide.

    Args:
        label: Of `LABELS`.
        named: What its collection names; None where it names nothing, and names that are no findings count
            as nothing.

    Returns:
        (18,): 1, 0, or NaN where nobody knows; None where nobody knows anything.
    """
    if named is not None and not set(named) <= {*FINDINGS}:
        named = None
    if named is None and label not in ("normal", "pneumonia"):
        return None
    if named is None and label == "normal":
        named = ()
    known: dict[str, bool] = {}
    if named is None:
        present = {"Pneumonia"}
    else:
        present = {*named}
        known = dict.fromkeys(NIH_FINDINGS, False) | {"Lung Lesion": False}
        if not named:
            known |= {"Lung Opacity": False, "Enlarged Cardiomediastinum": False}
    for whole, parts in IMPLIED.items():
        if present & parts:
            present.add(whole)
    known |= dict.fromkeys(present, True)
    return np.array([known.get(name, math.nan) for name in FINDINGS], dtype=np.float32)


@dataclass(frozen=True)
class LabelledFinding:
    """How well the findings network finds again what a collection says of its radiographs.

    Attributes:
        name: Of `FINDINGS`.
        source: The collection.
        measured: The ROC AUC of its radiographs with the finding against those without.
    """

    name: str
    source: str
    measured: MeasuredAuc


def results_on_labels(predictions: Predictions) -> tuple[LabelledFinding, ...]:
    """How well findings are found again on held-out radiographs, as which phantoms do not count.

    Each collection for itself, so that nothing is won by telling one from another.

    Returns:
        In the order of `FINDINGS`, of collections with at least `LEAST` radiographs that have a finding, and
        as many that have not.
    """
    held_out = np.isin(predictions.split, HELD_OUT) & (predictions.source != PHANTOM)
    known = np.full((len(held_out), len(FINDINGS)), np.nan, np.float32)
    for row in np.flatnonzero(held_out):
        reported = str(predictions.reported[row])
        found = known_findings(str(predictions.label[row]), reported.split("|") if reported else None)
        if found is not None:
            known[row] = found
    results = []
    for column, name in enumerate(predictions.finding_names):
        for source in np.unique(predictions.source[held_out]).tolist():
            rows = (predictions.source == source) & ~np.isnan(known[:, column])
            labels, scores = known[rows, column], predictions.findings[rows, column]
            if min(labels.sum(), (1 - labels).sum()) >= LEAST:
                measured = measure_auc(labels.astype(np.int64), scores, predictions.group[rows])
                results.append(LabelledFinding(name, source, measured))
    return tuple(results)
