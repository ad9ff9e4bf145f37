"""One person's chest as numbers, drawn at random: everything that the shapes are computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.phantom.choices import AS_DRAWN, Choices
from core.phantom.shapes import Array

SIDES = (-1, 1)  # the patient's right lung, on the image's left; then the left lung


@dataclass(frozen=True)
class Anatomy:
    """A chest, in millimetres of an adult's (a child's is scaled as a whole by `stature`).

    Attributes:
        portable: Whether this is a bedside AP view.
        child: Whether it is a child.
        female: Sex-typical shape.
        stature: Scale of everything.
        half_width: Inner half width of the rib cage at its base.
        depth: Inner depth of the rib cage.
        lung_height: Apex to costophrenic angle.
        dome: (right, left) level of the diaphragm's domes below the apex.
        dome_rise: Height of the domes above the costophrenic angles.
        chest_wall: Thickness of the soft tissue beside the ribs.
        body_depth: Thickness of the body at the level of the heart.
        heart_scale: Size of the heart, 1 for a normal PA view.
        heart_tilt: Angle of the heart's long axis, in radians.
        mediastinum: Half width of the upper mediastinum.
        knob: Radius of the aortic knob.
        rotation: About the long axis, in radians.
        tilt: In-plane, in radians.
        scoliosis: Sideways swing of the spine.
        shoulders: Level of the shoulders.
        shoulder_width: Half distance between the shoulder joints.
        arms: Distance of the arms from the trunk at the elbow.
        blades: How far the shoulder blades lie over the lungs, in mm.
        breast: Depth of the breasts.
        rib_drop: How far a rib descends from back to front.
        rib_radius: Half height of a rib.
        bone_density: Attenuation of bone against the usual.
        lung_density: Of the aerated lung against water.
        vessel_scale: Calibre of the lung's vessels.
        gas: Size of the stomach's bubble.
        chin: Level of the chin.
        widening: By which disease widens the upper mediastinum on either side.
        flattening: By which over-inflation lowers the diaphragm's domes.
    """

    portable: bool
    child: bool
    female: bool
    stature: float
    half_width: float
    depth: float
    lung_height: float
    dome: tuple[float, float]
    dome_rise: float
    chest_wall: float
    body_depth: float
    heart_scale: float
    heart_tilt: float
    mediastinum: float
    knob: float
    rotation: float
    tilt: float
    scoliosis: float
    shoulders: float
    shoulder_width: float
    arms: float
    blades: float
    breast: float
    rib_drop: float
    rib_radius: float
    bone_density: float
    lung_density: float
    vessel_scale: float
    gas: float
    chin: float
    widening: float = 0.0
    flattening: float = 0.0

    def spine_x(self, y: Array) -> Array:
        """Where the spine runs, in mm from the midline."""
        return np.asarray(self.scoliosis * np.sin((y + 40) / 110) - 34 * np.sin(self.rotation))

    def lateral(self, y: Array) -> Array:
        """Distance of the rib cage's inner wall from the midline."""
        u = np.clip(y / self.lung_height, 0, 1)
        apex = self.apex_x
        return apex + (self.half_width - apex) * (1 - (1 - u) ** 2.5) ** 0.55

    def medial(self, side: int, y: Array) -> Array:
        """Distance of the lung's inner border from the midline, without heart and great vessels."""
        v = np.clip(y / (0.2 * self.lung_height), 0, 1)
        inner = self.mediastinum - side * 30 * np.sin(self.rotation) + 4 * np.sin(y / 31 + side)
        return np.asarray(self.apex_x - (self.apex_x - np.clip(inner, 8, 45)) * np.sqrt(1 - (1 - v) ** 2))

    @property
    def apex_x(self) -> float:
        """Distance of the lungs' apices from the midline."""
        return 0.37 * self.half_width


def draw_anatomy(
    rng: np.random.Generator, portable: bool | None, child: bool | None, choices: Choices = AS_DRAWN
) -> Anatomy:
    """Draws a chest.

    Args:
        rng: The stream of anatomy alone.
        portable: Fixes the view, or None to draw it.
        child: Fixes the age group, or None to draw it.
        choices: What else is fixed.
    """
    draws = rng.random(3)
    is_child = bool(draws[0] < 0.3) if child is None else child
    is_portable = bool(draws[1] < 0.45) if portable is None else portable
    adult = _draw_adult(rng, bool(draws[2] < 0.45), is_portable, choices)
    if choices.rotation_deg is not None:
        adult = replace(adult, rotation=float(np.deg2rad(choices.rotation_deg)))
    return _as_child(adult, rng) if is_child else adult


