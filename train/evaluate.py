"""Evaluation: what the weights that ship say about every held-out image, in one table."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.table import Table

from core.errors import DataError
from core.evaluation.evidence import collect_evidence
from core.evaluation.predictions import FINDING
from core.models import ensemble
from core.models.backbones import BACKBONES
from core.models.bundle.files import bundle_path, read_manifest
from core.models.inference import Networks, RawOutputs, ensemble_features, load_networks, raw_outputs
from core.vocabulary import FINDINGS
from train.data import Progress, Record, read_inside

INFORMATION = ("path", "split", "source", "group", "label")
SEVERITY = ("extent", "opacity")  # as people scored them, or as a phantom was rendered
MODELS = (*(backbone.key for backbone in BACKBONES), "ensemble")
FINDING_COLUMNS = tuple(FINDING + name for name in FINDINGS)
DIGITS = 6
AT_ONCE = 2  # images; while one is read or scaled, the other's network runs
TOLERANCE = 1e-3  # between a recorded probability and the same one recomputed

Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the networks say about many images.

    Attributes:
        probabilities: (n, 5), in the order of `BACKBONES`.
        logits: (n, 18), raw outputs of the findings network.
        statistics: (n, m), for the plausibility limits, in the order of `statistic_names`.
        statistic_names: Names of the m statistics.
        pooled: Each backbone's last feature map, averaged over the image: (n, channels), float32, by key.
    """

    probabilities: NDArray[np.float64]
    logits: NDArray[np.float64]
    statistics: NDArray[np.float64]
    statistic_names: tuple[str, ...]
    pooled: dict[str, NDArray[np.float32]]

    def take(self, rows: NDArray[np.int64]) -> Outputs:
        """The same of some images."""
        columns = self.probabilities[rows], self.logits[rows], self.statistics[rows]
        pooled = {key: features[rows] for key, features in self.pooled.items()}
        return Outputs(*columns, self.statistic_names, pooled)

    def features(self, operating_points: Sequence[float]) -> NDArray[np.float32]:
        """The ensemble's inputs, (n, 23)."""
        keys = [backbone.key for backbone in BACKBONES]
        return np.stack(
            [
                ensemble_features(dict(zip(keys, row, strict=True)), logits, operating_points)
                for row, logits in zip(self.probabilities, self.logits.astype(np.float32), strict=True)
            ]
        )


def run_networks(
    records: Sequence[Record],
    data: Path | None,
    networks: Networks,
    progress: Progress | None = None,
    change: Change | None = None,
) -> Outputs:
    """Runs all networks on images, by the app's own path.

    Args:
        records: Which images.
        data: The data folder; phantoms need none.
        networks: From `core.models.inference.load_networks`.
        progress: Called with (done, total).
        change: What is done to each image first, inside of its margins; nothing by default.

    Raises:
        DataError: If an image cannot be read.
    """
    rows = []

    def run(record: Record) -> tuple[RawOutputs, dict[str, NDArray[np.float32]]]:
        pixels = read_inside(record, data, networks.manifest.preprocessing)
        outputs = raw_outputs(change(pixels) if change else pixels, networks)
        pooled = {key: features.mean(axis=(0, 1)) for key, features in outputs.feature_maps.items()}
        outputs.feature_maps.clear()
        return outputs, pooled

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for answer in pool.map(run, records):
            rows.append(answer)
            if progress:
                progress(len(rows), len(records))
    names = tuple(rows[0][0].statistics)
    return Outputs(
        probabilities=np.array([list(row.probabilities.values()) for row, _ in rows]),
        logits=np.array([row.logits for row, _ in rows], dtype=np.float64),
        statistics=np.array([[row.statistics[name] for name in names] for row, _ in rows]),
        statistic_names=names,
        pooled={key: np.array([pooled[key] for _, pooled in rows]) for key in rows[0][1]},
    )


def evaluation_records(
    records: Sequence[Record], pneumonia: int | None = None, seed: int = 0
) -> list[Record]:
    """The images that `predictions.csv` holds.

    Every image of the task outside the training split, and the test images of another pneumonia, at most
    so many of a source if a number is given: what a model says to a disease that it was never taught is
    shown, not hidden.
    """
    chosen = [each for each in records if each.split != "train" and each.label != "pneumonia"]
    random = np.random.default_rng(seed)
    others: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.split == "test" and record.label == "pneumonia":
            others[record.source].append(record)
    for source in sorted(others):
        drawn = random.permutation(len(others[source]))[:pneumonia]
        chosen += [others[source][index] for index in sorted(drawn)]
    return chosen


def write_predictions(
    path: Path,
    records: Sequence[Record],
    scores: NDArray[np.float64],
    outputs: Outputs,
    decisions: NDArray[np.float64],
) -> None:
    """Writes `predictions.csv`.

    Args:
        path: The file.
        records: One an image.
        scores: (n, 2), extent and opacity as radiologists scored them; NaN, an empty cell, where nobody did.
        outputs: Of the networks, in the same order.
        decisions: (n,), the ensemble's calibrated probabilities.
    """
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*INFORMATION, *SEVERITY, *MODELS[:-1], *FINDING_COLUMNS, MODELS[-1]])
        for record, severity, row, logits, decision in zip(
            records, scores, outputs.probabilities, outputs.logits, decisions, strict=True
        ):
            known = ["" if np.isnan(score) else f"{score:.2f}" for score in severity]
            numbers = [f"{number:.{DIGITS}f}" for number in (*row, *logits, decision)]
            writer.writerow([*(getattr(record, name) for name in INFORMATION), *known, *numbers])


def read_predictions(path: Path) -> list[dict[str, str]]:
    """The rows of `predictions.csv`."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


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
