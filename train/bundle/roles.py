"""Which images serve what when a bundle is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.phantom.seeds import take_seeds
from core.vocabulary import PHANTOM
from train.bundle.predictions import evaluation_records
from train.data.records import Record, draw_phantoms, render_phantom
from train.data.severity_scores import read_severity_scores

SEVERITY_PHANTOMS = 90  # as many as there are images that radiologists scored


@dataclass(frozen=True)
class Roles:
    """Which images serve what, as indices into one list that is analysed once.

    Attributes:
        records: Every image that is needed, among them those whose Brixia score severity is held against.
        evaluated: Those of `predictions.csv`.
        typical: Those that the plausibility limits are fitted to: the validation split, whose collections
            the networks learnt from.
        severity: Those that extent and opacity are fitted to.
        scores: (records, 2): extent and opacity, NaN where nobody knows them.
    """

    records: tuple[Record, ...]
    evaluated: NDArray[np.int64]
    typical: NDArray[np.int64]
    severity: NDArray[np.int64]
    scores: NDArray[np.float64]


def choose_images(
    records: Sequence[Record], severity_scores: Path | None, pneumonia: int | None = None
) -> Roles:
    """Assigns roles to images.

    Args:
        records: The data set.
        severity_scores: Radiologists' scores, matched by `Record.original`; None fits severity to the truth
            of phantoms instead, held-out ones of the data set or else rendered for the purpose.
        pneumonia: At most so many test images of another pneumonia of each source; None for all.

    Raises:
        DataError: If the scores cannot be read.
    """
    evaluated = evaluation_records(records, pneumonia)
    typical = [record for record in evaluated if record.split == "val"]
    scored: dict[str, tuple[float, float]] = {}
    if severity_scores is not None:
        scored = {
            each.filename: (each.extent, each.opacity) for each in read_severity_scores(severity_scores)
        }
        severity = [each for each in records if each.original in scored]
    else:
        severity = [each for each in evaluated if each.source == PHANTOM]
        severity = severity or draw_phantoms(take_seeds("severity", SEVERITY_PHANTOMS), ("val",))
    checked = [record for record in records if record.brixia is not None]
    unique = {record.path: record for record in (*evaluated, *typical, *severity, *checked)}
    index = {path: place for place, path in enumerate(unique)}
    scores = [_scores(record, scored) for record in unique.values()]

    def places(part: Sequence[Record]) -> NDArray[np.int64]:
        return np.array([index[record.path] for record in part], dtype=np.int64)

    return Roles(
        records=tuple(unique.values()),
        evaluated=places(evaluated),
        typical=places(typical),
        severity=places(severity),
        scores=np.array(scores, dtype=np.float64).reshape(-1, 2),
    )


def _scores(record: Record, scored: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    if record.source == PHANTOM:
        phantom = render_phantom(record)
        return phantom.extent_score, phantom.opacity_score
    return scored.get(record.original, (np.nan, np.nan))
