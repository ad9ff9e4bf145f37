"""Which images `predictions.csv` holds, and how it is written."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.predictions import FINDING
from core.models.backbones import BACKBONES
from core.vocabulary import FINDINGS
from train.data.records import Record
from train.outputs import Outputs

INFORMATION = ("path", "split", "source", "group", "label")

SEVERITY = ("extent", "opacity")  # as people scored them, or as a phantom was rendered

MODELS = (*(backbone.key for backbone in BACKBONES), "ensemble")

FINDING_COLUMNS = tuple(FINDING + name for name in FINDINGS)

DIGITS = 6


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
