"""Whether what a lung network found can be two lungs: the shape of an outline, held against people's.

How far an outline lies from those that people drew is the distance of their shapes (`core.gate.plausibility`,
after Lee et al. 2018); how far is too far, radiographs say that took no part in teaching the network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from skimage import morphology

from core.gate.plausibility import mean_distances, shrunken_precision
from core.models.lungs import LUNG
from core.reading.warning import ReadingWarning

NO_OUTLINE = ReadingWarning(
    "no_outline",
    "The lungs could not be outlined in this picture, so nothing is said of them: no outline, no extent, no "
    "opacity, and no share of heat inside of them.",
)
MEASURES = ("area", "balance", "solidity", "across", "down", "apart", "level", "tall", "wide")

PerMeasure = Annotated[list[float], Field(min_length=len(MEASURES), max_length=len(MEASURES))]


class Silence(BaseModel):
    """On how many of some images an outline is nonsense."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images: int = Field(ge=1)
    silent: int = Field(ge=0)


class OutlineLimits(BaseModel):
    """What lungs look like that people drew, and how far from it an outline may lie.

    Attributes:
        masks: How many people drew.
        mean: Of each of `MEASURES`.
        spread: Standard deviation of each.
        precision: Inverse of the shrunken covariance of the measures, each in units of its spread.
        distance: Root mean squared Mahalanobis distance beyond which an outline is nonsense.
        silence: On how many images of each split it is; the distance was chosen on those of `val`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    masks: int = Field(ge=2)
    mean: PerMeasure
    spread: PerMeasure
    precision: Annotated[list[PerMeasure], Field(min_length=len(MEASURES), max_length=len(MEASURES))]
    distance: float = Field(gt=0)
    silence: dict[str, Silence]


def shape(lung: NDArray[np.bool_]) -> dict[str, float] | None:
    """Measures an outline: two parts, left and right of the middle of all that is lung.

    Args:
        lung: (h, w), over the radiograph.

    Returns:
        By the names of `MEASURES`: `area`, share of the picture; `balance`, the smaller part over the larger;
        `solidity` of the less solid part: its area over that of its convex hull; `across` and `down`, the
        middle of all; `apart` and `level`, how far the middles of the parts lie from each other; `tall` and
        `wide`, all of it; lengths are shares of the sides. None where nothing is lung, or nothing to either
        side of its middle.
    """
    rows, columns = np.nonzero(lung)
    if not rows.size:
        return None
    height, width = lung.shape
    middle = float(columns.mean())
    left = lung & (np.arange(width) < middle)
    right = lung & (np.arange(width) > middle)
    if not (left.any() and right.any()):
        return None
    areas = sorted(int(part.sum()) for part in (left, right))
    (down_left, across_left), (down_right, across_right) = (
        np.argwhere(part).mean(axis=0) for part in (left, right)
    )
    return {
        "area": float(lung.mean()),
        "balance": areas[0] / areas[1],
        "solidity": min(_solidity(part) for part in (left, right)),
        "across": middle / width,
        "down": float(rows.mean()) / height,
        "apart": float(across_right - across_left) / width,
        "level": float(down_right - down_left) / height,
        "tall": float(np.ptp(rows) + 1) / height,
        "wide": float(np.ptp(columns) + 1) / width,
    }


def _solidity(part: NDArray[np.bool_]) -> float:
    hull = morphology.convex_hull_image(part)  # type: ignore[no-untyped-call]
    return float(part.sum() / hull.sum())


def fit_outlines(
    drawn: Sequence[Mapping[str, float]],
    found: Mapping[str, Sequence[Mapping[str, float] | None]],
    share: float,
) -> OutlineLimits:
    """Fits what lungs look like to people's masks, and how far is too far to a network's own outlines.

    Args:
        drawn: `shape` of each mask.
        found: `shape` of the outline of each radiograph, by split; the limit is chosen on `val`.
        share: Of those of `val`, at most so many lie beyond the limit.
    """
    measured = _table(drawn)
    mean, spread = measured.mean(axis=0), measured.std(axis=0)
    limits = OutlineLimits(
        masks=len(drawn),
        mean=mean.tolist(),
        spread=spread.tolist(),
        precision=shrunken_precision((measured - mean) / spread).tolist(),
        distance=1,
        silence={},
    )
    distances = {
        split: np.array([distance(each, limits) for each in shapes]) for split, shapes in found.items()
    }
    limit = float(np.quantile(distances["val"], 1 - share, method="higher"))
    silence = {
        split: Silence(images=len(values), silent=int((values > limit).sum()))
        for split, values in distances.items()
    }
    return limits.model_copy(update={"distance": limit, "silence": silence})


def _table(shapes: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    return np.array([[each[name] for name in MEASURES] for each in shapes])


def distance(found: Mapping[str, float] | None, limits: OutlineLimits) -> float:
    """How far an outline's `shape` lies from lungs that people drew; infinitely where there is none."""
    if found is None:
        return math.inf
    scaled = (_table([found]) - limits.mean) / limits.spread
    (far,) = mean_distances(scaled, np.zeros(len(MEASURES)), limits.precision)
    return float(far)


def is_plausible(lungs: NDArray[np.float32], limits: OutlineLimits) -> bool:
    """Whether an outline can be that of two lungs.

    Args:
        lungs: From `find_lungs`.
        limits: Of the bundle whose network found them.
    """
    return distance(shape(lungs > LUNG), limits) <= limits.distance
