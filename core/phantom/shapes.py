"""Geometry in millimetres: the pixel grid, chords through ellipsoids and tubes, smooth random fields.

Rays run parallel to z, from the patient's back (negative) to the front. x points to the image's right, which
is the patient's left; y points down; (0, 0) is the midline at the level of the lungs' apices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Profile = Callable[[Array], Array]

FIELD_MM = (-320.0, 320.0)  # where random fields are defined, in detector coordinates
_PROFILE_STEP_MM = 0.2
_SPLAT_STEP_PX = 0.65


@dataclass(frozen=True, eq=False)
class Frame:
    """The detector's pixels and where they lie on the patient.

    Attributes:
        height: Rows.
        width: Columns.
        pitch_mm: Side of a pixel.
        centre: (x, y) of the frame's centre on the patient, in mm.
        tilt: In-plane rotation of the patient, in radians.
    """

    height: int
    width: int
    pitch_mm: float
    centre: tuple[float, float]
    tilt: float

    @cached_property
    def across(self) -> Array:
        """(width,): column centres in detector millimetres, 0 in the middle."""
        return np.asarray((np.arange(self.width) - (self.width - 1) / 2) * self.pitch_mm, np.float64)

    @cached_property
    def down(self) -> Array:
        """(height,): row centres in detector millimetres, 0 in the middle."""
        return np.asarray((np.arange(self.height) - (self.height - 1) / 2) * self.pitch_mm, np.float64)

    @cached_property
    def x(self) -> Array:
        """(height, width): the patient's x, in mm."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return np.asarray(self.centre[0] + cos * self.across[None, :] + sin * self.down[:, None])

    @cached_property
    def y(self) -> Array:
        """(height, width): the patient's y, in mm."""
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        return np.asarray(self.centre[1] + cos * self.down[:, None] - sin * self.across[None, :])

    def pixel_position(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Column and row, as fractions of pixels, of points given in patient millimetres."""
        dx, dy = x - self.centre[0], y - self.centre[1]
        cos, sin = np.cos(self.tilt), np.sin(self.tilt)
        column = (cos * dx - sin * dy) / self.pitch_mm + (self.width - 1) / 2
        row = (sin * dx + cos * dy) / self.pitch_mm + (self.height - 1) / 2
        return column, row

    @cached_property
    def _profile_index(self) -> NDArray[np.intp]:
        return np.asarray((self.y - self.y.min()) / _PROFILE_STEP_MM, np.intp)

    def along_y(self, profile: Profile) -> Array:
        """Evaluates a function of y alone at every pixel: (height, width)."""
        levels = np.arange(self._profile_index.max() + 1) * _PROFILE_STEP_MM + self.y.min()
        return profile(levels)[self._profile_index]


def smoothstep(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a cubic between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def ellipsoid(
    frame: Frame, centre: tuple[float, float], axes: tuple[float, float, float], angle: float = 0.0
) -> Array:
    """Chord lengths through an ellipsoid, (height, width) in mm.

    Args:
        frame: The pixels.
        centre: (x, y) in mm.
        axes: Semi-axes along x, y (before turning by `angle`, in radians) and along the ray.
        angle: Clockwise in the image.
    """
    dx, dy = frame.x - centre[0], frame.y - centre[1]
    cos, sin = np.cos(angle), np.sin(angle)
    u, v = (cos * dx + sin * dy) / axes[0], (cos * dy - sin * dx) / axes[1]
    return np.asarray(2 * axes[2] * np.sqrt(np.maximum(0, 1 - u * u - v * v)))


def spline_field(frame: Frame, rng: np.random.Generator, pitch_mm: float) -> Array:
    """A smooth Gaussian random field: white noise on a lattice under cubic B-splines, variance about 1.

    The lattice is fixed in detector millimetres, so that a larger image shows the same field.
    """
    low, high = FIELD_MM
    nodes = int((high - low) / pitch_mm) + 4
    lattice = rng.standard_normal((nodes, nodes))
    rows = _spline_matrix((frame.down - low) / pitch_mm, nodes)
    columns = _spline_matrix((frame.across - low) / pitch_mm, nodes)
    return np.asarray(rows @ lattice @ columns.T) / 0.48


def _spline_matrix(position: Array, nodes: int) -> Array:
    position = np.clip(position, 0, nodes - 4.001)
    cell = position.astype(np.intp)
    t = position - cell
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3)
    matrix = np.zeros((len(position), nodes))
    for offset, weight in enumerate(weights):
        matrix[np.arange(len(position)), cell + offset] = weight / 6
    return matrix


def fractal_field(
    frame: Frame, rng: np.random.Generator, pitches_mm: tuple[float, ...], decay: float
) -> Array:
    """Octaves of `spline_field`, each `decay` times the one before, scaled to variance about 1."""
    amplitudes = decay ** np.arange(len(pitches_mm))
    layers = [a * spline_field(frame, rng, p) for a, p in zip(amplitudes, pitches_mm, strict=True)]
    return np.asarray(sum(layers) / np.sqrt(np.sum(amplitudes**2)))


@dataclass(frozen=True, eq=False)
class Tubes:
    """Straight pieces of tubes.

    Attributes:
        start: (n, 3), x, y, z in mm.
        end: (n, 3), in mm.
        radius: (n, 2), at start and end, in mm, across the image.
        flatness: Radius along the ray over the radius across the image.
    """

    start: Array
    end: Array
    radius: Array
    flatness: float = 1.0

    @classmethod
    def along(cls, points: Array, radius: Array, flatness: float = 1.0) -> Tubes:
        """The tube around a polyline: points (n, 3), radius (n,), in mm."""
        return cls(points[:-1], points[1:], np.stack([radius[:-1], radius[1:]], axis=1), flatness)

    @classmethod
    def joined(cls, parts: list[Tubes]) -> Tubes:
        """All pieces of several tubes of the same flatness."""
        return cls(
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.end for part in parts]),
            np.concatenate([part.radius for part in parts]),
            parts[0].flatness,
        )

    def turned(self, angle: float) -> Tubes:
        """Turned about the body's long axis, by `angle` in radians."""
        turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
        return Tubes(self.start @ turn.T, self.end @ turn.T, self.radius, self.flatness)


def tube_paths(frame: Frame, tubes: Tubes, marrow: tuple[float, float] = (0.0, 0.0)) -> Array:
    """Path lengths through tubes, (height, width) in mm.

    A quadrature over the centre line and the width of each piece; each sample brings the analytic chord of
    its cross-section and is shared among four pixels, so that volume is kept at any resolution.

    Args:
        frame: The pixels.
        tubes: The pieces.
        marrow: Radius of a core as a share of the tube's, and how much of the core is missing.
    """
    column, row = frame.pixel_position(np.stack([tubes.start[:, 0], tubes.end[:, 0]], 1),
                                       np.stack([tubes.start[:, 1], tubes.end[:, 1]], 1))  # fmt: skip
    span_c, span_r = column[:, 1] - column[:, 0], row[:, 1] - row[:, 0]
    in_plane = np.hypot(span_c, span_r)
    steps = np.maximum(np.ceil(in_plane / _SPLAT_STEP_PX), 1).astype(np.intp)
    piece, t = _spread(steps)
    radius = tubes.radius[piece, 0] * (1 - t) + tubes.radius[piece, 1] * t
    length_mm = np.linalg.norm(tubes.end - tubes.start, axis=1)
    volume = np.pi * tubes.flatness * radius**2 * (length_mm / steps)[piece] / frame.pitch_mm**2
    centre_c, centre_r = column[piece, 0] + t * span_c[piece], row[piece, 0] + t * span_r[piece]
    norm = np.maximum(in_plane, 1e-9)
    normal_c, normal_r = (-span_r / norm)[piece], (span_c / norm)[piece]

    strips = np.maximum(np.ceil(2 * radius / frame.pitch_mm / _SPLAT_STEP_PX), 1).astype(np.intp)
    sample, s = _spread(strips)
    offset = 2 * s - 1
    chord = np.sqrt(1 - offset**2)
    share = chord / np.bincount(sample, chord)[sample]
    core, missing = marrow
    if core:
        share = share * (1 - missing * np.sqrt(np.maximum(0, core**2 - offset**2)) / chord)
    reach = (radius / frame.pitch_mm)[sample] * offset
    column_at = centre_c[sample] + reach * normal_c[sample]
    row_at = centre_r[sample] + reach * normal_r[sample]
    return _splat(frame, column_at, row_at, volume[sample] * share)


def _spread(counts: NDArray[np.intp]) -> tuple[NDArray[np.intp], Array]:
    owner = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    return owner, (np.arange(len(owner)) - first[owner] + 0.5) / counts[owner]


def _splat(frame: Frame, column: Array, row: Array, weight: Array) -> Array:
    left, top = np.floor(column).astype(np.intp), np.floor(row).astype(np.intp)
    inside = (left >= 0) & (left < frame.width - 1) & (top >= 0) & (top < frame.height - 1)
    left, top, weight = left[inside], top[inside], weight[inside]
    fc, fr = column[inside] - left, row[inside] - top
    index = top * frame.width + left
    size = frame.height * frame.width
    image = np.bincount(index, weight * (1 - fc) * (1 - fr), size)
    image += np.bincount(index + 1, weight * fc * (1 - fr), size)
    image += np.bincount(index + frame.width, weight * (1 - fc) * fr, size)
    image += np.bincount(index + frame.width + 1, weight * fc * fr, size)
    return np.asarray(image.reshape(frame.height, frame.width), np.float64)
