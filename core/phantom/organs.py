"""Soft parts of the chest as path lengths: body, lungs, heart, mediastinum, vessels, gas."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from core.phantom.anatomy import SIDES, Anatomy
from core.phantom.shapes import Array, Frame, Tubes, ellipsoid, smoothstep, tube_paths

_BASE_ROUNDING_MM = 26.0


@dataclass(frozen=True, eq=False)
class Lung:
    """One lung in projection; arrays are (height, width).

    Attributes:
        side: -1 for the patient's right, 1 for the left.
        hull: Depth of the pleural space along the ray, diaphragm and heart not yet taken out, in mm.
        chord: Depth of the lung itself, in mm.
        field: The lung field: where lung is seen above the diaphragm, also behind the heart.
        lateral: 0 at the hilum's sagittal plane, 1 at the chest wall.
        level: 0 at the apex, 1 at the costophrenic angle.
    """

    side: int
    hull: Array
    chord: Array
    field: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    lateral: Array
    level: Array


def body_depth(frame: Frame, a: Anatomy) -> Array:
    """Thickness of the whole body along each ray, (height, width) in mm."""
    parts = [_trunk(frame, a), _neck(frame, a), *(_shoulder(frame, a, side) for side in SIDES)]
    parts += [_arm(frame, a, side) for side in SIDES]
    parts.append(ellipsoid(frame, (20 * np.sin(a.rotation), a.chin - 62), (66, 62, 75)))
    depth = np.sqrt(np.sqrt(np.sum([np.square(np.square(part)) for part in parts], axis=0)))
    return np.asarray(depth + sum(_breast(frame, a, side) for side in SIDES))


def _trunk(frame: Frame, a: Anatomy) -> Array:
    def half_width(y: Array) -> Array:
        waist = 6 * np.sin(np.clip((y - 60) / 90, 0, np.pi / 2)) * (1 if a.female else -0.4)
        upper = smoothstep(y, -35, 70)
        return (a.half_width + a.chest_wall + 8 - waist) * (0.72 + 0.28 * upper)

    def depth(y: Array) -> Array:
        return a.body_depth * (0.45 + 0.5 * smoothstep(y, -60, 130) + 0.08 * smoothstep(y, 150, 290))

    u = np.square(frame.x / frame.along_y(half_width))
    flank = np.sqrt(np.maximum(0, 1 - u * np.sqrt(u)))
    top = frame.along_y(lambda y: smoothstep(y, -75, -10))
    return np.asarray(frame.along_y(depth) * flank * top)


def _neck(frame: Frame, a: Anatomy) -> Array:
    def half_width(y: Array) -> Array:
        return 52 + 0.25 * a.chest_wall + 75 * smoothstep(y, -95, 5) ** 1.5

    u = np.square(frame.x / frame.along_y(half_width))
    fade = frame.along_y(lambda y: 1 - smoothstep(y, 0, 90))
    return np.asarray((112 + 0.6 * a.chest_wall) * np.sqrt(np.maximum(0, 1 - u)) * fade)


def _shoulder(frame: Frame, a: Anatomy, side: int) -> Array:
    centre = (side * (a.shoulder_width - 22), a.shoulders + 28)
    axes = (88 + 0.6 * a.chest_wall, 60 + 0.3 * a.chest_wall, 55 + 0.4 * a.chest_wall)
    return ellipsoid(frame, centre, axes, side * 0.32)


def _arm(frame: Frame, a: Anatomy, side: int) -> Array:
    def centre(y: Array) -> Array:
        return side * (a.shoulder_width + 16 + a.arms * smoothstep(y, 0, 280))

    radius = 42 + 0.5 * a.chest_wall
    u = (frame.x - frame.along_y(centre)) / radius
    reach = frame.along_y(lambda y: smoothstep(y, a.shoulders - 5, a.shoulders + 55))
    return np.asarray(1.9 * radius * np.sqrt(np.maximum(0, 1 - u * u)) * reach)


def _breast(frame: Frame, a: Anatomy, side: int) -> Array:
    if a.breast <= 0:
        return np.zeros_like(frame.x)
    level = 0.62 * a.lung_height + (10 if a.portable else 0)
    chord = ellipsoid(
        frame, (side * 0.6 * a.half_width, level), (50 + 0.5 * a.breast, 36 + 0.45 * a.breast, 1)
    )
    return np.asarray(0.36 * a.breast * chord * (1 - 0.6 * smoothstep(level - frame.y, 0, 60)))


def lung(frame: Frame, a: Anatomy, side: int, solids: Array) -> Lung:
    """One lung: the pleural space without the diaphragm's dome and without `solids`, in mm along the ray."""
    x = side * frame.x
    lateral_wall = frame.along_y(lambda y: a.lateral(y))
    medial_wall = frame.along_y(lambda y: a.medial(side, y))
    middle = 0.55 * lateral_wall + 0.45 * medial_wall
    rim = frame.along_y(lambda y: 1 - 0.7 * smoothstep(y, 5, 0.3 * a.lung_height)) * medial_wall
    outer = (x - middle) / np.maximum(lateral_wall - middle, 1)
    inner = np.maximum(middle - x, 0) / np.maximum(middle - rim, 1)
    section = np.maximum(0, 1 - np.square(np.maximum(outer, 0)) - np.square(np.square(inner)))
    hull = frame.along_y(lambda y: _cage_depth(a, y)) * np.sqrt(section)
    dome_depth = dome(frame, a, side)
    chord = np.maximum(0, hull - np.minimum(hull, dome_depth))
    field = (hull > 6) & (chord > 0.55 * hull) & (x > medial_wall)
    chord = chord * (1 - np.minimum(1, solids / np.maximum(hull, 1)))
    level = np.clip(frame.y / a.lung_height, 0, 1)
    return Lung(side, hull, chord, field, np.clip(outer * 0.55 + 0.45, 0, 1), level)


