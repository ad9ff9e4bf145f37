"""From attenuation to a film-like image: Beer-Lambert, scatter, quanta, processing, labels on the film."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.phantom.anatomy import Anatomy
from core.phantom.shapes import Array, Frame, smoothstep

DARKER_A_STOP = 0.1  # of the window between the 2nd and the 97th percentile of a chest


@dataclass(frozen=True)
class Technique:
    """How the radiograph was taken and developed.

    Attributes:
        scatter: Scattered over primary energy, behind the grid.
        spread_mm: Width of the scatter.
        quanta: Detected per square millimetre without a patient.
        focus_mm: Blur of focal spot and detector.
        contrast: Slope of the characteristic curve.
        brightness: Where its middle lies.
        detail: Strength of unsharp masking.
        detail_mm: Its width.
        floor: Grey of what was directly exposed.
    """

    scatter: float
    spread_mm: float
    quanta: float
    focus_mm: float
    contrast: float
    brightness: float
    detail: float
    detail_mm: float
    floor: float


def draw_technique(rng: np.random.Generator, a: Anatomy, stops: float = 0.0) -> Technique:
    """Draws a technique; bedside radiographs scatter more.

    Args:
        rng: The stream of noise.
        a: The chest.
        stops: Of exposure beyond what is drawn: each doubles the quanta and darkens the picture.
    """
    return Technique(
        scatter=float(np.clip(rng.normal(0.028 if a.portable else 0.018, 0.007), 0.005, 0.06)),
        spread_mm=float(rng.uniform(22, 42)),
        quanta=float(10 ** rng.normal(5.1, 0.25)) * 2.0**stops,
        focus_mm=float(rng.uniform(0.25, 0.7)),
        contrast=float(np.clip(rng.normal(3.2, 0.7), 1.9, 5.0)),
        brightness=float(rng.normal(0.42, 0.12)) + DARKER_A_STOP * stops,
        detail=float(rng.choice([0.0, 0.5, 1.0])) * float(rng.uniform(0.5, 1.3)),
        detail_mm=float(np.exp(rng.uniform(np.log(1.5), np.log(25)))),
        floor=float(np.clip(rng.normal(0.02, 0.03), 0, 0.12)),
    )


def blur(frame: Frame, image: Array, sigma_mm: float) -> Array:
    """A Gaussian blur that keeps a constant image constant, as two matrix products."""
    rows, columns = _gaussian(frame.down, sigma_mm), _gaussian(frame.across, sigma_mm)
    return np.asarray(rows @ image @ columns.T)


def _gaussian(position: Array, sigma_mm: float) -> Array:
    weights = np.exp(-0.5 * np.square((position[:, None] - position[None, :]) / sigma_mm))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def expose(frame: Frame, attenuation: Array, technique: Technique, noise: Array | None) -> Array:
    """The signal behind the patient in logarithmic units: 0 where directly exposed, larger where dense.

    Beer-Lambert for the primary beam; the scatter is a blurred share of it plus a share of what the whole
    patient lets through; quantum noise with the variance of its Poisson law.

    Args:
        frame: The pixels.
        attenuation: Line integrals, (height, width).
        technique: Of the exposure.
        noise: (height, width) standard normal, or None for a noiseless signal.
    """
    primary = blur(frame, np.exp(-attenuation), technique.focus_mm)
    capped = np.minimum(primary, 0.35)
    intensity = primary + technique.scatter * (0.25 + blur(frame, capped, technique.spread_mm) / 0.2) * 0.8
    if noise is not None:
        intensity = intensity + noise * np.sqrt(intensity / (technique.quanta * frame.pitch_mm**2))
    return np.asarray(-np.log(np.maximum(intensity, 1e-4)))


def take(
    frame: Frame,
    attenuation: Array,
    reference: Array,
    inside: NDArray[np.bool_],
    technique: Technique,
    rng: np.random.Generator,
) -> Array:
    """The film, (height, width), grey about [0, 1].

    Args:
        frame: The pixels.
        attenuation: Line integrals, (height, width).
        reference: Those of the same chest in health, for which it is developed.
        inside: Where the window is taken from.
        technique: Of the exposure.
        rng: The stream of noise.
    """
    signal = expose(frame, attenuation, technique, rng.standard_normal((frame.height, frame.width)))
    return develop(frame, signal, expose(frame, reference, technique, None), inside, technique)


def develop(
    frame: Frame, signal: Array, reference: Array, inside: NDArray[np.bool_], technique: Technique
) -> Array:
    """The characteristic curve: grey in [0, 1], bright where dense.

    The window is that of the same chest in health (`reference`), so that a lesion brightens only itself.
    """
    low, high = np.quantile(reference[inside], (0.02, 0.97))
    if technique.detail:
        signal = signal + technique.detail * (signal - blur(frame, signal, technique.detail_mm))
    t = (signal - low) / (high - low)
    grey = 1 / (1 + np.exp(-technique.contrast * (t - technique.brightness)))
    direct = smoothstep(t, -0.55, -0.1)
    return np.asarray(technique.floor + (1 - technique.floor) * grey * direct)
