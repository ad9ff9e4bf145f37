"""How wrong a bundle tends to be, from its own `predictions.csv`: internal figures beside external ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.backbones import BACKBONES
from core.bundle import REMEDY, bundle_path
from core.errors import BundleError
from core.manifest import BundleManifest
from core.metrics import Evaluation, evaluate

# What each split of held-out images stands for, in the order to show them in.
SPLITS = {
    "test": "held-out images of the sources that the models were trained on",
    "seed_test": "images on which the original study reported its results",
    "external": "a clinic that the models have never seen",
}


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


def collect_evidence(folder: Path, manifest: BundleManifest) -> tuple[Evidence, ...]:
    """Measures every model on every split that holds both classes.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Returns:
        In the order of `SPLITS`, then of the backbones, the ensemble last.

    Raises:
        BundleError: If the predictions are missing, lack a column, or hold what is no probability.
    """
    thresholds = {backbone.key: manifest.backbones[backbone.key].threshold for backbone in BACKBONES}
    thresholds["ensemble"] = manifest.ensemble.threshold
    rows = _read(bundle_path(folder, manifest.predictions), tuple(thresholds))
    return tuple(
        Evidence(model, split, _measure(part, model, threshold))
        for split in SPLITS
        if _both_classes(part := [row for row in rows if row["split"] == split])
        for model, threshold in thresholds.items()
    )


def _read(path: Path, models: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["label"] in ("covid", "normal")]
        sound = all(
            row["split"] and row["group"] and 0 <= float(row[model]) <= 1 for row in rows for model in models
        )
    except (KeyError, TypeError, ValueError, csv.Error):
        sound = False
    if not sound:
        raise BundleError(f"{path.name} in the bundle '{path.parent.name}' is damaged; {REMEDY}.")
    return rows


def _both_classes(rows: Iterable[dict[str, str]]) -> bool:
    return len({row["label"] for row in rows}) == 2


def _measure(rows: list[dict[str, str]], model: str, threshold: float) -> Evaluation:
    labels = [int(row["label"] == "covid") for row in rows]
    scores = [float(row[model]) for row in rows]
    return evaluate(labels, scores, threshold, [row["group"] for row in rows])
