"""What collections say of a radiograph's findings, and how well the findings network finds it again."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.predictions import Predictions
from core.evaluation.trials import MeasuredAuc, measure_auc
from core.models.findings import op_norm, sigmoid
from core.vocabulary import FINDINGS, FIRST_FINDINGS, HELD_OUT, PHANTOM

# What NIH's labels speak of; the other four names of the 18 come from other collections.
NIH_FINDINGS = frozenset(FIRST_FINDINGS) - {
    "Lung Lesion",
    "Fracture",
    "Lung Opacity",
    "Enlarged Cardiomediastinum",
}

# What is more than one finding, and which it is, or which make it. After the hierarchy of CheXpert's labels
# (Irvin et al. 2019, arXiv:1901.07031); infiltrations, masses and nodules, of which NIH alone speaks, are put
# there likewise. That pneumonia would be a consolidation, too, is not taken over: a program that reads
# reports names one without the other.
IMPLIED = {
    "Lung Lesion": frozenset({"Mass", "Nodule"}),
    "Lung Opacity": frozenset(
        {
            "Atelectasis",
            "Consolidation",
            "Infiltration",
            "Edema",
            "Pneumonia",
            "Mass",
            "Nodule",
            "Lung Lesion",
        }
    ),
    "Enlarged Cardiomediastinum": frozenset({"Cardiomegaly"}),
}

# Radiographs of a collection with a finding, and without it, from which on how well it is found is measured.
MIN_WITH_AND_WITHOUT = 10


def known_findings(label: str, named: Collection[str] | None) -> NDArray[np.float32] | None:
    """What is known of a radiograph's findings.

    Where they are named as NIH does, what is not named of its fourteen is absent. Of a radiograph with
    pneumonia whose findings nobody named, that alone is known, and what it implies. One that its collection
    calls normal is taken to show nothing but perhaps an old fracture, though a collection whose labels come
    from reports says nothing of a wide mediastinum.

    Args:
        label: Of `LABELS`.
        named: What its collection names; None where it names nothing. Names that are no findings, and none
            for one who is ill, count as nothing.

    Returns:
        (18,): 1, 0, or NaN where nobody knows; None where nobody knows anything.
    """
    present: set[str] = set()
    known: dict[str, bool] = {}
    if named and {*named} <= {*FINDINGS}:
        present |= {*named}
        known = dict.fromkeys(NIH_FINDINGS, False) | {"Lung Lesion": False}
    elif label == "normal":
        known = dict.fromkeys(set(FINDINGS) - {"Fracture"}, False)
    elif label == "pneumonia":
        present.add("Pneumonia")
    else:
        return None
    for whole, parts in IMPLIED.items():
        if present & parts:
            present.add(whole)
    known |= dict.fromkeys(present, True)
    return np.array([known.get(name, math.nan) for name in FINDINGS], dtype=np.float32)


@dataclass(frozen=True)
class NamedFinding:
    """How well the findings network finds again what a collection says of its radiographs.

    Attributes:
        name: Of `FINDINGS`.
        source: The collection.
        measured: The ROC AUC of its radiographs with the finding against those without.
        found: On how many of those with it the network finds it, at its operating point.
        from_normal: Whether all of those without are normal: then any network that tells ill from well is as
            good.
    """

    name: str
    source: str
    measured: MeasuredAuc
    found: int
    from_normal: bool


def results_on_named_findings(
    predictions: Predictions, operating_points: Sequence[float]
) -> tuple[NamedFinding, ...]:
    """How well findings are found again on held-out radiographs, as which phantoms do not count.

    Each collection for itself, so that nothing is won by telling one from another. What merely follows from
    what is named has no figure of its own.

    Args:
        predictions: Of the bundle.
        operating_points: Of the findings network, as probabilities.

    Returns:
        In the order of `FINDINGS`, of collections with at least `MIN_WITH_AND_WITHOUT` radiographs that have
        a finding, and as many that have not.
    """
    held_out = np.isin(predictions.split, HELD_OUT) & (predictions.source != PHANTOM)
    known = np.full((len(held_out), len(FINDINGS)), np.nan, np.float32)
    named = np.zeros(known.shape, np.bool_)
    for row in np.flatnonzero(held_out):
        names, label = str(predictions.reported[row]).split("|"), str(predictions.label[row])
        found = known_findings(label, names if names != [""] else None)
        if found is not None:
            known[row] = found
        named[row] = [name in names or (name, label) == ("Pneumonia", "pneumonia") for name in FINDINGS]
    positive = op_norm(sigmoid(predictions.findings), operating_points) >= 0.5
    results = []
    for column, name in enumerate(predictions.finding_names):
        for source in np.unique(predictions.source[held_out]).tolist():
            rows = (predictions.source == source) & ~np.isnan(known[:, column])
            labels, scores = known[rows, column], predictions.findings[rows, column]
            if min(labels.sum(), (1 - labels).sum()) < MIN_WITH_AND_WITHOUT or not named[rows, column].any():
                continue
            measured = measure_auc(labels.astype(np.int64), scores, predictions.group[rows])
            hits = int((positive[rows, column] & (labels == 1)).sum())
            from_normal = bool((predictions.label[rows][labels == 0] == "normal").all())
            results.append(NamedFinding(name, source, measured, hits, from_normal))
    return tuple(results)
