"""What a phantom shall show: the recipe that, with nothing else, fixes every pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core.vocabulary import FINDINGS, FIRST_FINDINGS

PhantomLabel = Literal["normal", "covid", "pneumonia", "findings"]  # its order fixes what is drawn
Streams = dict[str, np.random.Generator]

# The label tree of Irvin et al. 2019 (CheXpert, figure 1), with the names that torchxrayvision adds:
# who shows the left shows the right.
IMPLIES: dict[str, tuple[str, ...]] = {
    "Atelectasis": ("Lung Opacity",),
    "Consolidation": ("Lung Opacity",),
    "Infiltration": ("Lung Opacity",),
    "Edema": ("Lung Opacity",),
    "Pneumonia": ("Lung Opacity",),
    "Nodule": ("Lung Lesion", "Lung Opacity"),
    "Mass": ("Lung Lesion", "Lung Opacity"),
    "Lung Lesion": ("Lung Opacity",),
    "Cardiomegaly": ("Enlarged Cardiomediastinum",),
}

# The air-space diseases whose area counts as geographic extent (Cohen et al. 2020, arXiv:2005.11856).
AIRSPACE: tuple[str, ...] = ("Consolidation", "Infiltration", "Edema", "Pneumonia")

_LABELS: tuple[PhantomLabel, ...] = get_args(PhantomLabel)
_DRAWN_FINDINGS = (0.12, 0.38, 0.32, 0.18)  # shares of phantoms with 0, 1, 2, 3 findings drawn
_STREAMS = ("anatomy", "texture", "lesions", "noise", "devices", "frame")


@dataclass(frozen=True)
class PhantomSpec:
    """A recipe for one phantom.

    Attributes:
        seed: Fixes anatomy, lesions and noise, each from a stream of its own.
        size_px: Length of the shorter side.
        label: "normal", "covid", "pneumonia", or "findings" for any mixture of the 18.
        findings: Pairs of a finding's name and its severity in (0, 1], added to what the label brings;
            None draws them at random when the label is "findings", and adds none otherwise.
        extent: Share of the lung area that a covid or pneumonia phantom involves; None draws it.
        aspect: Width over height.
        portable: A bedside AP view, or an upright PA view; None draws it.
        child: A child's chest, or an adult's; None draws it.
        extras: Whether markers, borders, wires and tubes may appear.
    """

    seed: int
    size_px: int = 224
    label: PhantomLabel = "normal"
    findings: tuple[tuple[str, float], ...] | None = None
    extent: float | None = None
    aspect: float = 1.0
    portable: bool | None = None
    child: bool | None = None
    extras: bool = True

    def __post_init__(self) -> None:
        """Refuses recipes that cannot be rendered.

        Raises:
            ValueError: If a field lies outside its range.
        """
        if self.label not in _LABELS:
            raise ValueError(f"label must be one of {_LABELS}, not {self.label!r}")
        if not 32 <= self.size_px <= 4096:
            raise ValueError(f"size_px must lie between 32 and 4096, not {self.size_px}")
        if not 0.5 <= self.aspect <= 2:
            raise ValueError(f"aspect must lie between 0.5 and 2, not {self.aspect}")
        if self.extent is not None and not 0 <= self.extent <= 1:
            raise ValueError(f"extent must lie between 0 and 1, not {self.extent}")
        for name, severity in self.findings or ():
            if name not in FINDINGS or not 0 < severity <= 1:
                raise ValueError(f"{name!r} with severity {severity} is not a finding with one in (0, 1]")


def streams(seed: int) -> Streams:
    """Independent random streams, so that a lesion more leaves anatomy and noise as they were."""
    return {
        name: np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, number])))
        for number, name in enumerate(_STREAMS)
    }


def lesion_stream(seed: int, name: str) -> np.random.Generator:
    """One finding's own stream, or that of a label's disease: it looks the same whatever else is there."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _stream_number(name)])))


def _stream_number(name: str) -> int:
    """The disease's number stands between those of the first findings and of any that were added later."""
    if name not in FINDINGS:
        return len(_STREAMS) + len(FIRST_FINDINGS)
    index = FINDINGS.index(name)
    return len(_STREAMS) + index + (index >= len(FIRST_FINDINGS))


def draw_spec(seed: int, label: PhantomLabel | None = None, size_px: int = 224) -> PhantomSpec:
    """Draws a recipe: the shape of the frame always, the label when it is not given."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 1000])))
    drawn = str(rng.choice(_LABELS))
    square = rng.random() < 0.35
    aspect = 1.0 if square else float(np.clip(rng.normal(1.17, 0.1), 0.85, 1.45))
    return PhantomSpec(seed, size_px, label or drawn, aspect=aspect)  # type: ignore[arg-type]


def spec_for_finding(name: str, seed: int, severity: float = 0.7, size_px: int = 224) -> PhantomSpec:
    """A recipe that shows one finding in an otherwise normal chest."""
    return PhantomSpec(seed, size_px, "findings", findings=((name, severity),))


def chosen_findings(spec: PhantomSpec, rng: np.random.Generator) -> dict[str, float]:
    """The findings of a recipe with their severities, drawn if the recipe leaves them open."""
    count = int(rng.choice(len(_DRAWN_FINDINGS), p=_DRAWN_FINDINGS))
    names = rng.permutation(len(FIRST_FINDINGS))[:count]
    drawn = {FIRST_FINDINGS[n]: float(rng.uniform(0.25, 1.0)) for n in names}
    if spec.findings is not None:
        return dict(spec.findings)
    return drawn | draw_later_findings(spec.seed) if spec.label == "findings" else {}


def draw_later_findings(seed: int) -> dict[str, float]:
    """Those of the findings after `FIRST_FINDINGS` that a mixture shows, with their severities.

    Each comes from its own stream, and as often as one of the others does on average: a finding that is added
    to the table leaves every phantom that does not show it as it was.
    """
    often = float(np.dot(range(len(_DRAWN_FINDINGS)), _DRAWN_FINDINGS)) / len(FIRST_FINDINGS)
    drawn = {}
    for name in FINDINGS[len(FIRST_FINDINGS) :]:
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, _stream_number(name), 1])))
        if rng.random() < often:
            drawn[name] = float(rng.uniform(0.25, 1.0))
    return drawn


def with_implied(names: set[str]) -> frozenset[str]:
    """Adds to a set of findings all that they imply."""
    return frozenset(names | {parent for name in names for parent in IMPLIES.get(name, ())})
