"""How wrong a bundle tends to be, from its own `predictions.csv`: internal figures beside external ones."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import BundleError
from core.metrics import Evaluation, evaluate
from core.models.backbones import BACKBONES
from core.models.bundle.files import REMEDY, bundle_path
from core.models.bundle.manifest import BundleManifest
from core.vocabulary import FINDINGS

# What each split of held-out images stands for, in the order to show them in.
SPLITS = {
    "test": "held-out images of the sources that the models were trained on",
    "seed_test": "images on which the original study reported its results",
    "external": "a clinic that the models have never seen",
}
TEXTS = ("path", "split", "source", "group", "label")
FINDING = "finding:"  # before the name of a finding, in the head of a column


@dataclass(frozen=True, eq=False)
class Predictions:
    """What every model said about every image that a bundle was measured on.

    Attributes:
        thresholds: Each model's own, by backbone key and "ensemble", in the order of the columns of `scores`.
        path: (n,), str: the file, relative to the data folder.
        split: (n,), str.
        source: (n,), str: the collection or clinic.
        group: (n,), str: the patient.
        label: (n,), str: "covid", "normal" or "pneumonia".
        scores: (n, models), P(COVID-19) in [0, 1].
        extent: (n,), geographic extent as radiologists scored it, 0-8; NaN where nobody did.
        findings: (n, 18), raw outputs of the findings network.
    """

    thresholds: dict[str, float]
    path: NDArray[np.str_]
    split: NDArray[np.str_]
    source: NDArray[np.str_]
    group: NDArray[np.str_]
    label: NDArray[np.str_]
    scores: NDArray[np.float64]
    extent: NDArray[np.float64]
    findings: NDArray[np.float64]

    @property
    def called(self) -> NDArray[np.bool_]:
        """(n, models): read as COVID-19, at each model's own threshold."""
        return np.asarray(self.scores >= np.array(list(self.thresholds.values())))

    def take(self, rows: NDArray[np.int64]) -> Predictions:
        """Some of the images."""
        columns = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "thresholds"}
        return Predictions(self.thresholds, **{name: column[rows] for name, column in columns.items()})


def join(tables: Sequence[Predictions]) -> Predictions:
    """Several tables of the same models as one; at least one."""
    names = [each.name for each in fields(Predictions) if each.name != "thresholds"]
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in names}
    return Predictions(tables[0].thresholds, **columns)


@dataclass(frozen=True)
class Evidence:
    """One model on one split.

    Attributes:
        model: A backbone's key, or "ensemble".
        split: Of `SPLITS`.
        figures: ROC AUC with interval, decisions at the model's own threshold, Brier, calibration error.
    """

    model: str
    split: str
    figures: Evaluation

    @property
    def wrong(self) -> int:
        """How many images it decided wrongly at its threshold."""
        counts = self.figures.confusion
        return counts.false_positives + counts.false_negatives


def read_predictions(folder: Path, manifest: BundleManifest) -> Predictions:
    """Reads a bundle's `predictions.csv`; bundles of before have no column `extent`.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Raises:
        BundleError: If the predictions are missing, lack a column, or hold what is no probability.
    """
    thresholds = {backbone.key: manifest.backbones[backbone.key].threshold for backbone in BACKBONES}
    thresholds["ensemble"] = manifest.ensemble.threshold
    path = bundle_path(folder, manifest.predictions)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return _table(list(csv.DictReader(file)), thresholds)
    except (KeyError, TypeError, ValueError, csv.Error):
        raise BundleError(f"{path.name} in the bundle '{folder.name}' is damaged; {REMEDY}.") from None


def _table(rows: list[dict[str, str]], thresholds: dict[str, float]) -> Predictions:
    """The rows as arrays; ValueError and its like for whatever is not as it should be."""
    texts = {name: np.array([row[name] for row in rows], np.str_) for name in TEXTS}
    scores = np.array([[float(row[model]) for model in thresholds] for row in rows])
    extent = np.array([float(row.get("extent") or "nan") for row in rows])
    if not all((text != "").all() for text in texts.values()) or not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("a cell is empty or no probability")
    findings = np.array([[float(row[FINDING + name]) for name in FINDINGS] for row in rows])
    if not np.isfinite(findings).all():
        raise ValueError("a finding is no number")
    if not (np.isnan(extent) | ((extent >= 0) & (extent <= 8))).all():
        raise ValueError("an extent is out of range")
    return Predictions(
        thresholds,
        **texts,
        scores=scores.reshape(-1, len(thresholds)),
        extent=extent,
        findings=findings.reshape(-1, len(FINDINGS)),
    )


def collect_evidence(folder: Path, manifest: BundleManifest) -> tuple[Evidence, ...]:
    """Measures every model of a bundle on every split that holds both classes.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Returns:
        In the order of `SPLITS`, then of the backbones, the ensemble last.

    Raises:
        BundleError: As for `read_predictions`.
    """
    return measure_evidence(read_predictions(folder, manifest))


def measure_evidence(predictions: Predictions) -> tuple[Evidence, ...]:
    """The same of predictions that have been read."""
    found = []
    for split, rows, labels in task_splits(predictions):
        for column, (model, threshold) in enumerate(predictions.thresholds.items()):
            scores = predictions.scores[rows, column]
            figures = evaluate(labels, scores, threshold, predictions.group[rows])
            found.append(Evidence(model, split, figures))
    return tuple(found)


def task_splits(predictions: Predictions) -> Iterator[tuple[str, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Each of `SPLITS` that holds both classes: its name, its rows (n,), and whether each is COVID-19."""
    for split in SPLITS:
        rows = (predictions.split == split) & np.isin(predictions.label, ("covid", "normal"))
        labels = predictions.label[rows] == "covid"
        if labels.any() and not labels.all():
            yield split, rows, labels
