"""The 18 radiographic findings: their names, their scale, and where official weights would lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.preprocessing import Preprocessing, network_input
from core.results import FindingScore, SeverityScore
from core.vocabulary import FINDINGS

SeverityName = Literal["extent", "opacity"]


@dataclass(frozen=True)
class SeverityModel:
    """A linear model of radiologists' severity scores on the raw outputs of a findings network.

    Attributes:
        name: "extent" (0-8) or "opacity" (0-6).
        weights: 18, in the order of `FINDINGS`.
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
        """Estimates one radiograph's severity from its 18 raw outputs, clipped to the scale."""
        value = float(np.dot(np.asarray(self.weights), logits) + self.intercept)
        return SeverityScore(
            name=self.name,
            value=min(max(value, 0.0), self.maximum),
            maximum=self.maximum,
            mean_absolute_error=self.mean_absolute_error,
            baseline_error=self.baseline_error,
            images=self.images,
        )


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
    return tuple(coefficient if name == "Lung Opacity" else 0.0 for name in FINDINGS)


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
        SeverityModel("extent", _on_lung_opacity(0.8705248), 3.4137437, 8.0, 1.14, 2.07, 94),
        SeverityModel("opacity", _on_lung_opacity(0.5484423), 2.5535977, 6.0, 0.78, 1.26, 94),
    ),
)


def official_file() -> Path | None:
    """The official weights in torchxrayvision's own cache, or None when they are not there."""
    path = official_path()
    return path if path.is_file() else None


def official_path() -> Path:
    """Where torchxrayvision caches its official weights."""
    return Path.home() / ".torchxrayvision" / "models_data" / OFFICIAL.file


def sigmoid(logits: ArrayLike) -> NDArray[np.float64]:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64))))


def op_norm(probabilities: ArrayLike, operating_points: ArrayLike) -> NDArray[np.float64]:
    """Rescales probabilities so that the operating point falls on 0.5, as torchxrayvision does.

    Linear from 0 to the operating point, and again from there to 1
    (Cohen et al. 2022, TorchXRayVision, arXiv:2111.00595; `torchxrayvision.models.op_norm`).

    Args:
        probabilities: (..., 18), in [0, 1].
        operating_points: (18,), inside (0, 1).

    Returns:
        (..., 18), in [0, 1]; 0.5 is the operating point, not a probability.
    """
    p, point = np.asarray(probabilities, np.float64), np.asarray(operating_points, np.float64)
    return np.where(p < point, p / (2 * point), 1 - (1 - p) / (2 * (1 - point)))


def undo_op_norm(scores: ArrayLike, operating_points: ArrayLike) -> NDArray[np.float64]:
    """The raw outputs whose scores these are: what `op_norm` and `sigmoid` did, undone.

    Args:
        scores: (..., 18), in [0, 1]; 0 and 1 stand for -36 and 36.
        operating_points: (18,), inside (0, 1).
    """
    s, point = np.asarray(scores, np.float64), np.asarray(operating_points, np.float64)
    p = np.where(s < 0.5, 2 * point * s, 1 - 2 * (1 - point) * (1 - s))
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(np.log(p) - np.log1p(-p), -36, 36))


def finding_scores(
    logits: NDArray[np.float32], points: Sequence[float], aucs: Mapping[str, float]
) -> tuple[FindingScore, ...]:
    """Puts a name, a scale and a record on a findings network's 18 raw outputs.

    Args:
        logits: (18,).
        points: 18 operating points, as probabilities.
        aucs: ROC AUC by finding, where it was measured.
    """
    scores = op_norm(sigmoid(logits), points)
    rows = zip(FINDINGS, logits, points, scores, strict=True)
    return tuple(
        FindingScore(name, float(raw), point, float(score), aucs.get(name))
        for name, raw, point, score in rows
    )


def findings_input(pixels: NDArray[np.float32], preprocessing: Preprocessing) -> NDArray[np.float32]:
    """A radiograph as torchxrayvision's networks expect it.

    Args:
        pixels: (height, width), float32 in [0, 1], bright where dense.
        preprocessing: The recipe that the findings network was trained with.

    Returns:
        (1, 1, size_px, size_px), float32 in [-1024, 1024].
    """
    grey = network_input(pixels, preprocessing)
    return (grey * np.float32(2048) - np.float32(1024))[np.newaxis, np.newaxis]


def centre_square(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest centred square of a radiograph, torchxrayvision's `XRayCenterCrop`."""
    height, width = pixels.shape
    side = min(height, width)
    top, left = height // 2 - side // 2, width // 2 - side // 2
    return pixels[top : top + side, left : left + side]
