"""The derivative of a head's logit with respect to each value of the feature map before it, by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.models.head import Head, hidden_units, pooled_features


def feature_gradient(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """How strongly each value of A pushes the logit.

    Behind an average over all places the derivative is the same everywhere in a channel. Max pooling hands it
    to the largest value of each cell, the first of several that are equal.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.

    Returns:
        (h, w, channels), float32.
    """
    pooled = pooled_features(features, head.pool)
    active = hidden_units(features, head) > 0
    flat = head.hidden_kernel @ (head.output_kernel * active)
    if head.pooling == "average":
        rows, columns, _ = pooled.shape
        gradient = np.broadcast_to(flat / np.float32(rows * columns), pooled.shape)
    else:
        gradient = flat.reshape(pooled.shape)
    return np.asarray(_through_pooling(features, gradient, head.pool), dtype=np.float32)


def _through_pooling(
    features: NDArray[np.float32], gradient: NDArray[np.float32], pool: int
) -> NDArray[np.float32]:
    """What max pooling hands back; nothing to rows and columns that fill no cell."""
    if pool == 1:
        return gradient
    rows, columns, channels = gradient.shape
    inside = features[: rows * pool, : columns * pool]
    cells = inside.reshape(rows, pool, columns, pool, channels).transpose(0, 2, 4, 1, 3)
    cells = cells.reshape(rows, columns, channels, pool * pool)
    handed = np.zeros_like(cells)
    np.put_along_axis(handed, cells.argmax(axis=-1)[..., np.newaxis], gradient[..., np.newaxis], axis=-1)
    handed = handed.reshape(rows, columns, channels, pool, pool).transpose(0, 3, 1, 4, 2)
    whole = np.zeros_like(features)
    whole[: rows * pool, : columns * pool] = handed.reshape(rows * pool, columns * pool, channels)
    return whole
