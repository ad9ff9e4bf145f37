"""How severe: extent and opacity from a findings network's raw outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SeverityName = Literal["extent", "opacity"]
MAX_EXTENT, MAX_OPACITY = 8.0, 6.0  # the ends of the scales (Cohen et al. 2020, arXiv:2005.11856)


@dataclass(frozen=True)
class SeverityScore:
    """One severity estimate with the error to expect.

    Attributes:
        name: "extent" (geographic extent) or "opacity".
        value: Clipped to [0, maximum].
        maximum: 8 for extent, 6 for opacity (Cohen et al. 2020, arXiv:2005.11856).
        mean_absolute_error: Cross-validated, against radiologists, in points of the scale.
        baseline_error: The error of always answering with the mean, on the same images.
        images: How many radiographs the error was measured on.
    """

    name: SeverityName
    value: float
    maximum: float
    mean_absolute_error: float
    baseline_error: float
    images: int


@dataclass(frozen=True)
class SeverityModel:
    """A linear model of radiologists' severity scores on the raw outputs of a findings network.

    Attributes:
        name: "extent" (0-8) or "opacity" (0-6).
        weights: One a finding, in the order of `FINDINGS`.
        intercept: In points of the scale.
        maximum: Of the scale.
        mean_absolute_error: On radiographs that it was not fitted to.
        baseline_error: Of always answering with the mean.
        images: How many radiographs the errors were measured on.
    """

    name: SeverityName
    weights: tuple[float, ...]
    intercept: float
    maximum: float
    mean_absolute_error: float
    baseline_error: float
    images: int

    def score(self, logits: NDArray[np.float32]) -> SeverityScore:
        """Estimates one radiograph's severity from its raw outputs, clipped to the scale."""
        value = float(np.dot(np.asarray(self.weights), logits) + self.intercept)
        return SeverityScore(
            name=self.name,
            value=min(max(value, 0.0), self.maximum),
            maximum=self.maximum,
            mean_absolute_error=self.mean_absolute_error,
            baseline_error=self.baseline_error,
            images=self.images,
        )
