"""What is on a radiograph besides the patient: leads, tubes, collimator edges and letters."""

from __future__ import annotations

import numpy as np

from core.phantom.acquisition import blur
from core.phantom.anatomy import Anatomy
from core.phantom.shapes import Array, Frame, Tubes, ellipsoid, smoothstep, tube_paths

_METAL_PER_MM = 0.16
_GLYPHS = {  # 5 x 7 dots
    "L": (16, 16, 16, 16, 16, 16, 31),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "D": (30, 17, 17, 17, 17, 17, 30),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "I": (14, 4, 4, 4, 4, 4, 14),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "N": (17, 25, 21, 19, 17, 17, 17),
    "G": (14, 17, 16, 23, 17, 17, 14),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "B": (30, 17, 17, 30, 17, 17, 30),
}
_WORDS = ("AP", "PORTABLE", "SITTING", "ST", "BED")


def devices(frame: Frame, a: Anatomy, rng: np.random.Generator) -> Array:
    """Leads, tubes and lines over the chest as attenuation; more often at the bedside."""
    many = rng.random(5) < (np.array([0.45, 0.3, 0.3, 0.2, 0.03]) if a.portable else
                            np.array([0.03, 0.0, 0.02, 0.0, 0.02]))  # fmt: skip
    path = np.zeros_like(frame.x)
    if many[0]:
        path = path + _leads(frame, a, rng)
    if many[1]:  # tracheal tube
        path = path + _line(frame, [(0, -110), (2, 0), (3, 0.22 * a.lung_height)], 4.2, 0.12)
    if many[2]:  # central venous line
        side = float(rng.choice([-1, 1]))
        path = path + _line(
            frame, [(side * 45, -90), (side * 30, 10), (-20, 60), (-18, 0.45 * a.lung_height)], 1.0, 0.5
        )
    if many[3]:  # gastric tube
        path = path + _line(frame, [(3, -110), (6, 60), (14, 190), (45, a.dome[1] + 40)], 1.9, 0.22)
    if many[4]:
        path = path + _pacemaker(frame, a, float(rng.choice([-1, 1])))
    return path * _METAL_PER_MM


def _line(frame: Frame, points: list[tuple[float, float]], radius: float, share: float) -> Array:
    nodes = np.array(points, dtype=float)
    t = np.linspace(0, len(nodes) - 1, 60)
    smooth = np.stack([np.interp(t, np.arange(len(nodes)), nodes[:, k]) for k in (0, 1)], axis=1)
    kernel = np.hanning(17) / np.hanning(17).sum()
    padded = np.pad(smooth, ((8, 8), (0, 0)), mode="edge")
    bent = np.stack([np.convolve(padded[:, k], kernel, mode="valid") for k in (0, 1)], axis=1)
    curve = np.concatenate([bent, np.zeros((60, 1))], axis=1)
    return share * tube_paths(frame, Tubes.along(curve, np.full(60, radius)), (0.7, 0.9))


def _leads(frame: Frame, a: Anatomy, rng: np.random.Generator) -> Array:
    path = np.zeros_like(frame.x)
    for _ in range(int(rng.integers(2, 5))):
        x, y = rng.uniform(-0.9, 0.9) * a.half_width, rng.uniform(0.1, 1.0) * a.lung_height
        away = (rng.choice([-1, 1]) * rng.uniform(40, 260), rng.uniform(-140, 380))
        middle = ((x + away[0]) / 2 + rng.normal(0, 30), (y + away[1]) / 2 + rng.normal(0, 30))
        path = path + _line(frame, [(x, y), middle, away], 0.9, 0.8)
        path = path + np.minimum(ellipsoid(frame, (x, y), (5.5, 5.5, 3)), 1.6)
    return path


def _pacemaker(frame: Frame, a: Anatomy, side: float) -> Array:
    case = np.minimum(ellipsoid(frame, (side * 0.62 * a.half_width, 50), (24, 19, 9)), 7)
    lead = _line(
        frame, [(side * 62, 50), (side * 40, 18), (-14, 70), (-10, 170), (45, a.dome[1] - 8)], 1.2, 0.9
    )
    return case + lead


def label_film(frame: Frame, grey: Array, a: Anatomy, rng: np.random.Generator) -> Array:
    """Collimator edges and lead letters, at random, whatever the class."""
    if rng.random() < 0.35:
        grey = grey * _collimation(frame, rng)
    if rng.random() < 0.6:
        side = 1 if rng.random() < 0.5 else -1
        letter = "L" if side > 0 else str(rng.choice(["R", "R", "D"]))
        grey = _burn(frame, grey, letter, (side * rng.uniform(0.72, 0.92), -rng.uniform(0.5, 0.93)), rng)
    if rng.random() < (0.45 if a.portable else 0.12):
        at = (rng.choice([-1, 1]) * rng.uniform(0.6, 0.8), rng.choice([-0.93, -0.8, 0.4, 0.9]))
        grey = _burn(frame, grey, str(rng.choice(_WORDS)), at, rng, 0.45)
    return grey


def _collimation(frame: Frame, rng: np.random.Generator) -> Array:
    left, right, top, bottom = (rng.uniform(0.0, 0.09, 4) * (rng.random(4) < 0.6)).tolist()
    lean = rng.normal(0, 0.015)
    u = frame.across[None, :] / np.ptp(frame.across) + 0.5 + lean * (frame.down[:, None] / np.ptp(frame.down))
    v = frame.down[:, None] / np.ptp(frame.down) + 0.5 - lean * (frame.across[None, :] / np.ptp(frame.across))
    edge = np.minimum.reduce([u - left, 1 - right - u, v - top, 1 - bottom - v])
    return smoothstep(edge, -0.002, 0.006) if left + right + top + bottom else np.ones_like(edge)


def _burn(frame: Frame, grey: Array, text: str, at: tuple[float, float], rng: np.random.Generator,
          scale: float = 1.0) -> Array:  # fmt: skip
    """Writes letters; `at` is their centre as shares of the half width and half height."""
    dots = lettering(text)
    dot_mm = np.ptp(frame.down) * rng.uniform(0.0045, 0.0085) * scale
    turn = rng.normal(0, 0.06)
    dx = frame.across[None, :] - at[0] * np.ptp(frame.across) / 2
    dy = frame.down[:, None] - at[1] * np.ptp(frame.down) / 2
    column = ((np.cos(turn) * dx + np.sin(turn) * dy) / dot_mm + dots.shape[1] / 2).astype(np.intp)
    row = ((np.cos(turn) * dy - np.sin(turn) * dx) / dot_mm + 3.5).astype(np.intp)
    inside = (column >= 0) & (column < dots.shape[1]) & (row >= 0) & (row < 7)
    ink = np.zeros_like(grey)
    ink[inside] = dots[row[inside], column[inside]]
    ink = blur(frame, ink, max(0.35 * frame.pitch_mm, 0.25 * dot_mm))
    return np.asarray(grey + (rng.uniform(0.8, 1.0) - grey) * np.clip(ink, 0, 1))


def lettering(text: str) -> Array:
    """A word in lead letters, (7, 6 for each letter): 1 where there is a dot, else 0.

    Args:
        text: Of the letters that film has; any other is a gap.
    """
    return np.concatenate([_glyph(letter) for letter in text], axis=1)


def _glyph(letter: str) -> Array:
    bits = [[(row >> (4 - column)) & 1 for column in range(5)] + [0] for row in _GLYPHS.get(letter, (0,) * 7)]
    return np.array(bits, dtype=float)
