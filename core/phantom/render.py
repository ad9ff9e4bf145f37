"""A recipe in, a radiograph with its whole truth out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.phantom import acquisition, airspace, film, lesions
from core.phantom.anatomy import Anatomy, draw_anatomy
from core.phantom.chests import Chest, Chests, chest_key
from core.phantom.choices import AS_DRAWN, Choices
from core.phantom.scene import Mask, Scene, attenuation, bones, lay_out, place_weight
from core.phantom.shapes import Frame
from core.phantom.spec import (
    AIRSPACE,
    IMPLIES,
    PhantomLabel,
    PhantomSpec,
    Streams,
    chosen_findings,
    lesion_stream,
    streams,
    with_implied,
)

_CONSOLIDATED = 0.38  # share of the air replaced from which a haze is called a consolidation


@dataclass(frozen=True, eq=False)
class Phantom:
    """A synthetic radiograph and what is true of it.

    Attributes:
        pixels: (height, width), float32 in [0, 1], bright where dense.
        lungs: (height, width), the lung fields, also behind the heart.
        masks: Each finding's area; a finding that implies another lies inside the other's.
        findings: All that the radiograph shows.
        extent: Share of the lung fields with air-space disease, in [0, 1].
        extent_score: Geographic extent as radiologists score it: each lung 0-4 by quarters, summed.
        opacity_score: Degree of opacity: each lung 0 (none) to 3 (white-out), summed.
        label: The recipe's.
        spacing_mm: Side of a pixel at the detector.
        spec: The recipe.
    """

    pixels: NDArray[np.float32]
    lungs: Mask
    masks: dict[str, Mask]
    findings: frozenset[str]
    extent: float
    extent_score: float
    opacity_score: float
    label: PhantomLabel
    spacing_mm: float
    spec: PhantomSpec


def render(spec: PhantomSpec, choices: Choices = AS_DRAWN, chests: Chests | None = None) -> Phantom:
    """Renders a phantom: the same recipe always gives the same pixels.

    Args:
        spec: The recipe.
        choices: What somebody chooses that the seed would draw.
        chests: Where chests are kept, which changes no pixel; without, nothing is.

    Returns:
        The radiograph with its masks; the shorter side has `spec.size_px` pixels.
    """
    random = streams(spec.seed)
    findings = chosen_findings(spec, random["lesions"])

    def laid_out() -> Chest:
        return _lay_out(spec, choices, findings, random)

    chest = chests.get(chest_key(spec, choices, findings), laid_out) if chests else laid_out()
    frame, anatomy, scene = chest.frame, chest.anatomy, chest.scene()
    masks = _paint(scene, spec, findings, choices)
    bone = bones(scene) if scene.rib_curves else chest.bone
    line_integrals = attenuation(scene, bone)
    if spec.extras:
        line_integrals = line_integrals + film.devices(frame, anatomy, random["devices"])
    technique = acquisition.draw_technique(random["noise"], anatomy, choices.exposure)
    inside = (abs(frame.x) < anatomy.half_width) & (frame.y > 0) & (frame.y < anatomy.lung_height)
    grey = acquisition.take(frame, line_integrals, chest.reference, inside, technique, random["noise"])
    if spec.extras:
        grey = film.label_film(frame, grey, anatomy, random["devices"])
    pixels = np.clip(grey, 0, 1).astype(np.float32)
    return _with_truth(spec, scene, masks, pixels)


def _lay_out(spec: PhantomSpec, choices: Choices, findings: dict[str, float], random: Streams) -> Chest:
    """The chest in health; its streams are used for nothing else."""
    healthy = draw_anatomy(random["anatomy"], spec.portable, spec.child, choices)
    anatomy = lesions.adjust(healthy, findings)
    frame = _frame(spec, healthy, random["frame"])
    scene = lay_out(frame, anatomy, random)
    bone = bones(scene)
    return Chest(frame, anatomy, scene, bone, attenuation(scene, bone))


def _frame(spec: PhantomSpec, a: Anatomy, rng: np.random.Generator) -> Frame:
    """Places the patient on the detector: lungs in the middle, margins as people leave them."""
    width, height = max(1.0, spec.aspect), max(1.0, 1 / spec.aspect)
    view_mm = max((a.lung_height + rng.uniform(0, 120 if a.child else 80)) / height,
                  2 * (a.half_width + rng.uniform(6, 60)) / width)  # fmt: skip
    centre = (rng.normal(0, 8), 0.5 * a.lung_height + rng.normal(0, 9) - 2)
    shape = (round(spec.size_px * height), round(spec.size_px * width))
    return Frame(*shape, pitch_mm=view_mm / spec.size_px, centre=centre, tilt=a.tilt)


def _paint(scene: Scene, spec: PhantomSpec, findings: dict[str, float], choices: Choices) -> dict[str, Mask]:
    masks: dict[str, Mask] = {}
    if spec.label in ("covid", "pneumonia"):
        masks |= _paint_disease(scene, spec, choices)
    for name, severity in sorted(findings.items()):
        found = lesions.PAINTERS[name](scene, lesion_stream(spec.seed, name), severity)
        masks[name] = masks[name] | found if name in masks else found
    return {name: mask for name, mask in masks.items() if mask.any()}


def _paint_disease(scene: Scene, spec: PhantomSpec, choices: Choices) -> dict[str, Mask]:
    """The label's own disease; it is called an infiltration or a consolidation by its density."""
    rng = lesion_stream(spec.seed, spec.label)
    covid = spec.label == "covid"
    drawn = rng.beta(1.3, 1.9) * 0.85 + 0.05 if covid else rng.uniform(0.06, 0.4)
    extent = drawn if spec.extent is None else spec.extent
    paint = airspace.paint_covid if covid else airspace.paint_pneumonia
    opacity, extra = scene.opacity, scene.extra
    mask = paint(scene, rng, float(extent), choices)
    if choices.spared:
        left = 1 - sum(place_weight(scene, place) for place in choices.spared)
        scene.opacity = opacity + left * (scene.opacity - opacity)
        scene.extra = extra + left * (scene.extra - extra)
        mask = mask & (left > 0.5)
    dense = mask.any() and float(np.quantile(scene.opacity[mask], 0.75)) > _CONSOLIDATED
    return {"Pneumonia": mask, "Consolidation" if dense else "Infiltration": mask.copy()}


def _with_truth(
    spec: PhantomSpec, scene: Scene, masks: dict[str, Mask], pixels: NDArray[np.float32]
) -> Phantom:
    for name in list(masks):
        for parent in IMPLIES.get(name, ()):
            masks[parent] = masks[parent] | masks[name] if parent in masks else masks[name].copy()
    involved = np.logical_or.reduce([masks.get(name, np.zeros_like(scene.lung_field)) for name in AIRSPACE])
    shares = [_share(involved, lung.field) for lung in scene.lungs]
    densities = [
        float(scene.opacity[m].mean()) if (m := involved & lung.field).any() else 0.0 for lung in scene.lungs
    ]
    return Phantom(
        pixels=pixels,
        lungs=scene.lung_field,
        masks=masks,
        findings=with_implied(set(masks)),
        extent=_share(involved, scene.lung_field),
        extent_score=float(sum(np.ceil(4 * share) for share in shares if share > 0.01)),
        opacity_score=float(sum(3 * density for density in densities)),
        label=spec.label,
        spacing_mm=scene.frame.pitch_mm * scene.anatomy.stature,
        spec=spec,
    )


def _share(part: Mask, whole: Mask) -> float:
    return float((part & whole).sum() / max(int(whole.sum()), 1))
