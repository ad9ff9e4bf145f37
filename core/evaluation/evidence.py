"""How wrong a bundle tends to be, from its own `predictions.csv`: internal figures beside external ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Evaluation, evaluate
from core.evaluation.predictions import Predictions, read_predictions
from core.models.bundle.manifest import BundleManifest
from core.vocabulary import HELD_OUT, TASK


@dataclass(frozen=True)
class Evidence:
    """One model on one split.

    Attributes:
        model: A backbone's key, or "ensemble".
        split: Of `HELD_OUT`.
        figures: ROC AUC with interval, decisions at the model's own threshold, Brier, calibration error.
    """

    model: str
    split: str
    figures: Evaluation

    @property
    def wrong(self) -> int:
        """How many images it decided wrongly at its threshold."""
        return self.figures.wrong


def collect_evidence(folder: Path, manifest: BundleManifest) -> tuple[Evidence, ...]:
    """Measures every model of a bundle on every split that holds both classes.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Returns:
        In the order of `HELD_OUT`, then of the backbones, the ensemble last.

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
    """Each of `HELD_OUT` that holds both classes: its name, its rows (n,), and whether each is COVID-19."""
    for split in HELD_OUT:
        rows = (predictions.split == split) & np.isin(predictions.label, TASK)
        labels = predictions.label[rows] == "covid"
        if labels.any() and not labels.all():
            yield split, rows, labels
