"""Score-CAM: each channel of the last feature map masks the picture, and counts by the answer to that.

Wang et al. 2020, "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
arXiv:1910.01279. Faster-Score-CAM takes only the channels that vary most over the picture (tabayashi0117
2020).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.explain.method import Step
from core.explain.subject import Subject
from core.models.backbones import scale_pixels
from core.models.findings import sigmoid
from core.models.head import logit

FEW = 32  # channels of Faster-Score-CAM
NOTHING = 1e-7  # keeps a channel that is the same everywhere from a division by 0


def scorecam(subject: Subject) -> Iterator[Step]:
    """By all channels, those that vary most first; their order does not change the map.

    Args:
        subject: Whom to ask about what.

    Yields:
        After each answer.
    """
    return scorecam_on_layer(subject, subject.own_features)


def faster_scorecam(subject: Subject) -> Iterator[Step]:
    """By the `FEW` channels that vary most.

    Args:
        subject: Whom to ask about what.

    Yields:
        After each answer.
    """
    return faster_scorecam_on_layer(subject, subject.own_features)


def scorecam_on_layer(subject: Subject, features: NDArray[np.float32]) -> Iterator[Step]:
    """By all channels of any layer.

    Args:
        subject: Whom to ask about what.
        features: A of that layer, (h, w, channels), float32.
    """
    return _by_channels(subject, features, features.shape[-1])


def faster_scorecam_on_layer(subject: Subject, features: NDArray[np.float32]) -> Iterator[Step]:
    """By the `FEW` channels of any layer that vary most."""
    return _by_channels(subject, features, FEW)


def _by_channels(subject: Subject, features: NDArray[np.float32], most: int) -> Iterator[Step]:
    channels = np.argsort(-features.std(axis=(0, 1)), kind="stable")[:most]
    image = scale_pixels(subject.seen, subject.scale)
    total = np.zeros(features.shape[:2])
    for number, channel in enumerate(channels, start=1):
        mask = _stretched(enlarge(features[..., channel], len(subject.seen)))
        masked = subject.features_of_input(image * mask[..., np.newaxis])
        weight = float(sigmoid(logit(masked, subject.head)))
        total += weight * features[..., channel]
        yield Step(number, len(channels), np.maximum(total, 0).astype(np.float32))


def _stretched(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    low, high = mask.min(), mask.max()
    return np.asarray((mask - low) / (high - low + np.float32(NOTHING)))


def enlarge(small: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A channel, linear between the middles of its places, whose outermost lie on the picture's edge.

    Args:
        small: (h, w).
        side: Of the result, in pixels.

    Returns:
        (side, side), float32.
    """
    down, across = (_between(count, side) for count in small.shape)
    return np.asarray(down @ small @ across.T, dtype=np.float32)


def _between(count: int, side: int) -> NDArray[np.float32]:
    """(side, count): how much each of `count` places in a row counts for each of `side` pixels."""
    at = np.linspace(0, count - 1, side)
    distance = np.abs(at[:, np.newaxis] - np.arange(count))
    return np.asarray(np.maximum(1 - distance, 0), dtype=np.float32)
