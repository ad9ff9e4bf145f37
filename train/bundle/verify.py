"""Evaluation: what the weights that ship say about every held-out image, in one table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from core.errors import DataError
from core.evaluation.evidence import collect_evidence
from core.models import ensemble
from core.models.bundle.files import bundle_path, read_manifest
from core.models.inference import load_networks
from train.bundle.predictions import MODELS, read_predictions
from train.data.records import Record
from train.outputs import run_networks
from train.tools.progress import Progress

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
            f"{figures.roc_auc:.3f} ({interval.low:.2f}–{interval.high:.2f})",
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
    progress: Progress | None = None,
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
    rows = read_predictions(bundle_path(bundle, manifest.predictions))
    chosen = rows if images is None else stratified(rows, images)
    known = {record.path: record for record in records}
    missing = [row["path"] for row in chosen if row["path"] not in known]
    if missing:
        raise DataError(
            f"The data folder lacks {missing[0]} and {len(missing) - 1} more; use the one "
            "that the bundle was evaluated on."
        )
    outputs = run_networks([known[row["path"]] for row in chosen], data, load_networks(bundle), progress)
    svm = ensemble.load(bundle_path(bundle, manifest.ensemble), manifest.ensemble.threshold)
    decisions = svm.probabilities(outputs.features(manifest.findings.operating_points))
    columns = np.column_stack([outputs.probabilities, decisions])
    stored = np.array([[float(row[model]) for model in MODELS] for row in chosen])
    worst = np.abs(columns - stored).max(axis=0)
    return Verification(len(chosen), dict(zip(MODELS, worst.tolist(), strict=True)))


def stratified(rows: Sequence[dict[str, str]], count: int, seed: int = 0) -> list[dict[str, str]]:
    """About so many rows: the same share of every split and label, and at least one of each."""
    strata: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        strata[row["split"], row["label"]].append(row)
    random = np.random.default_rng(seed)
    chosen = []
    for key in sorted(strata):
        size = max(1, round(count * len(strata[key]) / len(rows)))
        chosen += [strata[key][index] for index in sorted(random.permutation(len(strata[key]))[:size])]
    return chosen