def _cage_depth(a: Anatomy, y: Array) -> Array:
    u = np.clip(y / a.lung_height, 0, 1)
    top = (1 - (1 - u) ** 3) ** 0.5
    base = np.sqrt(1 - np.clip((y - a.lung_height + _BASE_ROUNDING_MM) / _BASE_ROUNDING_MM, 0, 1) ** 2)
    return a.depth * top * base * (y > 0)


def dome(frame: Frame, a: Anatomy, side: int) -> Array:
    """One half of the diaphragm with what lies below it: depth along each ray in mm."""
    top = (a.dome[0] if side < 0 else a.dome[1]) + a.flattening
    rise = a.lung_height - top
    u = (side * frame.x - 0.5 * a.half_width) / (0.56 * a.half_width)
    v = np.maximum(0, top + rise - frame.y) / rise
    return np.asarray(1.25 * a.depth * np.sqrt(np.maximum(0, 1 - u * u - v * v)))


def heart(frame: Frame, a: Anatomy) -> Array:
    """The heart's depth along each ray, (height, width) in mm."""
    s = a.heart_scale
    floor = max(a.dome) + 6
    shift = 30 * np.sin(a.rotation)
    ventricles = ellipsoid(frame, (22 * s + shift, floor - 42 * s), (67 * s, 40 * s, 48 * s), a.heart_tilt)
    atrium = ellipsoid(frame, (-11 * s + shift, floor - 48 * s), (26 * s, 43 * s, 42 * s), 0.1)
    conus = ellipsoid(frame, (10 * s + shift, floor - 84 * s), (27 * s, 46 * s, 38 * s), -0.35)
    return np.asarray(np.sqrt(np.sqrt(ventricles**4 + atrium**4 + conus**4)))


