"""Bones as path lengths of cortical bone, in mm."""

from __future__ import annotations

from functools import partial

import numpy as np

from core.phantom.anatomy import SIDES, Anatomy
from core.phantom.shapes import Array, Frame, Tubes, ellipsoid, smoothstep, tube_paths

RIBS = 11
_RIB_FLATNESS = 0.62
_MARROW = (0.8, 0.62)  # a rib's core: radius as a share of the whole, and how much of it is not bone


def rib_curve(a: Anatomy, side: int, number: int) -> Array:
    """Centre line of a rib from the spine round to the front, (n, 3) in mm.

    Args:
        a: The chest.
        side: -1 or 1.
        number: 0 for the first rib.
    """
    spacing = 0.915 * a.lung_height / RIBS
    head = -14 + spacing * number * (0.86 + 0.013 * number)
    drop = a.rib_drop * (0.36 + 0.64 * np.sin(np.pi / 2 * min((number + 0.7) / 6, 1)))
    end = np.deg2rad((152, 147, 140, 134, 131, 128, 124, 118, 112, 104, 88)[number])
    angle = np.linspace(np.deg2rad(8), end, 56)
    y = head + drop * (0.32 * (1 - np.cos(angle)) + 0.36 * angle / np.pi) - 5 * np.sin(angle) * np.exp(-angle)
    wall = a.lateral(np.clip(head + 0.42 * drop, 8, a.lung_height * 0.98)) + 3.5
    wall = wall * (0.74, 0.86, 0.95)[number] if number < 3 else wall
    x = side * wall * np.sin(angle)
    z = -0.5 * (a.depth + 8) * np.cos(angle)
    return np.stack([x, y, z], axis=1)


def rib_tubes(a: Anatomy, side: int, number: int, curve: Array | None = None) -> Tubes:
    """A rib as a flat tube, thinner and lower at its back end."""
    points = rib_curve(a, side, number) if curve is None else curve
    share = np.linspace(0, 1, len(points))
    course = np.gradient(points, axis=0)
    face_on = np.abs(course[:, 0]) / np.hypot(course[:, 0], course[:, 1])
    radius = a.rib_radius * (0.8 + 0.22 * np.sin(np.pi * share)) * (0.56 if number == 0 else 1)
    radius = radius * (0.5 + 0.5 * face_on) * (1 - 0.4 * smoothstep(share, 0.8, 1.0))
    return Tubes.along(points, radius, _RIB_FLATNESS).turned(a.rotation)


def rib_cage(frame: Frame, a: Anatomy, curves: dict[tuple[int, int], Array]) -> Array:
    """All ribs; `curves` replaces the centre line of broken ones, by (side, number)."""
    tubes = [
        rib_tubes(a, side, number, curves.get((side, number))) for side in SIDES for number in range(RIBS)
    ]
    return tube_paths(frame, Tubes.joined(tubes), _MARROW)


def vertebra_share(a: Anatomy, y: Array) -> Array:
    """How far down its own vertebra a level lies, in [0, 1)."""
    pitch = 0.079 * a.lung_height
    return np.asarray(((y + 40) / pitch * (1.1 - 0.0004 * y)) % 1)


def spine(frame: Frame, a: Anatomy) -> Array:
    """Vertebral bodies with endplates, pedicles and spinous processes."""
    x = frame.x - frame.along_y(a.spine_x)
    width = frame.along_y(lambda y: 16.0 + 0.022 * np.clip(y, -60, 320))
    t = frame.along_y(partial(vertebra_share, a))
    waist = 1 + 0.07 * np.cos(2 * np.pi * t)
    within = 1 - smoothstep(np.abs(x) / (width * waist), 0.88, 1.08)
    body = smoothstep(t, 0.0, 0.1) - 0.8 * smoothstep(t, 0.82, 0.95)
    plates = np.exp(-np.square((t - 0.06) / 0.05)) + np.exp(-np.square((t - 0.85) / 0.05))
    pedicles = np.exp(
        -np.square((np.square((np.abs(x) - 0.66 * width) / 4) + np.square((t - 0.3) / 0.14) - 1) / 0.5)
    )
    process = np.exp(-np.square(x / 3.2)) * np.exp(-np.square((t - 0.75) / 0.22))
    thin = frame.along_y(lambda y: 0.55 + 0.45 * smoothstep(y, -50, 40))  # the neck's vertebrae are small
    column = within * (4.3 + 1.7 * body + 0.9 * plates * body + 2.2 * pedicles) + 5.0 * process
    return np.asarray(thin * column)


