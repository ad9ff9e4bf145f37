"""What a bundle is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.manifest import BundleManifest, Initialisation
from train.config import TrainConfig
from train.data.records import Record


@dataclass(frozen=True)
class Trained:
    """What training left in its folder, besides the weights.

    Attributes:
        images: Of each source, how many images of each label the networks learnt from, and in "total".
        operating_points: One a finding, as probabilities.
        findings_auc: ROC AUC of each finding on held-out phantoms.
        figures: Anything else worth recording in the manifest; by a backbone's key what is known of it.
        parent: The bundle whose bases learnt on, with "bundled", or stayed as they were, with "kept".
        earlier: What a bundle that is only measured anew records of its training.
    """

    images: dict[str, dict[str, int]]
    operating_points: tuple[float, ...]
    findings_auc: dict[str, float]
    figures: dict[str, Any]
    parent: BundleManifest | None = None
    earlier: dict[str, Any] | None = None

    @property
    def backbones(self) -> tuple[str, ...]:
        """Keys of those that were trained, in the table's order."""
        return tuple(key for key in BACKBONE_BY_KEY if key in self.figures)

    def began(self, backbone: str) -> Initialisation:
        """Where a backbone's base came from."""
        found: Initialisation = self.figures[backbone]["initialisation"]
        return found


@dataclass(frozen=True)
class Material:
    """All that a bundle is built from.

    Attributes:
        weights: The training folder with the weight files.
        trained: What training left besides.
        records: The data set.
        data: Its folder; phantoms need none.
        severity_scores: Radiologists' scores (CSV); phantoms' own truth is used without them.
        config: The configuration, kept in the manifest.
    """

    weights: Path
    trained: Trained
    records: Sequence[Record]
    data: Path | None
    severity_scores: Path | None
    config: TrainConfig
