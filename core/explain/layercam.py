"""LayerCAM: each value of the feature map times its own derivative, where that speaks for the class.

Jiang et al. 2021, "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization", IEEE TIP 30.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.explain.gradients import feature_gradient
from core.models.head import Head


def layercam(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """relu(sum over channels of relu(derivative) times A), not normalised.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.

    Returns:
        (h, w), float32, at least 0.
    """
    return layercam_on_layer(features, feature_gradient(features, head))


def layercam_on_layer(features: NDArray[np.float32], gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same on any layer, of its A and the logit's derivative with respect to each value of that."""
    positive = np.maximum(gradient, np.float32(0))
    return np.asarray(np.maximum((features * positive).sum(axis=-1), np.float32(0)))
