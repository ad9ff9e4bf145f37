"""The 18 findings as changes of the chest, each with its mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from train.phantom import organs, skeleton
from train.phantom.anatomy import SIDES, Anatomy
from train.phantom.scene import Mask, Scene
from train.phantom.shapes import Array, Tubes, ellipsoid, fractal_field, smoothstep, spline_field, tube_paths

Painter = Callable[[Scene, np.random.Generator, float], Mask]

_SHOWN_AT = 0.03  # share of the air replaced from which a haze counts as visible


@dataclass(frozen=True)
class Airspace:
    """A haze or consolidation to be painted.

    Attributes:
        shares: Of the right and of the left lung field.
        density: Share of the air replaced in its core.
        softness: How gradually it begins, in standard deviations of the score.
        bronchogram: Whether air-filled bronchi show in it.
    """

    shares: tuple[float, float]
    density: float
    softness: float
    bronchogram: bool = False


def adjust(a: Anatomy, findings: dict[str, float]) -> Anatomy:
    """Findings that are a matter of the anatomy itself: heart, mediastinum, over-inflation."""
    if "Cardiomegaly" in findings:
        a = replace(a, heart_scale=max(a.heart_scale, 1.0) * (1.13 + 0.2 * findings["Cardiomegaly"]))
    if "Enlarged Cardiomediastinum" in findings:
        a = replace(a, widening=7 + 13 * findings["Enlarged Cardiomediastinum"])
    if "Emphysema" in findings:
        a = replace(a, flattening=0.3 * findings["Emphysema"] * a.dome_rise)
    return a


def paint_covid(scene: Scene, rng: np.random.Generator, extent: float) -> Mask:
    """Bilateral, peripheral, basal patches: ground glass that consolidates as it spreads."""
    scores = [_peripheral(scene, lung, rng) for lung in scene.lungs]
    lean = rng.uniform(-0.28, 0.28)
    density = rng.uniform(0.2, 0.34) + rng.uniform(0.15, 0.45) * extent
    return _paint_airspace(scene, scores, Airspace(_split(scene, extent, lean), density, 0.9), rng)


def paint_pneumonia(scene: Scene, rng: np.random.Generator, extent: float) -> Mask:
    """Lobar consolidation with air bronchograms, or patchy, or perihilar."""
    pattern = rng.choice(3, p=(0.6, 0.25, 0.15))
    lean = float(rng.choice([-1, 1])) * (
        1.0 if pattern == 0 else rng.uniform(0.3, 1.0) if pattern == 1 else 0.1
    )
    density = (rng.uniform(0.35, 0.68), rng.uniform(0.25, 0.5), rng.uniform(0.16, 0.36))[pattern]
    score = (_lobar, _patchy, _perihilar)[pattern]
    scores = [score(scene, lung, rng) for lung in scene.lungs]
    airspace = Airspace(_split(scene, extent, lean), density, (0.45, 0.8, 0.9)[pattern], bool(pattern == 0))
    return _paint_airspace(scene, scores, airspace, rng)


def _paint_airspace(scene: Scene, scores: list[Array], wanted: Airspace, rng: np.random.Generator) -> Mask:
    """Fills each lung's share of highest score; a larger share therefore contains a smaller one."""
    coarse = 0.22 - 0.2 * wanted.density  # ground glass is uneven, a consolidation is not
    mottle = np.clip(1 + coarse * fractal_field(scene.frame, rng, (12.0, 6.0, 3.5), 0.9), 0.3, 1.6)
    trees = [organs.vessel_tree(scene.anatomy, lung.side, rng, 0.85, 3) for lung in scene.lungs]
    mask = np.zeros_like(scene.lung_field)
    for lung, score, share, tree in zip(scene.lungs, scores, wanted.shares, trees, strict=True):
        if share <= 0 or not lung.field.any():
            continue
        inside = score[lung.field]
        threshold = np.quantile(inside, 1 - min(share, 1.0))
        depth = np.clip((score - threshold) / (wanted.softness * inside.std()), 0, 1)
        involved = lung.field & (score >= threshold)
        filling = (
            wanted.density
            * mottle
            * (0.25 + 0.75 * smoothstep(depth, 0, 1))
            * (score >= threshold)
            * (lung.hull > 0)
        )
        scene.fill(filling)
        if wanted.bronchogram:
            bronchi = np.minimum(tube_paths(scene.frame, tree), 5)
            scene.extra = scene.extra - 0.9 * bronchi * filling
        mask |= involved
    return mask


def _split(scene: Scene, extent: float, lean: float) -> tuple[float, float]:
    """Shares of the right and left lung that make `extent` together; lean 1 puts all it can on the left."""
    right, left = (float(lung.field.sum()) for lung in scene.lungs)
    total = max(right + left, 1.0)
    if lean >= 0:
        share_left = min(1.0, extent * (1 + lean * right / max(left, 1.0)))
        return min(1.0, (extent * total - share_left * left) / max(right, 1.0)), share_left
    share_right = min(1.0, extent * (1 - lean * left / max(right, 1.0)))
    return share_right, min(1.0, (extent * total - share_right * right) / max(left, 1.0))


def _peripheral(scene: Scene, lung: organs.Lung, rng: np.random.Generator) -> Array:
    patches = fractal_field(scene.frame, rng, (75.0, 36.0, 16.0), 0.75)
    outward = 1.5 * lung.lateral + rng.uniform(0.8, 2.2) * lung.level
    return np.asarray(patches + outward)


