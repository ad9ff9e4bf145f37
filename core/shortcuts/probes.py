"""Questions to a head: what it answers when one thing of a patient changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Interval, resampled_interval
from core.models.inference import Networks
from core.preprocessing import network_box
from core.shortcuts.cohorts import Phantoms
from core.shortcuts.features import Floats, feature_map, pool
from core.shortcuts.heads import Learnt
from core.shortcuts.plants import PLANT_BY_KEY, PLANTS, put_on

Cover = Literal["lungs", "rest"]

TWIN, LUNGS, REST = "twin", "lungs", "rest"
PROBES: dict[str, str] = {
    TWIN: "Take the disease away, or give it",
    LUNGS: "Cover the lungs",
    REST: "Cover all but the lungs",
    **{each.key: f"Put on {each.phrase}" for each in PLANTS},
}
DOSES = (0.0, 0.25, 0.5, 0.75, 1.0)  # strengths of a mark


@dataclass(frozen=True)
class Asked:
    """What a head answered about patients before and after one thing changed.

    Attributes:
        before: P(ill), one a patient.
        after: The same, changed.
        ill: Whether the patient is, as rendered first.
    """

    before: tuple[float, ...]
    after: tuple[float, ...]
    ill: tuple[bool, ...]

    def changes(self, *, ill: bool) -> tuple[float, ...]:
        """After less before, of the ill or of the healthy."""
        rows = zip(self.before, self.after, self.ill, strict=True)
        return tuple(after - before for before, after, each in rows if each == ill)


@dataclass(frozen=True)
class Mean:
    """Of some changes, with its 95 % interval (percentile bootstrap over patients)."""

    value: float
    interval: Interval


def mean_change(changes: Sequence[float]) -> Mean:
    """The mean of changes.

    Args:
        changes: At least one.
    """
    values = np.array(changes)
    interval = resampled_interval(lambda rows: float(values[rows].mean()), np.arange(values.size))
    return Mean(float(values.mean()), interval)


class Probe:
    """Puts questions about the same patients to heads on one backbone; pictures are computed once.

    Args:
        cohort: The patients.
        rows: Which of them.
        networks: The bundle's.
        backbone: Its key.
    """

    def __init__(self, cohort: Phantoms, rows: Sequence[int], networks: Networks, backbone: str) -> None:
        self._cohort, self.rows = cohort, tuple(rows)
        self._networks, self._backbone = networks, backbone
        self._kept: dict[tuple[str, float], Floats] = {}

    def ask(self, head: Learnt, question: str, strength: float = 1.0) -> Asked:
        """What a head answers before and after.

        Args:
            head: On the backbone.
            question: A key of `PROBES`.
            strength: Of a mark, from 0 to 1.

        Raises:
            EngineError: If the network fails.
        """
        pair = (self._features("", 1.0), self._features(question, strength))
        before, after = (tuple(head.probabilities(each).tolist()) for each in pair)
        return Asked(before, after, tuple(bool(self._cohort.labels[row]) for row in self.rows))

    def _features(self, question: str, strength: float) -> Floats:
        key = (question, strength)
        if key not in self._kept:
            maps = (
                feature_map(self._picture(row, question, strength), self._networks, self._backbone)
                for row in self.rows
            )
            self._kept[key] = np.stack([pool(each, self._backbone) for each in maps])
        return self._kept[key]

    def _picture(self, row: int, question: str, strength: float) -> Floats:
        pixels = self._cohort.pixels(row)
        if question in PLANT_BY_KEY:
            frame = network_box(pixels, self._networks.manifest.preprocessing)
            return put_on(pixels, frame, PLANT_BY_KEY[question], row, strength)
        if question == TWIN:
            return self._cohort.phantom(row, ill=not self._cohort.labels[row]).pixels
        if question in (LUNGS, REST):
            lungs = self._cohort.phantom(row).lungs
            return covered(pixels, lungs if question == LUNGS else ~lungs)
        return pixels


def covered(pixels: Floats, mask: NDArray[np.bool_]) -> Floats:
    """A radiograph with one grey over a part, the mean of what lies there, (height, width).

    Args:
        pixels: (height, width), float32 in [0, 1].
        mask: (height, width), where.
    """
    return np.where(mask, np.float32(pixels[mask].mean()), pixels)
