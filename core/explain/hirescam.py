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
    heat = (features * feature_gradient(features, head)).sum(axis=-1)
    return np.asarray(np.maximum(heat, np.float32(0)))
