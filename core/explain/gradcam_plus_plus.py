"""Grad-CAM++: channels weighted by their positive derivatives, place by place.

Chattopadhyay et al. 2018, "Grad-CAM++: Improved Visual Explanations for Deep Convolutional Networks",
arXiv:1710.11063, equations 10 to 13. The score there is the exponential of the logit, whose derivatives are
powers of the logit's own where the hidden layer is piecewise linear, as here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.explain.gradients import feature_gradient
from core.models.head import Head

Floats = NDArray[np.float64]


def channel_weights(features: NDArray[np.float32], gradient: NDArray[np.float32]) -> Floats:
    """The weight of each channel, up to exp(logit), which all share and which no scaled map shows.

    The coefficients of a channel are normalised to add up to 1 over its places, as in the authors' code.

    Args:
        features: A, (h, w, channels), float32.
        gradient: The logit's derivative with respect to each value of A.

    Returns:
        (channels,), float64, at least 0.
    """
    gradient = gradient.astype(np.float64)
    total = features.sum(axis=(0, 1), dtype=np.float64)
    squared = gradient**2
    below = 2 * squared + gradient**3 * total
    coefficients = np.divide(squared, below, out=np.zeros_like(squared), where=below != 0)
    sums = coefficients.sum(axis=(0, 1))
    shares = np.divide(coefficients, sums, out=np.zeros_like(coefficients), where=sums != 0)
    return np.asarray((np.maximum(gradient, 0) * shares).sum(axis=(0, 1)))


def gradcam_plus_plus(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """relu(sum over channels of weight times A), not normalised.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.

    Returns:
        (h, w), float32, at least 0.
    """
    return gradcam_plus_plus_on_layer(features, feature_gradient(features, head))


def gradcam_plus_plus_on_layer(
    features: NDArray[np.float32], gradient: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The same on any layer: what follows it, ReLU and pooling, is piecewise linear in all backbones."""
    return np.maximum(features @ channel_weights(features, gradient), 0).astype(np.float32)