def _lobar(scene: Scene, lung: organs.Lung, rng: np.random.Generator) -> Array:
    level, lateral = rng.choice([0.25, 0.5, 0.72, 0.8]), rng.uniform(0.2, 0.85)
    fissure = (
        float(rng.choice([-1, 1])) * 2.2 * smoothstep(lung.level - level + 0.1 * lung.lateral, -0.01, 0.01)
    )
    distance = np.square((lung.level - level) / 0.2) + np.square((lung.lateral - lateral) / 0.5)
    return np.asarray(fissure - distance + 0.4 * fractal_field(scene.frame, rng, (45.0, 20.0, 9.0), 0.7))


def _patchy(scene: Scene, lung: organs.Lung, rng: np.random.Generator) -> Array:
    low = rng.uniform(0.2, 1.5) * lung.level
    return np.asarray(fractal_field(scene.frame, rng, (60.0, 26.0, 12.0), 0.9) + low - 0.4 * lung.lateral)


def _perihilar(scene: Scene, lung: organs.Lung, rng: np.random.Generator) -> Array:
    x, y = organs.hilum(scene.anatomy, lung.side)
    distance = np.hypot((scene.frame.x - x) / 55, (scene.frame.y - y - 15) / 80)
    return np.asarray(0.45 * fractal_field(scene.frame, rng, (45.0, 18.0, 8.0), 0.8) - 2 * distance)


def _compact(scene: Scene, lung: organs.Lung, rng: np.random.Generator) -> Array:
    level, lateral = rng.uniform(0.25, 0.85), rng.uniform(0.2, 0.85)
    distance = np.square((lung.level - level) / 0.2) + np.square((lung.lateral - lateral) / 0.4)
    return np.asarray(0.6 * fractal_field(scene.frame, rng, (50.0, 22.0, 10.0), 0.7) - distance)


def _one_sided(rng: np.random.Generator) -> float:
    return float(rng.choice([-1.0, 1.0, rng.uniform(-0.7, 0.7)]))


def _consolidation(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    scores = [_compact(scene, lung, rng) for lung in scene.lungs]
    shares = _split(scene, 0.04 + 0.22 * severity, _one_sided(rng))
    return _paint_airspace(scene, scores, Airspace(shares, 0.38 + 0.3 * severity, 0.6, True), rng)


def _infiltration(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    scores = [_patchy(scene, lung, rng) for lung in scene.lungs]
    shares = _split(scene, 0.08 + 0.3 * severity, _one_sided(rng))
    return _paint_airspace(scene, scores, Airspace(shares, 0.18 + 0.2 * severity, 1.0), rng)


def _pneumonia(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    return paint_pneumonia(scene, rng, 0.05 + 0.3 * severity)


def _lung_opacity(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    scores = [_compact(scene, lung, rng) for lung in scene.lungs]
    shares = _split(scene, 0.04 + 0.2 * severity, _one_sided(rng))
    return _paint_airspace(scene, scores, Airspace(shares, 0.25 + 0.4 * severity, 0.8), rng)


def _edema(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    scores = [_perihilar(scene, lung, rng) + 0.5 * lung.level for lung in scene.lungs]
    shares = _split(scene, 0.3 + 0.4 * severity, rng.uniform(-0.12, 0.12))
    scene.vessel_gain = scene.vessel_gain * (1 + 0.5 * severity * scene.lung_field)
    scene.extra = scene.extra + _kerley(scene, rng, severity)
    return _paint_airspace(scene, scores, Airspace(shares, 0.2 + 0.3 * severity, 1.2), rng)


def _kerley(scene: Scene, rng: np.random.Generator, severity: float) -> Array:
    """Short horizontal septal lines that reach the lateral pleura at the bases."""
    a, pieces = scene.anatomy, []
    for side in SIDES:
        y = a.dome[0] - rng.uniform(5, 85, int(6 + 12 * severity))
        outer = np.asarray(a.lateral(y)) - 2
        start = np.stack([side * outer, y, 0 * y], axis=1)
        end = np.stack(
            [side * (outer - rng.uniform(9, 18, len(y))), y + rng.normal(0, 2, len(y)), 0 * y], axis=1
        )
        pieces.append(Tubes(start, end, np.full((len(y), 2), 0.8), 14.0))
    return tube_paths(scene.frame, Tubes.joined(pieces)) * scene.lung_field


def _effusion(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
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


def _pneumothorax(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
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
        score = _peripheral(scene, lung, rng)
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


def _pleural_thickening(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
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


def _site(scene: Scene, lung: organs.Lung, rng: np.random.Generator, levels: tuple[float, float],
          laterals: tuple[float, float]) -> tuple[float, float]:  # fmt: skip
    """A point of the lung, by its range of levels (0 apex, 1 base) and of lateral positions (0 inner, 1 outer)."""
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
    "Consolidation": _consolidation,
    "Infiltration": _infiltration,
    "Pneumothorax": _pneumothorax,
    "Edema": _edema,
    "Emphysema": _emphysema,
    "Fibrosis": _fibrosis,
    "Effusion": _effusion,
    "Pneumonia": _pneumonia,
    "Pleural_Thickening": _pleural_thickening,
    "Cardiomegaly": _cardiomegaly,
    "Nodule": _nodule,
    "Mass": _mass,
    "Hernia": _hernia,
    "Lung Lesion": _lung_lesion,
    "Fracture": _fracture,
    "Lung Opacity": _lung_opacity,
    "Enlarged Cardiomediastinum": _wide_mediastinum,
}
