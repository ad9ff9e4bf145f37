"""What training left for the bundle, besides the weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.models.bundle.manifest import BundleManifest, Initialisation


@dataclass(frozen=True)
class Trained:
    """What training left in its folder, besides the weights.

    Attributes:
        images: Of each source, how many images of each label the networks learnt from, and in "total".
        operating_points: Of the 18 findings, as probabilities.
        findings_auc: ROC AUC of each finding on held-out phantoms.
        figures: Anything else worth recording in the manifest.
        parent: The bundle whose bases learnt on, with "bundled".
        earlier: What a bundle that is only measured anew records of its training.
    """

    images: dict[str, dict[str, int]]
    operating_points: tuple[float, ...]
    findings_auc: dict[str, float]
    figures: dict[str, Any]
    parent: BundleManifest | None = None
    earlier: dict[str, Any] | None = None

    def began(self, backbone: str) -> Initialisation:
        """Where a backbone's base came from."""
        found: Initialisation = self.figures[backbone]["initialisation"]
        return found
