"""The findings of a radiograph: from a network's raw outputs to scores on torchxrayvision's scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.preprocessing import Preprocessing, network_input
from core.vocabulary import FINDINGS


@dataclass(frozen=True)
class FindingScore:
    """One of the findings.

    Attributes:
        name: As torchxrayvision spells it.
        logit: The network's raw, un-sigmoided output.
        operating_point: The probability that the scale below puts on 0.5.
        score: In [0, 1]; 0.5 is the operating point, not a probability.
        roc_auc: Of this network for this finding, on phantoms that it did not learn from; None if unknown.
    """

    name: str
    logit: float
    operating_point: float
    score: float
    roc_auc: float | None


def sigmoid(logits: ArrayLike) -> NDArray[np.float64]:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * np.asarray(logits, dtype=np.float64))))


def op_norm(probabilities: ArrayLike, operating_points: ArrayLike) -> NDArray[np.float64]:
    """Rescales probabilities so that the operating point falls on 0.5, as torchxrayvision does.

    Linear from 0 to the operating point, and again from there to 1
    (Cohen et al. 2022, TorchXRayVision, arXiv:2111.00595; `torchxrayvision.models.op_norm`).

    Args:
        probabilities: (..., n), in [0, 1].
        operating_points: (n,), inside (0, 1).

    Returns:
        (..., n), in [0, 1]; 0.5 is the operating point, not a probability.
    """
    p, point = np.asarray(probabilities, np.float64), np.asarray(operating_points, np.float64)
    return np.where(p < point, p / (2 * point), 1 - (1 - p) / (2 * (1 - point)))


def undo_op_norm(scores: ArrayLike, operating_points: ArrayLike) -> NDArray[np.float64]:
    """The raw outputs whose scores these are: what `op_norm` and `sigmoid` did, undone.

    Args:
        scores: (..., n), in [0, 1]; 0 and 1 stand for -36 and 36.
        operating_points: (n,), inside (0, 1).
    """
    s, point = np.asarray(scores, np.float64), np.asarray(operating_points, np.float64)
    p = np.where(s < 0.5, 2 * point * s, 1 - 2 * (1 - point) * (1 - s))
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(np.log(p) - np.log1p(-p), -36, 36))


def finding_scores(
    logits: NDArray[np.float32], points: Sequence[float], aucs: Mapping[str, float]
) -> tuple[FindingScore, ...]:
    """Puts a name, a scale and a record on a findings network's raw outputs.

    Args:
        logits: (n,), in the order of `FINDINGS`, as far as the network knows them.
        points: n operating points, as probabilities.
        aucs: ROC AUC by finding, where it was measured.
    """
    scores = op_norm(sigmoid(logits), points)
    rows = zip(FINDINGS[: len(points)], logits, points, scores, strict=True)
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
    return findings_scale(network_input(pixels, preprocessing))


def findings_scale(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grey pixels, (h, w) in [0, 1], in torchxrayvision's scale: (1, 1, h, w) in [-1024, 1024]."""
    return (grey * np.float32(2048) - np.float32(1024))[np.newaxis, np.newaxis]
