"""Saliency: how strongly each grey pushes the answer; SmoothGrad takes the mean over noisy copies.

Simonyan et al. 2014, "Deep Inside Convolutional Networks", arXiv:1312.6034, section 3; Smilkov et al. 2017,
"SmoothGrad: removing noise by adding noise", arXiv:1706.03825.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError
from core.explain.gradients_on_demand import NOT_INSTALLED
from core.explain.method import Step
from core.explain.subject import Subject
from core.explain.together import resized

COPIES = 16
NOISE = 0.1  # standard deviation, of the range of greys
MAP_PX = 56


def smoothgrad(subject: Subject) -> Iterator[Step]:
    """The mean gradient over noisy copies of the picture, without its sign.

    Args:
        subject: Whom to ask about what, with a gradient.

    Yields:
        After each copy.

    Raises:
        EngineError: If nothing computes gradients here.
    """
    if subject.gradient is None:
        raise EngineError(NOT_INSTALLED)
    random, total = np.random.default_rng(0), np.zeros_like(subject.seen)
    for number in range(1, COPIES + 1):
        noise = random.normal(0, NOISE, subject.seen.shape).astype(np.float32)
        total += np.abs(subject.gradient(subject.seen + noise))
        yield Step(number, COPIES, shown(total / np.float32(number)))


def shown(gradient: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of single pixels nobody sees anything: the mean over small squares, (MAP_PX, MAP_PX), at least 0."""
    return np.maximum(resized(np.abs(gradient), MAP_PX), np.float32(0))
