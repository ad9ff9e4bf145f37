"""Does this look like what these models were trained on? Simple statistics against the training images.

What a picture is at all, the gate says (`core.gate.verdict`), whatever models are asked. These checks compare
its contrast, and its distance in the models' own feature space (after Lee et al. 2018, "A
Simple Unified Framework for Detecting Out-of-Distribution Samples", arXiv:1807.03888), with limits
fitted to the bundle's own training images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, model_validator

from core.margins import Box
from core.preprocessing import crop_box
from core.reading.warning import ReadingWarning

CONTRAST = "contrast"
THUMBNAIL_PX = 128
BORDER_SHARE = 0.06
DIRECTIONS = 6  # random directions kept of each backbone's features
SHRINKAGE = 0.1  # of the covariance towards a sphere
MARGIN = 0.25  # how far limits lie beyond the training images: interquartile ranges, or share of a distance


class Range(NamedTuple):
    """What is usual for one statistic; both ends included."""

    low: float
    high: float


class PlausibilityLimits(BaseModel):
    """What training images look like, in a bundle's manifest as `training_statistics`.

    Attributes:
        images: How many were measured.
        ranges: The usual range of each image statistic; of older bundles' several, the contrast counts.
        feature_names: The statistics that span feature space.
        feature_mean: Their mean.
        feature_precision: Inverse of their shrunken covariance.
        distance_limit: Root mean squared Mahalanobis distance that training images stay below.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    images: int
    ranges: dict[str, Range]
    feature_names: list[str]
    feature_mean: list[float]
    feature_precision: list[list[float]]
    distance_limit: float

    @model_validator(mode="after")
    def _same_size(self) -> PlausibilityLimits:
        size = len(self.feature_names)
        if len(self.feature_mean) != size or [len(row) for row in self.feature_precision] != [size] * size:
            raise ValueError("feature names, mean and precision differ in size")
        if CONTRAST not in self.ranges:
            raise ValueError("ranges do not cover the contrast")
        return self


LOW_CONTRAST = ReadingWarning(
    "low_contrast", "This image has little contrast, so the models see less than they were trained to see."
)
FAR = (
    "The models' features lie far from those of the images they were trained on; treat the answer with doubt."
)


def statistics(pixels: NDArray[np.float32], features: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    """Describes a radiograph in numbers that limits can be put on.

    Args:
        pixels: (height, width), float32 in [0, 1], bright where dense; as read, not equalised.
        features: The feature map A, (h, w, channels), of each backbone, by key.

    Returns:
        `contrast`, from the 5th to the 95th percentile of grey, in [0, 1]; and a few random directions of
        each backbone's pooled features (`feature:<key>:<index>`).
    """
    return {CONTRAST: _contrast(pixels)} | {
        f"feature:{key}:{index}": float(value)
        for key, feature_map in features.items()
        for index, value in enumerate(_directions(feature_map))
    }


def _contrast(pixels: NDArray[np.float32]) -> float:
    height, width = pixels.shape
    box = crop_box(Box(0, 0, width, height), BORDER_SHARE)
    side = (THUMBNAIL_PX, THUMBNAIL_PX)
    grey = np.asarray(Image.fromarray(pixels).resize(side, Image.Resampling.BOX, box=box))
    low, high = np.percentile(grey, (5, 95))
    return float(high - low)


def _directions(feature_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pooled features, scaled to length 1, along fixed random directions (they keep distances)."""
    pooled = feature_map.mean(axis=(0, 1))
    return np.asarray(pooled @ _projection(pooled.size) / max(float(np.linalg.norm(pooled)), 1e-9))


@cache
def _projection(channels: int) -> NDArray[np.float32]:
    # RandomState's stream is frozen by NumPy's policy; a Generator's may change with the version.
    return np.random.RandomState(channels).standard_normal((channels, DIRECTIONS)).astype(np.float32)


def fit_limits(rows: Sequence[Mapping[str, float]]) -> PlausibilityLimits:
    """Fits limits to training images.

    Args:
        rows: `statistics` of each image; at least a few times as many as there are features.

    Returns:
        Ranges from the 0.5th to the 99.5th percentile with a margin, and the ellipsoid of the features.
    """
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    names = [name for name in columns if name.startswith("feature:")]
    features = np.stack([columns[name] for name in names], axis=1)
    mean, precision = features.mean(axis=0), shrunken_precision(features)
    distances = mean_distances(features, mean, precision)
    return PlausibilityLimits(
        images=len(rows),
        ranges={name: _range(values) for name, values in columns.items() if name not in names},
        feature_names=names,
        feature_mean=mean.tolist(),
        feature_precision=precision.tolist(),
        distance_limit=float(np.percentile(distances, 99.5)) * (1 + MARGIN),
    )


def shrunken_precision(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """The inverse of the covariance of features (n, f), shrunken towards a sphere: (f, f)."""
    covariance = np.cov(features, rowvar=False)
    sphere = np.eye(len(covariance)) * np.trace(covariance) / len(covariance)
    return np.asarray(np.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * sphere))


def _range(values: NDArray[np.float64]) -> Range:
    low, quarter, three_quarters, high = map(float, np.percentile(values, (0.5, 25, 75, 99.5)))
    margin = MARGIN * (three_quarters - quarter)
    return Range(low - margin, high + margin)


def mean_distances(
    features: NDArray[np.floating], mean: ArrayLike, precision: ArrayLike
) -> NDArray[np.float64]:
    """Root mean squared Mahalanobis distances of features (n, f) from where others lie: (n,).

    After Lee et al. 2018, arXiv:1807.03888.
    """
    offsets = features.astype(np.float64) - np.asarray(mean)
    squares = np.einsum("ij,jk,ik->i", offsets, np.asarray(precision), offsets)
    return np.asarray(np.sqrt(np.maximum(squares, 0) / features.shape[1]))


def feature_distance(row: Mapping[str, float], limits: PlausibilityLimits) -> float:
    """Distance from the training images, where 1 is typical of a training image."""
    features = np.array([[row[name] for name in limits.feature_names]])
    (distance,) = mean_distances(features, limits.feature_mean, limits.feature_precision)
    return float(distance)


def plausibility_warnings(row: Mapping[str, float], limits: PlausibilityLimits) -> tuple[ReadingWarning, ...]:
    """What to warn about, given one image's statistics and the bundle's limits."""
    found = [LOW_CONTRAST] if row[CONTRAST] < limits.ranges[CONTRAST].low else []
    if feature_distance(row, limits) > limits.distance_limit:
        found.append(ReadingWarning("far_from_training_data", FAR))
    return tuple(found)
