"""Heads that learn here, in seconds, without a framework: the form that every bundle's heads have.

Dense `HIDDEN_UNITS` with ReLU, Dense 1 with sigmoid, on pooled features of a frozen backbone; AdamW
(Loshchilov &
Hutter 2019, arXiv:1711.05101) on binary cross-entropy, in plain numpy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.models.engine.keras import HIDDEN_UNITS
from core.models.head import Head

Floats = NDArray[np.float32]

_MOMENTS = (0.9, 0.999)  # of Adam
_LEAST_SPREAD = (
    0.1  # of the typical spread, added to each feature's: what hardly varies shall not count as much
)


@dataclass(frozen=True)
class Schooling:
    """How a head learns.

    Attributes:
        epochs: Passes over the patients.
        batch: Patients a step.
        rate: Of learning; falls to 0 as a cosine.
        decay: Of the weights, a step, times the rate.
        seed: Of the first weights and the order of patients.
    """

    epochs: int = 40
    batch: int = 24
    rate: float = 5e-4
    decay: float = 0.1
    seed: int = 7


@dataclass(frozen=True, eq=False)
class Learnt:
    """A head as it stands.

    Attributes:
        hidden_kernel: (f, units), float32, for features as they come.
        hidden_bias: (units,).
        output_kernel: (units,).
        output_bias: Of the output.
    """

    hidden_kernel: Floats
    hidden_bias: Floats
    output_kernel: Floats
    output_bias: float

    def probabilities(self, features: Floats) -> NDArray[np.float64]:
        """P(ill) of features (n, f), (n,) in [0, 1]."""
        hidden = np.maximum(features @ self.hidden_kernel + self.hidden_bias, 0)
        return np.asarray(expit((hidden @ self.output_kernel + self.output_bias).astype(np.float64)))

    def head(self, pool: int) -> Head:
        """As explanations and bundles take it.

        Args:
            pool: Of the backbone.
        """
        return Head(
            self.hidden_kernel, self.hidden_bias, self.output_kernel, "average", pool, self.output_bias
        )


def learn(features: Floats, labels: NDArray[np.int64], schooling: Schooling) -> Iterator[Learnt]:
    """Trains a head, and hands it over after each epoch; who stops asking has the last one.

    Args:
        features: (n, f), float32.
        labels: (n,), 0 or 1, both there.
        schooling: How.
    """
    rng = np.random.default_rng(schooling.seed)
    mean = features.mean(axis=0)
    variance = features.var(axis=0, dtype=np.float64)
    least = _LEAST_SPREAD**2 * variance.mean() + np.finfo(np.float32).tiny
    spread = np.sqrt(variance + least).astype(np.float32)
    standard, truth = (features - mean) / spread, labels.astype(np.float32)
    weights = _first_weights(features.shape[1], rng)
    moments = [(np.zeros_like(each), np.zeros_like(each)) for each in weights]
    batches = max(1, len(features) // schooling.batch)
    steps = schooling.epochs * batches
    for epoch in range(schooling.epochs):
        for number, rows in enumerate(np.array_split(rng.permutation(len(features)), batches)):
            step = epoch * batches + number
            gradients = _gradients(standard[rows], truth[rows], weights)
            rate = schooling.rate * 0.5 * (1 + np.cos(np.pi * step / steps))
            _descend(weights, gradients, moments, (step + 1, rate, schooling.decay))
        kernel, bias, output, output_bias = weights
        folded = kernel / spread[:, None]
        yield Learnt(folded, bias - mean @ folded, output.copy(), float(output_bias[0]))


def _first_weights(features: int, rng: np.random.Generator) -> list[Floats]:
    """Glorot's: hidden kernel and bias, output kernel and bias."""
    hidden, output = np.sqrt(6 / (features + HIDDEN_UNITS)), np.sqrt(6 / (HIDDEN_UNITS + 1))
    return [
        rng.uniform(-hidden, hidden, (features, HIDDEN_UNITS)).astype(np.float32),
        np.zeros(HIDDEN_UNITS, np.float32),
        rng.uniform(-output, output, HIDDEN_UNITS).astype(np.float32),
        np.zeros(1, np.float32),
    ]


def _gradients(features: Floats, truth: Floats, weights: list[Floats]) -> list[Floats]:
    """Of the mean cross-entropy of a batch, by weight."""
    kernel, bias, output, output_bias = weights
    hidden = np.maximum(features @ kernel + bias, 0)
    error = (expit(hidden @ output + output_bias) - truth) / np.float32(len(truth))
    back = np.outer(error, output) * (hidden > 0)
    return [features.T @ back, back.sum(axis=0), hidden.T @ error, error.sum(keepdims=True)]


def _descend(
    weights: list[Floats],
    gradients: list[Floats],
    moments: list[tuple[Floats, Floats]],
    pace: tuple[int, float, float],
) -> None:
    """One step of AdamW in place; kernels decay, biases do not. The pace: step from 1, rate, decay."""
    step, rate, decay = pace
    for weight, gradient, (first, second) in zip(weights, gradients, moments, strict=True):
        first += (1 - _MOMENTS[0]) * (gradient - first)
        second += (1 - _MOMENTS[1]) * (np.square(gradient) - second)
        size = np.sqrt(second / (1 - _MOMENTS[1] ** step)) + 1e-8
        if weight.ndim == 2:
            weight *= np.float32(1 - rate * decay)
        weight -= (rate / (1 - _MOMENTS[0] ** step)) * first / size
