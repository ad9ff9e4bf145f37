"""Grad-CAM in closed form: the head is small enough to differentiate by hand.

All that follows the last feature map A is pooling, a hidden dense layer with ReLU, and one output.
The derivative of the output's logit with respect to A is therefore a product of the head's own
weights, and neither a gradient tape nor the framework that trained the network is needed.
Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2, arXiv:1610.02391.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from core.errors import BundleError

Pooling = Literal["average", "flatten"]


@dataclass(frozen=True, eq=False)
class Head:
    """The layers between a backbone's feature map and its probability.

    Attributes:
        hidden_kernel: (n, units), float32; n is channels ("average") or rows x columns x channels.
        hidden_bias: (units,), float32.
        output_kernel: (units,), float32.
        pooling: How the feature map becomes a vector.
        pool: Factor of the max pooling between A and the head (1: none).
    """

    hidden_kernel: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output_kernel: NDArray[np.float32]
    pooling: Pooling
    pool: int = 1

    @classmethod
    def from_file(cls, path: Path, pooling: Pooling, pool: int) -> Head:
        """Reads the head alone out of a weight file.

        Args:
            path: The backbone's safetensors file.
            pooling: The bundle's.
            pool: The backbone's.

        Raises:
            BundleError: If the file is damaged or lacks the head.
        """
        names = ("head/hidden/kernel", "head/hidden/bias", "head/output/kernel")
        try:
            with safe_open(path, framework="numpy") as file:
                kernel, bias, output = (np.asarray(file.get_tensor(name), dtype=np.float32) for name in names)
        except (OSError, SafetensorError) as error:
            raise BundleError(
                f"{path.name} holds no classification head; restore or rebuild the bundle."
            ) from error
        return cls(kernel, bias, output.reshape(-1), pooling, pool)


def pooled_features(features: NDArray[np.float32], pool: int) -> NDArray[np.float32]:
    """The map that the head sees: A itself, or A after non-overlapping max pooling.

    Args:
        features: A, (h, w, channels).
        pool: Factor of the max pooling; rows and columns that do not fill a cell are dropped.

    Returns:
        (h // pool, w // pool, channels).
    """
    if pool == 1:
        return features
    rows, columns = features.shape[0] // pool, features.shape[1] // pool
    cells = features[: rows * pool, : columns * pool].reshape(rows, pool, columns, pool, -1)
    return np.asarray(cells.max(axis=(1, 3)))


def head_input(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """The vector that enters the hidden layer, (n,)."""
    pooled = pooled_features(features, head.pool)
    return pooled.mean(axis=(0, 1)) if head.pooling == "average" else pooled.reshape(-1)


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


def normalise(heat: NDArray[np.float32]) -> tuple[NDArray[np.float32], float]:
    """Scales a heatmap to [0, 1] by its peak.

    Returns:
        The map and the peak; a map without heat stays 0 everywhere, with a peak of 0.
    """
    peak = float(heat.max())
    return (heat / np.float32(peak) if peak > 0 else np.zeros_like(heat)), peak
