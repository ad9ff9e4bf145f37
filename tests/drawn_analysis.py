"""An analysis that needs no network."""

from __future__ import annotations

import numpy as np

from core.analysis.results import Analysis, BackboneReading, Provenance
from core.explain.heat_in_lungs import HeatInLungs
from core.margins import Box
from core.models.backbones import BACKBONES
from core.models.ensemble import Contribution, EnsembleDecision
from core.models.findings import FindingScore
from core.models.head import Head
from core.models.severity import SeverityScore
from core.reading.warning import ReadingWarning
from core.vocabulary import FINDINGS


def drawn_analysis() -> Analysis:
    """An analysis by no network, of a file with a hostile name; the backbones spread from 0.1 to 0.9."""
    heat = np.array([[0, 0.5], [1, 1 / 3]], np.float32)
    features = np.zeros((2, 2, 1), np.float16)
    head = Head(np.ones((1, 1), np.float32), np.ones(1, np.float32), np.ones(1, np.float32), "average")
    probabilities = np.linspace(0.1, 0.9, len(BACKBONES)).tolist()
    return Analysis(
        name="=cmd|' /C calc'!A0.png",
        width_px=300,
        height_px=200,
        inside=Box(0, 0, 300, 200),
        box=Box(18, 12, 282, 188),
        readings=tuple(
            BackboneReading(
                backbone, probability, 0.5, heat, 2.5, features, head, None if i else HeatInLungs(0.6, 0.4)
            )
            for i, (backbone, probability) in enumerate(zip(BACKBONES, probabilities, strict=True))
        ),
        findings=tuple(FindingScore(name, -1.25, 0.3, 0.4, 0.75) for name in FINDINGS),
        severity=(
            SeverityScore("extent", 3.5, 8, 1.1, 2.0, 89),
            SeverityScore("opacity", 2.5, 6, 0.8, 1.3, 89),
        ),
        decision=EnsembleDecision(-0.5, 0.1, 0.35, 0.5, (Contribution("vgg16", "backbone", 0.1, -0.6),)),
        warnings=(ReadingWarning("not_frontal", "Look again."), ReadingWarning("low_contrast", "Dim.")),
        provenance=Provenance(
            "random", "Random", "trained from scratch", "stand-in", "From the stand-in.", "f32"
        ),
        milliseconds=123.4,
    )
