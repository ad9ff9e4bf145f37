"""The methods that show where a backbone looked, as a table: to add one is to add a row, and its heat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.explain.gradcam import gradcam
from core.models.head import Head


@dataclass(frozen=True)
class Explainer:
    """A method of explanation.

    Attributes:
        key: In files and addresses.
        name: As its authors write it.
        heat: From A, (h, w, channels), float32, and the head behind it: (h, w), float32, at least 0.
        meaning: What much heat means, in a sentence.
        paper: Reference to cite.
        url: Where the paper is.
    """

    key: str
    name: str
    heat: Callable[[NDArray[np.float32], Head], NDArray[np.float32]]
    meaning: str
    paper: str
    url: str


EXPLAINERS: tuple[Explainer, ...] = (
    Explainer(
        key="gradcam",
        name="Grad-CAM",
        heat=gradcam,
        meaning="Where what the network found speaks for COVID-19, weighted over the whole image.",
        paper="Selvaraju et al. 2017",
        url="https://arxiv.org/abs/1610.02391",
    ),
)
EXPLAINER_BY_KEY = {explainer.key: explainer for explainer in EXPLAINERS}


def explain(
    features: NDArray[np.floating], head: Head, explainer: Explainer = EXPLAINERS[0]
) -> tuple[NDArray[np.float32], float]:
    """Where a backbone looked.

    Args:
        features: A, (h, w, channels).
        head: What follows it.
        explainer: By which method.

    Returns:
        The heatmap, (h, w), scaled to [0, 1] by its peak, and the peak before that; a map without heat stays
        0 everywhere, with a peak of 0.
    """
    heat = explainer.heat(features.astype(np.float32, copy=False), head)
    peak = float(heat.max())
    return (heat / np.float32(peak) if peak > 0 else np.zeros_like(heat)), peak
