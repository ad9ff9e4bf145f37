"""A bundle held against itself: its figures, and whether its weights still give its predictions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from core.evaluation.evidence import collect_evidence
from core.evaluation.predictions import Predictions, read_predictions
from core.models import ensemble_files
from core.models.bundle.files import read_manifest
from core.models.inference import load_networks
from train.bundle.predictions import records_of
from train.data.records import Record
from train.outputs import run_networks
from train.tools.progress import Tally

TOLERANCE = 1e-3  # between a recorded probability and the same one recomputed


def report(bundle: Path) -> Table:
    """A table of a bundle's figures, from its `predictions.csv`."""
    table = Table(
        *("split", "model", "images", "ROC AUC (95 %)", "sens.", "spec.", "Brier"),
        title=f"{bundle.name}: COVID-19 against normal",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for found in collect_evidence(bundle, read_manifest(bundle)):
        figures, interval = found.figures, found.figures.roc_auc_interval
        table.add_row(
            found.split,
            found.model,
            str(figures.images),
            f"{figures.roc_auc:.3f}{interval.in_brackets()}",
            f"{figures.confusion.sensitivity:.3f}",
            f"{figures.confusion.specificity:.3f}",
            f"{figures.brier:.3f}",
        )
    return table


@dataclass(frozen=True)
class Verification:
    """How far recomputed outputs lie from those that a bundle records.

    Attributes:
        images: How many were recomputed.
        largest: The largest absolute difference of a probability, by model.
    """

    images: int
    largest: dict[str, float]


def verify(
    bundle: Path,
    records: Sequence[Record],
    data: Path | None,
    images: int | None = None,
    progress: Tally | None = None,
) -> Verification:
    """Recomputes a bundle's predictions from its weights.

    Args:
        bundle: The bundle's folder.
        records: Of the data set that it was evaluated on.
        data: The data folder.
        images: How many rows to recompute, the same share of every split and label; None for all.
        progress: Called with (done, total).

    Raises:
        DataError: If the data set lacks an image that the predictions name.
        BundleError: If the bundle is damaged.
    """
    manifest = read_manifest(bundle)
    stored = read_predictions(bundle, manifest)
    if images is not None:
        stored = stored.take(stratified(stored, images))
    outputs = run_networks(records_of(stored, records), data, load_networks(bundle), progress)
    svm = ensemble_files.load_bundled(bundle, manifest)
    decisions = svm.probabilities(outputs.features(manifest.findings.operating_points))
    columns = np.column_stack([outputs.probabilities, decisions])
    worst = np.abs(columns - stored.scores).max(axis=0)
    return Verification(stored.label.size, dict(zip(stored.thresholds, worst.tolist(), strict=True)))


def stratified(predictions: Predictions, count: int, seed: int = 0) -> NDArray[np.int64]:
    """About so many rows of a table: the same share of every split and label, and at least one of each."""
    strata: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, key in enumerate(zip(predictions.split, predictions.label, strict=True)):
        strata[key].append(row)
    random = np.random.default_rng(seed)
    chosen: list[int] = []
    for key in sorted(strata):
        size = max(1, round(count * len(strata[key]) / predictions.label.size))
        chosen += [strata[key][index] for index in sorted(random.permutation(len(strata[key]))[:size])]
    return np.array(chosen, dtype=np.int64)
