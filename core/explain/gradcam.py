"""Grad-CAM in closed form: the head is small enough to differentiate by hand.

All that follows the last feature map A is pooling, a hidden dense layer with ReLU, and one output.
The derivative of the output's logit with respect to A is therefore a product of the head's own
weights, and neither a gradient tape nor the framework that trained the network is needed.
Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2, arXiv:1610.02391.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.models.head import Head, head_input


def channel_weights(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """How strongly each channel of A pushes the logit: alpha in Grad-CAM's equation 1.

    Max pooling hands each cell's gradient to one position, so the sum over a channel, and with it
    the mean over A's positions, does not depend on which.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.

    Returns:
        (channels,), float32: the mean of the logit's derivative over the positions of A.
    """
    height, width, channels = features.shape
    active = head_input(features, head) @ head.hidden_kernel + head.hidden_bias > 0
    gradient = head.hidden_kernel @ (head.output_kernel * active)
    if head.pooling == "flatten":
        gradient = gradient.reshape(-1, channels).sum(axis=0)
    return np.asarray(gradient / np.float32(height * width), dtype=np.float32)


def gradcam(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """Where A speaks for the class: relu(sum over channels of alpha times A), not normalised.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.

    Returns:
        (h, w), float32, at least 0.
    """
    return np.asarray(np.maximum(features @ channel_weights(features, head), np.float32(0)))


def gradcam_on_layer(features: NDArray[np.float32], gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same on any layer.

    Args:
        features: A of that layer, (h, w, channels), float32.
        gradient: The logit's derivative with respect to each value of A.

    Returns:
        (h, w), float32, at least 0.
    """
    return np.asarray(np.maximum(features @ gradient.mean(axis=(0, 1)), np.float32(0)))
