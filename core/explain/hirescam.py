"""HiResCAM: each value of the feature map times its own derivative.

Draelos & Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful explanations", arXiv:2011.08891.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.explain.gradients import feature_gradient
from core.models.head import Head


def hirescam(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    """relu(sum over channels of derivative times A), not normalised.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.

    Returns:
        (h, w), float32, at least 0.
    """
    return hirescam_on_layer(features, feature_gradient(features, head))


def hirescam_on_layer(features: NDArray[np.float32], gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same on any layer, of its A and the logit's derivative with respect to each value of that."""
    return np.asarray(np.maximum((features * gradient).sum(axis=-1), np.float32(0)))
