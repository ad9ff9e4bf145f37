"""Diseases of the pleura: fluid, air and thickening between lung and chest wall."""

from __future__ import annotations

import numpy as np

from core.phantom import organs
from core.phantom.scene import Mask, Scene
from core.phantom.shapes import Array, smoothstep, spline_field


def paint_effusion(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """Fluid that rises to a meniscus at the chest wall, on one side or both."""
    lean = float(rng.choice([-1, 1, 0], p=(0.38, 0.38, 0.24)))
    mask = np.zeros_like(scene.lung_field)
    for lung in scene.lungs:
        if lean * lung.side < 0:
            continue
        height = (scene.anatomy.dome_rise * 0.55 + 18 + 120 * severity) * rng.uniform(0.85, 1.1)
        meniscus = 38 * smoothstep(lung.lateral, 0.55, 1.0) - 12 * smoothstep(-lung.lateral, -0.35, 0)
        depth = scene.frame.y - (scene.anatomy.lung_height - height - meniscus)
        fluid = smoothstep(depth, -7, 20) * (lung.chord > 0)
        scene.fill(0.97 * fluid)
        mask |= (fluid > 0.1) & (lung.chord > 6)
    return mask


def paint_pneumothorax(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """Air about a lung that has come away from the chest wall."""
    lung = scene.lungs[int(rng.integers(2))]
    rim = (10 + 48 * severity) * (1.35 - 0.75 * lung.level) + 3 * np.sin(scene.frame.y / 33)
    distance = wall_distance(scene, lung)
    free = lung.field & (distance < rim)
    scene.lucency = np.where(free, 0.12, scene.lucency)
    scene.vessel_gain = np.where(free, 0.0, scene.vessel_gain)
    line = np.exp(-np.square((distance - rim) / max(0.9, 0.7 * scene.frame.pitch_mm)))
    scene.extra = scene.extra + (5.5 * line + 0.06 * severity * lung.chord * (distance > rim)) * lung.field
    return np.asarray(free)


def wall_distance(scene: Scene, lung: organs.Lung) -> Array:
    """Distance to the lateral chest wall and apex, in mm, about perpendicular to it."""
    a = scene.anatomy

    def slope(y: Array) -> Array:
        return np.asarray(1 / np.sqrt(1 + np.square(np.gradient(a.lateral(y), y))))

    gap = scene.frame.along_y(lambda y: a.lateral(y)) - lung.side * scene.frame.x
    return np.asarray(gap * scene.frame.along_y(slope))


def paint_pleural_thickening(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """A band of soft tissue along the inner chest wall."""
    mask = np.zeros_like(scene.lung_field)
    both = rng.random() < 0.4
    first = int(rng.integers(2))
    for number, lung in enumerate(scene.lungs):
        if number != first and not both:
            continue
        start, stop = sorted(rng.uniform(-0.1, 1.0, 2))
        along = smoothstep(lung.level, start - 0.1, start + 0.08) * (
            1 - smoothstep(lung.level, stop + 0.12, stop + 0.3)
        )
        thickness = (5 + 9 * severity) * along * (1 + 0.25 * spline_field(scene.frame, rng, 30.0))
        band = (
            smoothstep(thickness - wall_distance(scene, lung), -0.5, 2.0)
            * (lung.hull > 0)
            * (thickness > 1.5)
        )
        scene.fill(0.7 * band * (lung.chord > 0))
        mask |= (band > 0.3) & (lung.chord > 0) & lung.field
    return mask
