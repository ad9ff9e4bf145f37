"""Air-space diseases: haze and consolidation, painted where a score is highest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.phantom import organs, vessels
from core.phantom.anatomy import SIDES
from core.phantom.choices import AS_DRAWN, Choices
from core.phantom.scene import Mask, Scene
from core.phantom.shapes import Array, Tubes, fractal_field, smoothstep, tube_paths

_ZONE_REACH = 0.15  # of a lung's height: so far from a zone's middle a place loses a standard deviation


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


def paint_covid(scene: Scene, rng: np.random.Generator, extent: float, choices: Choices = AS_DRAWN) -> Mask:
    """Bilateral, peripheral, basal patches: ground glass that consolidates as it spreads."""
    scores = [peripheral(scene, lung, rng) + _preference(lung, choices) for lung in scene.lungs]
    lean = _lean(rng.uniform(-0.28, 0.28), choices)
    density = rng.uniform(0.2, 0.34) + rng.uniform(0.15, 0.45) * extent
    density = density if choices.density is None else choices.density
    return _paint_airspace(scene, scores, Airspace(_split(scene, extent, lean), density, 0.9), rng)


def paint_pneumonia(
    scene: Scene, rng: np.random.Generator, extent: float, choices: Choices = AS_DRAWN
) -> Mask:
    """Lobar consolidation with air bronchograms, or patchy, or perihilar."""
    pattern = rng.choice(3, p=(0.6, 0.25, 0.15))
    lean = float(rng.choice([-1, 1])) * (
        1.0 if pattern == 0 else rng.uniform(0.3, 1.0) if pattern == 1 else 0.1
    )
    density = (rng.uniform(0.35, 0.68), rng.uniform(0.25, 0.5), rng.uniform(0.16, 0.36))[pattern]
    density = density if choices.density is None else choices.density
    score = (_lobar, _patchy, _perihilar)[pattern]
    scores = [score(scene, lung, rng) + _preference(lung, choices) for lung in scene.lungs]
    lean = _lean(lean, choices)
    airspace = Airspace(_split(scene, extent, lean), density, (0.45, 0.8, 0.9)[pattern], bool(pattern == 0))
    return _paint_airspace(scene, scores, airspace, rng)


def _lean(drawn: float, choices: Choices) -> float:
    """To which side a disease leans: 1 puts all it can on the left, -1 on the right."""
    return drawn if choices.side is None else {"right": -1.0, "left": 1.0}[choices.side]


def _preference(lung: organs.Lung, choices: Choices) -> Array:
    """What a place's score gains by lying near the chosen third of the lung; nothing where none is chosen."""
    if choices.zone is None:
        return np.zeros_like(lung.level)
    middle = {"upper": 0.2, "middle": 0.5, "lower": 0.8}[choices.zone]
    return np.asarray(-np.square((lung.level - middle) / _ZONE_REACH))


def _paint_airspace(scene: Scene, scores: list[Array], wanted: Airspace, rng: np.random.Generator) -> Mask:
    """Fills each lung's share of highest score; a larger share therefore contains a smaller one."""
    coarse = 0.22 - 0.2 * wanted.density  # ground glass is uneven, a consolidation is not
    mottle = np.clip(1 + coarse * fractal_field(scene.frame, rng, (12.0, 6.0, 3.5), 0.9), 0.3, 1.6)
    rim = 0.25 if wanted.softness < 0.7 else 0.06  # a lobe ends at its fissure, a haze fades
    mask, haze = np.zeros_like(scene.lung_field), np.zeros_like(scene.opacity)
    for lung, score, share in zip(scene.lungs, scores, wanted.shares, strict=True):
        if share <= 0 or not lung.field.any():
            continue
        inside = score[lung.field]
        threshold = np.quantile(inside, 1 - min(share, 1.0))
        depth = np.clip((score - threshold) / (wanted.softness * inside.std()), 0, 1)
        involved = (score >= threshold) & (lung.hull > 0)
        filling = wanted.density * mottle * (rim + (1 - rim) * smoothstep(depth, 0, 1)) * involved
        scene.fill(filling)
        haze = np.maximum(haze, filling)
        mask |= involved & lung.field
    if wanted.bronchogram:
        scene.extra = scene.extra - 0.9 * haze * _bronchi(scene, rng)
    return mask


def _bronchi(scene: Scene, rng: np.random.Generator) -> Array:
    """Path through the larger bronchi, (height, width) in mm; their air shows where the lung is dense."""
    trees = [vessels.vessel_tree(scene.anatomy, lung.side, rng, 0.85, 3) for lung in scene.lungs]
    return np.minimum(tube_paths(scene.frame, Tubes.joined(trees)), 5)


def _split(scene: Scene, extent: float, lean: float) -> tuple[float, float]:
    """Shares of the right and left lung that make `extent` together; lean 1 puts all it can on the left."""
    right, left = (float(lung.field.sum()) for lung in scene.lungs)
    total = max(right + left, 1.0)
    if lean >= 0:
        share_left = min(1.0, extent * (1 + lean * right / max(left, 1.0)))
        return min(1.0, (extent * total - share_left * left) / max(right, 1.0)), share_left
    share_right = min(1.0, extent * (1 - lean * left / max(right, 1.0)))
    return share_right, min(1.0, (extent * total - share_right * right) / max(left, 1.0))


def peripheral(scene: Scene, lung: organs.Lung, rng: np.random.Generator) -> Array:
    """Patches that gather at the edge and the base of a lung: the score to threshold, (height, width)."""
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


def paint_consolidation(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """One compact dense area with air bronchograms."""
    scores = [_compact(scene, lung, rng) for lung in scene.lungs]
    shares = _split(scene, 0.04 + 0.22 * severity, _one_sided(rng))
    return _paint_airspace(scene, scores, Airspace(shares, 0.38 + 0.3 * severity, 0.6, True), rng)


def paint_infiltration(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """Faint, ill-defined patches."""
    scores = [_patchy(scene, lung, rng) for lung in scene.lungs]
    shares = _split(scene, 0.08 + 0.3 * severity, _one_sided(rng))
    return _paint_airspace(scene, scores, Airspace(shares, 0.18 + 0.2 * severity, 1.0), rng)


def paint_any_pneumonia(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """A pneumonia of one of the three patterns, by severity."""
    return paint_pneumonia(scene, rng, 0.05 + 0.3 * severity)


def paint_lung_opacity(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """One area of middling density that fits no name."""
    scores = [_compact(scene, lung, rng) for lung in scene.lungs]
    shares = _split(scene, 0.04 + 0.2 * severity, _one_sided(rng))
    return _paint_airspace(scene, scores, Airspace(shares, 0.25 + 0.4 * severity, 0.8), rng)


def paint_edema(scene: Scene, rng: np.random.Generator, severity: float) -> Mask:
    """Bat-wing haze about both hila, wide vessels, septal lines."""
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
