"""What follows a backbone's feature map: pooling, a hidden layer, one output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from core.errors import BundleError

Pooling = Literal["average", "flatten"]

_TENSORS = ("head/hidden/kernel", "head/hidden/bias", "head/output/kernel", "head/output/bias")


@dataclass(frozen=True, eq=False)
class Head:
    """The layers between a backbone's feature map and its probability.

    Attributes:
        hidden_kernel: (n, units), float32; n is channels ("average") or rows x columns x channels.
        hidden_bias: (units,), float32.
        output_kernel: (units,), float32.
        pooling: How the feature map becomes a vector.
        pool: Factor of the max pooling between A and the head (1: none).
        output_bias: Added to the output's logit.
    """

    hidden_kernel: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    output_kernel: NDArray[np.float32]
    pooling: Pooling
    pool: int = 1
    output_bias: float = 0.0

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
        try:
            with safe_open(path, framework="numpy") as file:
                kernel, bias, output, output_bias = (
                    np.asarray(file.get_tensor(name), dtype=np.float32) for name in _TENSORS
                )
        except (OSError, SafetensorError) as error:
            raise BundleError(
                f"{path.name} holds no classification head; restore or rebuild the bundle."
            ) from error
        return cls(kernel, bias, output.reshape(-1), pooling, pool, float(output_bias.item()))

    def to_bytes(self) -> bytes:
        """As a weight file of its own, which `from_file` and Keras read: float32, safetensors."""
        output, bias = self.output_kernel[:, None], np.array([self.output_bias])
        arrays = (self.hidden_kernel, self.hidden_bias, output, bias)
        tensors = {
            name: np.ascontiguousarray(array, dtype=np.float32)
            for name, array in zip(_TENSORS, arrays, strict=True)
        }
        return bytes(save(tensors))

    def opposed(self) -> Head:
        """The head whose logit has the other sign: for normal where this one's speaks for COVID-19."""
        return replace(self, output_kernel=-self.output_kernel, output_bias=-self.output_bias)


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


def hidden_units(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """What the hidden layer makes of A after its ReLU, (units,), at least 0."""
    return np.asarray(
        np.maximum(head_input(features, head) @ head.hidden_kernel + head.hidden_bias, np.float32(0))
    )


def logit(features: NDArray[np.float32], head: Head) -> float:
    """What the head answers to A, (h, w, channels), before the sigmoid."""
    return float(hidden_units(features, head) @ head.output_kernel) + head.output_bias