def mediastinum(frame: Frame, a: Anatomy) -> Array:
    """What lies between the lungs beside the heart: depth along each ray in mm."""

    def wall(side: int, y: Array) -> Array:
        bulge = np.sin(np.pi * np.clip((y / a.lung_height - 0.02) / 0.66, 0, 1))
        return a.medial(side, y) + a.widening * np.sqrt(bulge)

    walls = [frame.along_y(partial(wall, side)) for side in SIDES]
    u = np.where(frame.x < 0, -frame.x / walls[0], frame.x / walls[1])
    depth = frame.along_y(lambda y: 70 + 45 * (1 - smoothstep(y, 0, 0.3 * a.lung_height)))
    return np.asarray(depth * np.sqrt(np.maximum(0, 1 - np.square(np.square(u)))))


def great_vessels(frame: Frame, a: Anatomy) -> Array:
    """Aortic knob, pulmonary trunk, caval vein, descending aorta: depth along each ray in mm."""
    shift = 18 * np.sin(a.rotation)
    top = 0.235 * a.lung_height
    knob, out = a.knob + 0.3 * a.widening, 0.7 * a.widening
    parts = [
        ellipsoid(frame, (a.mediastinum - 4 + out + 0.25 * knob + shift, top), (knob, knob * 1.05, 26)),
        ellipsoid(frame, (a.mediastinum - 3 + out + shift, top + 44), (14, 21, 26), -0.2),
        ellipsoid(frame, (-a.mediastinum + 10 - out + shift, top + 18), (15, 46, 15)),
        ellipsoid(frame, (a.mediastinum - 9, top + 92), (13, 112, 13)),
    ]
    return np.asarray(np.maximum.reduce(parts))


def hila(frame: Frame, a: Anatomy) -> Array:
    """The hila's vessels and nodes: depth along each ray in mm."""
    s = a.vessel_scale
    parts = [ellipsoid(frame, hilum(a, side), (10 * s, 19 * s, 9 * s), side * 0.35) for side in SIDES]
    return np.asarray(sum(parts))


def hilum(a: Anatomy, side: int) -> tuple[float, float]:
    """(x, y) of a hilum; the left one stands higher."""
    return side * (a.mediastinum + 13) + 12 * np.sin(a.rotation), 0.40 * a.lung_height - 5 * side


def airways(frame: Frame, a: Anatomy) -> Array:
    """Air in the trachea and main bronchi, in mm along the ray."""
    carina = 0.33 * a.lung_height
    shift = 6 * np.sin(a.rotation) + 2
    top = np.array([shift - 1, -110.0, 0])
    fork = np.array([shift, carina, 0.0])
    trachea = Tubes.along(np.array([top, (top + fork) / 2, fork]), np.array([8.5, 8.5, 8.8]))
    bronchi = [
        Tubes.along(np.array([fork, [side * 40, carina + 22 + 4 * side, 0.0]]), np.array([6.8, 5.0]))
        for side in SIDES
    ]
    return 0.65 * tube_paths(frame, Tubes.joined([trachea, *bronchi]))


def gas(frame: Frame, a: Anatomy, rng: np.random.Generator) -> Array:
    """Air in the stomach, flat below when upright, and in the colon, in mm along the ray."""
    x, y = 0.5 * a.half_width + rng.normal(0, 8), a.dome[1] + 9 + 15 * a.gas
    level = y + rng.uniform(-4, 8)
    size = (24 * a.gas + 8, 14 * a.gas + 1, 16 * a.gas + 1)
    total = _bubble(frame, (x, y), size, rng.normal(0, 0.15))
    if not a.portable:
        total = total * (1 - smoothstep(frame.y, level, level + 2))
    for _ in range(int(rng.integers(0, 6))):
        centre = (rng.normal(30, 70), a.lung_height + rng.uniform(5, 70))
        axes = (rng.uniform(8, 24), rng.uniform(6, 13), rng.uniform(4, 9))
        total = total + _bubble(frame, centre, axes, rng.normal(0, 0.7))
    return total


def _bubble(
    frame: Frame, centre: tuple[float, float], axes: tuple[float, float, float], angle: float
) -> Array:
    """An ellipsoid of gas whose wall folds make its rim soft."""
    return np.asarray(np.square(ellipsoid(frame, centre, axes, angle)) / (2 * axes[2]))
