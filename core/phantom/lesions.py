"""The 18 findings as changes of the chest, each with its mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.phantom import airspace, organs, pleura, skeleton
from core.phantom.anatomy import SIDES, Anatomy
from core.phantom.scene import Mask, Scene
from core.phantom.shapes import Tubes, ellipsoid, fractal_field, smoothstep, spline_field, tube_paths

Painter = Callable[[Scene, np.random.Generator, float], Mask]


def adjust(a: Anatomy, findings: dict[str, float]) -> Anatomy:
    """Findings that are a matter of the anatomy itself: heart, mediastinum, over-inflation."""
    if "Cardiomegaly" in findings:
        a = replace(a, heart_scale=max(a.heart_scale, 1.0) * (1.13 + 0.2 * findings["Cardiomegaly"]))
    if "Enlarged Cardiomediastinum" in findings:
        a = replace(a, widening=7 + 13 * findings["Enlarged Cardiomediastinum"])
    if "Emphysema" in findings:
        a = replace(a, flattening=0.3 * findings["Emphysema"] * a.dome_rise)
    return a


def _emphysema(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    patches = fractal_field(scene.frame, rng, (50.0, 24.0), 0.8)
    share = np.clip(
        0.3 + 0.35 * severity + 0.2 * patches - 0.25 * severity * (scene.lungs[0].level - 0.5), 0.05, 0.95
    )
    scene.lucency = np.where(scene.lung_field, scene.lucency * (1 - 0.75 * share), scene.lucency)
    scene.vessel_gain = np.where(scene.lung_field, scene.vessel_gain * (1 - 0.7 * share), scene.vessel_gain)
    walls = np.zeros_like(patches)
    for _ in range(int(rng.integers(0, 1 + int(4 * severity)))):
        lung = scene.lungs[int(rng.integers(2))]
        x, y = _site(scene, lung, rng, (0.08, 0.45), (0.5, 0.95))
        chord = ellipsoid(scene.frame, (x, y), (rng.uniform(9, 24), rng.uniform(9, 24), 1))
        walls = walls + 2.2 * np.exp(-np.square((chord - 0.55) / 0.4)) * (chord > 0)
    scene.extra = scene.extra + walls * scene.lung_field
    return scene.lung_field


def _fibrosis(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    net = sum(np.exp(-np.square(spline_field(scene.frame, rng, p) / 0.3)) for p in (6.5, 4.5))
    mask = np.zeros_like(scene.lung_field)
    for lung in scene.lungs:
        score = airspace.peripheral(scene, lung, rng)
        involved = lung.field & (score >= np.quantile(score[lung.field], 0.85 - 0.45 * severity))
        scene.fill(involved * (0.08 + (0.05 + 0.12 * severity) * np.asarray(net)))
        mask |= involved
    return mask


def _atelectasis(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    before = scene.extra
    mask = np.zeros_like(scene.lung_field)
    for _ in range(1 + int(2.5 * severity)):
        lung = scene.lungs[int(rng.integers(2))]
        x, y = _site(scene, lung, rng, (0.55, 0.8), (0.35, 0.7))
        reach, lean = rng.uniform(26, 50), rng.normal(0, 0.25)
        share = np.linspace(-1, 1, 12)
        points = np.stack([x + reach * share, y + lean * reach * share + 3 * share**2, 0 * share], axis=1)
        radius = rng.uniform(1.2, 2.6) * np.sqrt(np.sqrt(1.02 - share**2))
        plate = tube_paths(scene.frame, Tubes.along(points, radius, 9.0)) * lung.field
        scene.extra = scene.extra + np.minimum(plate, 28)
    if severity > 0.5:  # a collapsed lower lobe: a wedge beside the spine
        lung = scene.lungs[int(rng.integers(2))]
        wedge = smoothstep(0.62 * (lung.level - 0.32) - lung.lateral + rng.uniform(0.02, 0.14), -0.03, 0.07)
        wedge = wedge * smoothstep(lung.level, 0.3, 0.5)
        scene.fill(0.75 * severity * wedge * lung.field)
        mask = lung.field & (wedge > 0.2)
    return mask | (scene.extra - before > 3)


def _site(scene: Scene, lung: organs.Lung, rng: np.random.Generator, levels: tuple[float, float],
          laterals: tuple[float, float]) -> tuple[float, float]:  # fmt: skip
    """A point of the lung, by ranges of levels (0 apex, 1 base) and lateral positions (0 inner, 1 outer)."""
    a = scene.anatomy
    top = a.dome[0] if lung.side < 0 else a.dome[1]
    y = np.array([rng.uniform(*levels) * top])
    inner, outer = a.medial(lung.side, y) + 14, a.lateral(y) - 10
    x = inner + (outer - inner) * rng.uniform(*laterals)
    return float(lung.side * x[0]), float(y[0])


def _round_lesion(scene: Scene, rng: np.random.Generator, radius: float, lobed: float, hollow: bool) -> Mask:
    lung = scene.lungs[int(rng.integers(2))]
    x, y = _site(scene, lung, rng, (0.15, 0.9), (0.15, 0.9))
    dx, dy = scene.frame.x - x, scene.frame.y - y
    angle = np.arctan2(dy, dx)
    phases = rng.uniform(0, 2 * np.pi, 3)
    edge = 1 + lobed * sum(np.sin((k + 2) * angle + p) / (k + 1.5) for k, p in enumerate(phases))
    inner = np.hypot(dx, dy * rng.uniform(0.85, 1.15)) / (radius * edge)
    chord = 2 * radius * np.sqrt(np.maximum(0, 1 - inner**2))
    if hollow:
        chord = chord - 2 * radius * 0.62 * np.sqrt(np.maximum(0, 1 - (inner / 0.66) ** 2))
    scene.extra = scene.extra + 0.75 * np.minimum(chord, lung.hull) * (1 - scene.opacity)
    return np.asarray((inner < 1) & (lung.hull > 0))


def _nodule(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    count = 1 + int(rng.integers(0, 3)) * int(severity > 0.5)
    masks = [
        _round_lesion(scene, rng, 5 + 8 * severity * rng.uniform(0.6, 1), 0.06, False) for _ in range(count)
    ]
    return np.asarray(np.logical_or.reduce(masks))


def _mass(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    return _round_lesion(scene, rng, 17 + 19 * severity, 0.13, bool(rng.random() < 0.2))


def _lung_lesion(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    return _round_lesion(scene, rng, 9 + 14 * severity, 0.1, bool(rng.random() < 0.4))


def _hernia(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """The stomach behind the heart: a round shadow with an air-fluid level."""
    radius = 26 + 24 * severity
    x, y = rng.uniform(-4, 22), max(scene.anatomy.dome) - 0.75 * radius
    sac = ellipsoid(scene.frame, (x, y), (1.15 * radius, radius, 0.8 * radius))
    level = y - 0.1 * radius
    bubble = ellipsoid(scene.frame, (x, y), (1.15 * radius - 4, radius - 4, 0.62 * radius))
    gas = bubble * (1 - smoothstep(scene.frame.y, level - 0.6, level + 0.6))
    aerated = scene.lungs[0].chord + scene.lungs[1].chord
    scene.extra = scene.extra + np.minimum(0.7 * sac, 0.7 * aerated) - 0.45 * gas
    return sac > 0


def _fracture(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """One to three neighbouring ribs broken at the side, displaced, with a gap."""
    side, first = SIDES[int(rng.integers(2))], int(rng.integers(3, 7))
    at = int(rng.integers(18, 34))
    mask = np.zeros_like(scene.lung_field)
    for number in range(first, first + 1 + int(2.4 * severity)):
        curve = skeleton.rib_curve(scene.anatomy, side, number)
        here = at + int(rng.integers(-2, 3))
        offset = np.arange(len(curve)) - here
        step = (3 + 6 * severity) * np.exp(-np.square(offset / 3.5)) * np.where(offset < 0, -0.5, 0.8)
        curve[:, 1] += step
        curve[here, 2] += 1e-6
        scene.rib_curves[side, number] = curve
        centre = Tubes.along(curve[here : here + 2], np.ones(2)).turned(scene.anatomy.rotation).start[0]
        mask |= np.hypot(scene.frame.x - centre[0], scene.frame.y - centre[1]) < 20
    return mask


def _cardiomegaly(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    return scene.heart > 0


def _wide_mediastinum(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    frame, a = scene.frame, scene.anatomy
    upper = (frame.y > 0.02 * a.lung_height) & (frame.y < 0.68 * a.lung_height)
    return upper & ((organs.mediastinum(frame, a) > 0) | (organs.great_vessels(frame, a) > 0))


PAINTERS: dict[str, Painter] = {
    "Atelectasis": _atelectasis,
    "Consolidation": airspace.paint_consolidation,
    "Infiltration": airspace.paint_infiltration,
    "Pneumothorax": pleura.paint_pneumothorax,
    "Edema": airspace.paint_edema,
    "Emphysema": _emphysema,
    "Fibrosis": _fibrosis,
    "Effusion": pleura.paint_effusion,
    "Pneumonia": airspace.paint_any_pneumonia,
    "Pleural_Thickening": pleura.paint_pleural_thickening,
    "Cardiomegaly": _cardiomegaly,
    "Nodule": _nodule,
    "Mass": _mass,
    "Hernia": _hernia,
    "Lung Lesion": _lung_lesion,
    "Fracture": _fracture,
    "Lung Opacity": airspace.paint_lung_opacity,
    "Enlarged Cardiomediastinum": _wide_mediastinum,
}