def _draw_adult(rng: np.random.Generator, female: bool, portable: bool, choices: Choices) -> Anatomy:
    habitus = _chosen(choices.habitus, float(np.clip(rng.normal(0, 1), -1.8, 2.4)))
    breath = _chosen(choices.inspiration, float(np.clip(rng.normal(0.0, 0.8), -2, 1.6))) - 1.1 * portable
    half_width = 131 + 5 * habitus + rng.normal(0, 4) - 8 * female
    lung_height = 247 + 15 * breath + rng.normal(0, 9) - 10 * female
    dome_rise = 52 + rng.normal(0, 6) - 3 * breath
    right_dome = lung_height - dome_rise
    swing = 2.0 if portable else 1.0
    return Anatomy(
        portable=portable,
        child=False,
        female=female,
        stature=float(np.clip(rng.normal(1.0, 0.05), 0.88, 1.12)) - 0.05 * female,
        half_width=half_width,
        depth=158 + 8 * habitus + rng.normal(0, 8),
        lung_height=lung_height,
        dome=(right_dome, right_dome + 10 + rng.normal(0, 6)),
        dome_rise=dome_rise,
        chest_wall=float(np.clip(22 + 8 * habitus + rng.normal(0, 3), 12, 48)),
        body_depth=214 + 22 * habitus + rng.normal(0, 8),
        heart_scale=(1.1 if portable else 0.99) + rng.normal(0, 0.055) - 0.03 * breath,
        heart_tilt=float(np.clip(rng.normal(0.68, 0.1) - 0.1 * breath - 0.06 * habitus, 0.3, 1.0)),
        mediastinum=26 + 2.5 * portable + rng.normal(0, 2.5),
        knob=float(np.clip(rng.normal(16, 4), 8, 24)),
        rotation=rng.normal(0, 0.035 * swing),
        tilt=rng.normal(0, 0.022 * swing),
        scoliosis=rng.normal(0, 3.0),
        shoulders=18 + rng.normal(0, 11) - 16 * portable,
        shoulder_width=172 + rng.normal(0, 7) - 10 * female,
        arms=float(np.clip(rng.normal(38, 16), 4, 90)),
        blades=float(np.clip(rng.normal(22 if portable else -4, 12), -22, 46)),
        breast=float(np.clip(rng.normal(34, 12) + 7 * habitus, 8, 65)) if female else max(0.0, 5 * habitus),
        rib_drop=100 + rng.normal(0, 9) + 5 * breath - 8 * portable,
        rib_radius=6.4 + rng.normal(0, 0.5) - 0.5 * female,
        bone_density=float(np.clip(rng.normal(1.0, 0.17), 0.6, 1.5)),
        lung_density=float(np.clip(rng.normal(0.25, 0.035) - 0.025 * breath, 0.15, 0.4)),
        vessel_scale=float(np.clip(rng.normal(1.0, 0.1), 0.75, 1.3)) + 0.08 * portable,
        gas=float(np.clip(rng.normal(0.8, 0.5), 0, 1.8)),
        chin=float(np.clip(rng.normal(-105, 26) + 24 * portable, -160, -34)),
    )


def _chosen(chosen: float | None, drawn: float) -> float:
    return drawn if chosen is None else chosen


def _as_child(adult: Anatomy, rng: np.random.Generator) -> Anatomy:
    """A child's chest: small, rounder, with a larger heart, flatter ribs, little fat and no breasts."""
    age = float(rng.uniform(0, 1))  # 0 an infant, 1 on the way to an adult
    height = adult.lung_height * (0.84 + 0.12 * age)
    lift = adult.lung_height - height
    return replace(
        adult,
        child=True,
        stature=adult.stature * (0.42 + 0.4 * age),
        lung_height=height,
        dome=(adult.dome[0] - lift, adult.dome[1] - lift),
        depth=adult.depth * (1.0 + 0.1 * (1 - age)),
        chest_wall=adult.chest_wall * 0.8,
        body_depth=adult.body_depth * 0.95,
        heart_scale=adult.heart_scale * (1.12 - 0.1 * age),
        mediastinum=adult.mediastinum * (1.15 - 0.12 * age),
        knob=adult.knob * (0.45 + 0.4 * age),
        breast=0.0,
        rib_drop=adult.rib_drop * (0.72 + 0.2 * age),
        rib_radius=adult.rib_radius * 0.9,
        bone_density=adult.bone_density * 0.9,
        scoliosis=adult.scoliosis * 1.5,
        tilt=adult.tilt * 1.6,
        chin=min(adult.chin + 32, -30.0),
    )
