"""torchxrayvision's official findings weights: what they are, and where they would lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.models.severity import MAX_EXTENT, MAX_OPACITY, SeverityModel
from core.preprocessing import Preprocessing
from core.vocabulary import FIRST_FINDINGS


@dataclass(frozen=True)
class OfficialWeights:
    """Weights that torchxrayvision publishes.

    Attributes:
        name: As torchxrayvision calls them.
        url: Where they are published.
        sha256: Of the file; None where no copy could be obtained to compute it from.
        operating_points: 18 probabilities, torchxrayvision's `op_threshs`.
        preprocessing: What they were trained on: the whole centre square, not equalised.
        severity: Cohen et al. 2020, arXiv:2005.11856: coefficients on the raw "Lung Opacity" output.
    """

    name: str
    url: str
    sha256: str | None
    operating_points: tuple[float, ...]
    preprocessing: Preprocessing
    severity: tuple[SeverityModel, ...]

    @property
    def file(self) -> str:
        """The file name under which torchxrayvision caches them."""
        return self.url.rsplit("/", 1)[-1]


def _on_lung_opacity(coefficient: float) -> tuple[float, ...]:
    return tuple(coefficient if name == "Lung Opacity" else 0.0 for name in FIRST_FINDINGS)


OFFICIAL = OfficialWeights(
    name="densenet121-res224-all",
    url="https://github.com/mlmed/torchxrayvision/releases/download/v1/"
    "nih-pc-chex-mimic_ch-google-openi-kaggle-densenet121-d121-tw-lr001-rot45-tr15-sc15-seed0-best.pt",
    sha256=None,
    operating_points=(
        0.07422872,
        0.038290843,
        0.09814756,
        0.0098118475,
        0.023601074,
        0.0022490358,
        0.010060724,
        0.103246614,
        0.056810737,
        0.026791653,
        0.050318155,
        0.023985857,
        0.01939503,
        0.042889766,
        0.053369623,
        0.035975814,
        0.20204692,
        0.05015312,
    ),
    preprocessing=Preprocessing(size_px=224, border_share=0.0, equalise=False),
    severity=(
        # The errors are the paper's; opacity's baseline is the mean deviation of its 94 published scores.
        SeverityModel("extent", _on_lung_opacity(0.8705248), 3.4137437, MAX_EXTENT, 1.14, 2.07, 94),
        SeverityModel("opacity", _on_lung_opacity(0.5484423), 2.5535977, MAX_OPACITY, 0.78, 1.26, 94),
    ),
)


def official_file() -> Path | None:
    """The official weights in torchxrayvision's own cache, or None when they are not there."""
    path = official_path()
    return path if path.is_file() else None


def official_path() -> Path:
    """Where torchxrayvision caches its official weights."""
    return Path.home() / ".torchxrayvision" / "models_data" / OFFICIAL.file


def centre_square(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest centred square of a radiograph, torchxrayvision's `XRayCenterCrop`."""
    height, width = pixels.shape
    side = min(height, width)
    top, left = height // 2 - side // 2, width // 2 - side // 2
    return pixels[top : top + side, left : left + side]
