"""The lung's branching vessels, and its texture below them."""

from __future__ import annotations

import numpy as np

from core.phantom.anatomy import Anatomy
from core.phantom.organs import hilum
from core.phantom.shapes import Array, Frame, Tubes, fractal_field, tube_paths

_GENERATIONS = (
    0.1,
    0.25,
    0.39,
    0.52,
    0.64,
    0.75,
    0.85,
    0.95,
)  # shares of the way from hilum to pleura at which the tree forks


def lung_vessels(frame: Frame, a: Anatomy, side: int, rng: np.random.Generator) -> Array:
    """Branching vessels of one lung, tapering from the hilum to the pleura, in mm along the ray."""
    return tube_paths(frame, Tubes.joined([vessel_tree(a, side, rng, s) for s in (1.0, 0.7)]))


def vessel_tree(a: Anatomy, side: int, rng: np.random.Generator, scale: float, generations: int = 7) -> Tubes:
    """A tree of tubes: sectors about the hilum halve from generation to generation.

    Args:
        a: The chest.
        side: -1 or 1.
        rng: The stream to draw from.
        scale: Calibre against the largest tree's.
        generations: How often it branches.
    """
    origin = np.array(hilum(a, side))
    edges = np.linspace(-1.75, 1.6, 8) + rng.normal(0, 0.06, 8)
    angle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    rho, depth = np.full(len(angle), _GENERATIONS[0]), rng.normal(0, 10, len(angle))
    calibre = 3.3 * scale * a.vessel_scale * (1 + 0.2 * np.sin(angle)) * rng.uniform(0.7, 1.15, len(angle))
    here = _polar(a, side, origin, angle, rho, depth)
    stem = np.concatenate([np.broadcast_to(origin, (len(angle), 2)), 0.3 * depth[:, None]], axis=1)
    parts = [_bent(stem, here, calibre * 1.1, calibre, rng)]
    for target in _GENERATIONS[1 : generations + 1]:
        angle, half, depth, calibre, start = (
            np.repeat(v, 2, axis=0) for v in (angle, half, depth, calibre, here)
        )
        fork = np.tile([-0.5, 0.5], len(angle) // 2)
        angle = angle + half * (fork + rng.normal(0, 0.34, len(angle)))
        half = half / 2
        depth = np.clip(depth + rng.normal(0, 13, len(angle)), -60, 60)
        rho = np.clip(target + rng.normal(0, 0.045, len(angle)), 0.05, 0.98)
        here = _polar(a, side, origin, angle, rho, depth)
        thinner = calibre * rng.uniform(0.6, 0.84, len(angle))
        parts.append(_bent(start, here, calibre * 0.95, thinner, rng))
        calibre = thinner
    return Tubes.joined(parts)


def _polar(a: Anatomy, side: int, origin: Array, angle: Array, rho: Array, depth: Array) -> Array:
    """Points at a share `rho` of the way from the hilum to the lung's edge, in directions `angle`."""
    angle = np.clip(angle * (1 + 0.75 * np.square(1 - rho)), -2.1, 2.1)  # leaves upright, then spreads
    steps = np.linspace(0.05, 1, 40)[:, None] * 260
    x = abs(origin[0]) + steps * np.cos(angle)
    y = origin[1] + steps * np.sin(angle)
    floor = (
        (a.dome[0] if side < 0 else a.dome[1])
        - 4
        + 0.9 * a.dome_rise * np.square(np.clip((x - 0.5 * a.half_width) / (0.56 * a.half_width), -1, 1))
    )
    inside = (x < a.lateral(y) - 2) & (x > a.medial(side, y) - 14) & (y > 3) & (y < floor)
    reach = steps[np.maximum(np.argmin(inside, axis=0) - 1, 0) * ~inside.all(axis=0), 0]
    distance = rho * np.maximum(reach, 20)
    return np.stack(
        [side * (abs(origin[0]) + distance * np.cos(angle)), origin[1] + distance * np.sin(angle), depth], 1
    )


def _bent(start: Array, end: Array, first: Array, last: Array, rng: np.random.Generator) -> Tubes:
    """Pieces from start to end by way of a middle point a little off the straight line."""
    span = end - start
    sideways = np.stack([-span[:, 1], span[:, 0], np.zeros(len(span))], axis=1)
    middle = (start + end) / 2 + sideways * rng.normal(0, 0.15, (len(span), 1))
    mean = (first + last) / 2
    return Tubes(
        np.concatenate([start, middle]),
        np.concatenate([middle, end]),
        np.concatenate([np.stack([first, mean], 1), np.stack([mean, last], 1)]),
    )


def parenchyma(frame: Frame, rng: np.random.Generator) -> Array:
    """The lung's own unevenness: vessels and septa too small to draw, (height, width), variance about 1."""
    return fractal_field(frame, rng, (30.0, 12.0, 6.0, 3.5, 1.9), 1.0)
