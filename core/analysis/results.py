"""What one analysis returns, as plain frozen values that know nothing of files or screens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from core.explain.explainers import EXPLAINERS
from core.explain.heat_in_lungs import HeatInLungs
from core.explain.method import Explainer
from core.gate.verdict import Verdict
from core.gate.way import AS_IT_IS, Way
from core.margins import Box
from core.models.backbones import Backbone
from core.models.ensemble import EnsembleDecision
from core.models.findings import FindingScore
from core.models.head import Head
from core.models.severity import SeverityScore
from core.models.third_answer import Answer
from core.reading.warning import ReadingWarning


@dataclass(frozen=True, eq=False)
class BackboneReading:
    """One backbone's answer to one radiograph.

    Attributes:
        backbone: Which one.
        probability: P(COVID-19) against normal, in [0, 1].
        threshold: From which on it answers COVID-19; its own was chosen on the bundle's validation images.
        heatmap: By `Analysis.explainer`, (h, w) at feature resolution, in [0, 1], over `Analysis.box`.
        heat_peak: The largest value before scaling to [0, 1]; 0 when nothing speaks for COVID-19.
        features: A, (h, w, channels), from which any method of explanation starts; in half precision where it
            fits, because many analyses are kept (0.8 MB each instead of 1.6).
        head: What follows A.
        heat_in_lungs: How the heat lies to the lungs; None without heat, or where no lungs were looked for.
    """

    backbone: Backbone
    probability: float
    threshold: float
    heatmap: NDArray[np.float32]
    heat_peak: float
    features: NDArray[np.floating]
    head: Head
    heat_in_lungs: HeatInLungs | None = None

    @property
    def positive(self) -> bool:
        """Whether the backbone reads the radiograph as COVID-19 at its threshold."""
        return self.probability >= self.threshold


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        bundle: Name of the bundle.
        title: Its title for people.
        backbone_weights: "bundled (from scratch)", "ImageNet" …, in words.
        findings_source: "official" (torchxrayvision's densenet121-res224-all) or "stand-in".
        findings_note: One sentence on that source.
        precision: Of inference: "f32", or those that networks run in, as "int8+bf16+f32".
        precision_note: Which networks run in which, and why: a sentence that begins with a precision.
    """

    bundle: str
    title: str
    backbone_weights: str
    findings_source: Literal["official", "stand-in"]
    findings_note: str
    precision: str
    precision_note: str = ""


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything the app says about one radiograph.

    Attributes:
        name: Name of the file, as uploaded: text from outside, never markup.
        width_px: Of the upright radiograph.
        height_px: Of the upright radiograph.
        inside: The part that was read: all of it, or what lies inside of margins that were cut.
        box: The part of that which the networks saw; heatmaps lie over it.
        readings: One a backbone, in the table's order.
        findings: One a finding that the network knows, in the order of `FINDINGS`.
        severity: Extent and opacity; neither where `lungs` are not known for one of the last two reasons.
        decision: The ensemble's.
        warnings: From reading the file and from looking at it.
        provenance: Where the numbers come from.
        milliseconds: Wall time of the analysis, without reading the file.
        lungs: Each place's probability of lung field, (size, size), stretched over `inside`; None in a bundle
            without a lung network, where the gate refuses, and where the outline is nonsense.
        explainer: The method by which the heatmaps were made.
        verdict: What the gate says of the picture; None where nobody asked it.
        way: How the picture was laid before it was read.
        third_answers: What each model says where it may be silent, by key and by error rate in per cent.
        seen: (size, size), uint8: what the backbones were shown.
        taught: Keys of the backbones whose heads were taught a shortcut on purpose.
    """

    name: str
    width_px: int
    height_px: int
    inside: Box
    box: Box
    readings: tuple[BackboneReading, ...]
    findings: tuple[FindingScore, ...]
    severity: tuple[SeverityScore, ...]
    decision: EnsembleDecision
    warnings: tuple[ReadingWarning, ...]
    provenance: Provenance
    milliseconds: float
    lungs: NDArray[np.float32] | None = None
    explainer: Explainer = EXPLAINERS[0]
    verdict: Verdict | None = None
    way: Way = AS_IT_IS
    third_answers: dict[str, dict[str, Answer]] = field(default_factory=dict)
    seen: NDArray[np.uint8] | None = None
    taught: tuple[str, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the gate would not have asked."""
        return self.verdict is not None and self.verdict.refused

    @property
    def cut(self) -> bool:
        """Whether margins were cut."""
        return self.inside != (0, 0, self.width_px, self.height_px)

    @property
    def votes(self) -> int:
        """How many backbones read it as COVID-19."""
        return sum(reading.positive for reading in self.readings)

    @property
    def spread(self) -> float:
        """Largest minus smallest probability."""
        probabilities = [reading.probability for reading in self.readings]
        return max(probabilities) - min(probabilities)


_MOVED: WeakKeyDictionary[Analysis, Analysis] = WeakKeyDictionary()


def at_threshold(analysis: Analysis, threshold: float | None) -> Analysis:
    """The same analysis with one threshold for every backbone and the ensemble.

    Args:
        analysis: At the models' own thresholds.
        threshold: In [0, 1]; None for the models' own.

    Returns:
        The latest one again where it is asked for again, so that what was made of it is still known.
    """
    if threshold is None:
        return analysis
    moved = _MOVED.get(analysis)
    if moved is None or moved.decision.threshold != threshold:
        moved = _MOVED[analysis] = replace(
            analysis,
            readings=tuple(replace(each, threshold=threshold) for each in analysis.readings),
            decision=replace(analysis.decision, threshold=threshold),
        )
    return moved