def clavicles(frame: Frame, a: Anatomy) -> Array:
    """Both collar bones."""
    return tube_paths(frame, Tubes.joined([_clavicle(a, side) for side in SIDES]), (0.65, 0.75))


def _clavicle(a: Anatomy, side: int) -> Tubes:
    share = np.linspace(0, 1, 72)
    inner = np.array([side * 17 + 34 * np.sin(a.rotation), 34 + 0.35 * a.shoulders - 4 * a.portable])
    outer = np.array([side * (a.shoulder_width - 14), a.shoulders - 2 - 6 * a.portable])
    line = inner + share[:, None] * (outer - inner)
    bend = 9 * np.sin(2 * np.pi * share) - 3 * np.sin(np.pi * share)
    points = np.stack([line[:, 0], line[:, 1] + bend, 40 * np.sin(np.pi * share)], axis=1)
    radius = 5.6 + 2.2 * np.abs(share - 0.45) + 0.8 * np.exp(-share / 0.07)
    radius = radius * np.sqrt(1 - np.square(np.clip((np.abs(2 * share - 1) - 0.88) / 0.12, 0, 0.97)))
    return Tubes.along(points, radius, 0.85)


def shoulder_girdle(frame: Frame, a: Anatomy) -> Array:
    """Shoulder blades and upper arms."""
    return np.asarray(sum(_scapula(frame, a, side) + _humerus(frame, a, side) for side in SIDES))


def _scapula(frame: Frame, a: Anatomy, side: int) -> Array:
    x = side * frame.x - (a.shoulder_width - 26 - a.blades)
    y = frame.y - a.shoulders
    # A triangle by its three edges: upper, lateral (to the joint) and medial; the tip points down.
    lateral = (x - 22) * 0.93 + (y - 30) * 0.3
    medial = -(x + 52) * 0.985 + (y - 10) * 0.12
    upper = 8 - y - 0.25 * (x + 20)
    inside = np.minimum.reduce([-lateral, -medial, -upper, 150 - y])
    blade = 1.8 * smoothstep(inside, -1, 2.5)
    rim = 2.6 * np.exp(-np.square((lateral + 3) / 3.2)) * smoothstep(inside, -4, 0)
    joint = np.array([[x0, y0, 0.0] for x0, y0 in _spine_of_blade(a, side)])
    ridge = Tubes.along(joint, np.array([3.0, 4.0, 6.0, 8.5]), 0.6)
    return np.asarray(blade + rim + 0.55 * tube_paths(frame, ridge, (0.7, 0.7)))


def _spine_of_blade(a: Anatomy, side: int) -> list[tuple[float, float]]:
    base = a.shoulder_width - 26 - a.blades
    return [
        (side * (base - 46), a.shoulders + 38),
        (side * (base - 20), a.shoulders + 24),
        (side * (base + 10), a.shoulders + 6),
        (side * (a.shoulder_width + 4), a.shoulders - 4),
    ]


def _humerus(frame: Frame, a: Anatomy, side: int) -> Array:
    head = (side * (a.shoulder_width + 8), a.shoulders + 22)
    elbow = (side * (a.shoulder_width + 16 + a.arms), 300.0)
    ball = ellipsoid(frame, head, (24, 24, 24))
    shell = 0.2 * ball + 0.16 * np.minimum(ball, 12)
    neck = (head[0] + 0.08 * (elbow[0] - head[0]), head[1] + 24)
    points = np.array(
        [[*head, 0.0], [*neck, 0.0], [head[0] + 0.3 * (elbow[0] - head[0]), 115, 0.0], [*elbow, 0.0]]
    )
    shaft = tube_paths(frame, Tubes.along(points, np.array([6.0, 12.0, 11.0, 11.0])), (0.62, 0.9))
    return np.asarray(shell + 0.6 * shaft)
