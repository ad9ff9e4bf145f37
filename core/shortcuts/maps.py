"""Where a head looks before and after it learnt a mark: Grad-CAM in closed form on the same patients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.evaluation.metrics import Interval, resampled_interval
from core.explain.explainers import explain
from core.margins import crop
from core.models.backbones import BACKBONE_BY_KEY
from core.models.inference import Networks
from core.preprocessing import network_box
from core.shortcuts.cohorts import Cohort
from core.shortcuts.features import Floats, Source, feature_map, pool, seen, with_plant
from core.shortcuts.heads import Learnt
from core.shortcuts.plants import region

PATIENTS = 12  # whose maps are measured


@dataclass(frozen=True, eq=False)
class HeadMap:
    """One head's map of one patient.

    Attributes:
        heat: (h, w), float32, scaled to [0, 1] by its peak; 0 everywhere where nothing speaks for the
            disease.
        probability: P(ill), in [0, 1].
    """

    heat: Floats
    probability: float


@dataclass(frozen=True)
class OnMark:
    """How much of one head's heat lies on the mark.

    Attributes:
        mean: Share, over the patients with any heat; NaN where none has.
        interval: Its 95 % interval.
    """

    mean: float
    interval: Interval


@dataclass(frozen=True, eq=False)
class Maps:
    """Two heads on the same ill patients, who carry the mark and from whom neither learnt.

    Attributes:
        shown: (size, size), float32 in [0, 1]: what the networks are given of the first of them.
        before: The map of the head that learnt without marks.
        after: The map of the other.
        on_mark: Of both heads, in this order.
        area: Share of the frame that the mark fills, the mean.
        patients: How many.
        moved: Mean change of grey that the mark makes in what the networks are given, in [0, 1].
    """

    shown: Floats
    before: HeadMap
    after: HeadMap
    on_mark: tuple[OnMark, OnMark]
    area: float
    patients: int
    moved: float


def map_heads(cohort: Cohort, networks: Networks, source: Source, heads: tuple[Learnt, Learnt]) -> Maps:
    """The maps of two heads.

    Args:
        cohort: The patients.
        networks: The bundle's.
        source: Which backbone, and which mark.
        heads: That which learnt without marks, and the other.

    Raises:
        EngineError: If the network fails.
    """
    rows = np.flatnonzero(~cohort.learns & (cohort.labels == 1))[:PATIENTS]
    each = [_map_patient(cohort, int(row), networks, source, heads) for row in rows]
    shown, (before, after), *_ = each[0]
    inside = np.array([shares for _, _, shares, _, _ in each])
    return Maps(
        shown,
        before,
        after,
        on_mark=(_on_mark(inside[:, 0]), _on_mark(inside[:, 1])),
        area=float(np.mean([area for *_, area, _ in each])),
        patients=len(rows),
        moved=float(np.mean([moved for *_, moved in each])),
    )


def _map_patient(
    cohort: Cohort, row: int, networks: Networks, source: Source, heads: tuple[Learnt, Learnt]
) -> tuple[Floats, list[HeadMap], list[float], float, float]:
    """What the networks are given, the maps, their shares on the mark, its area, and what it changes."""
    plain, marked = (with_plant(cohort, row, networks, each) for each in ("", source.plant))
    mask = crop(region(plain, marked), network_box(plain, networks.manifest.preprocessing))
    features = feature_map(marked, networks, source.backbone)
    pooled = pool(features, source.backbone)[np.newaxis]
    depth = BACKBONE_BY_KEY[source.backbone].pool
    heats = [explain(features, head.head(depth))[0] for head in heads]
    maps = [
        HeadMap(heat, float(head.probabilities(pooled)[0])) for heat, head in zip(heats, heads, strict=True)
    ]
    shown = seen(marked, networks)
    moved = float(np.abs(shown - seen(plain, networks)).mean())
    return shown, maps, [heat_inside(heat, mask) for heat in heats], float(mask.mean()), moved


def heat_inside(heat: Floats, mask: NDArray[np.bool_]) -> float:
    """The share of a heatmap on a mask over the same frame; NaN without any heat.

    Args:
        heat: (h, w), at least 0, coarse.
        mask: (height, width), fine.
    """
    size = (mask.shape[1], mask.shape[0])
    fine = np.asarray(Image.fromarray(heat).resize(size, Image.Resampling.BILINEAR), dtype=np.float64)
    return float(fine[mask].sum() / fine.sum()) if fine.any() else math.nan


def _on_mark(shares: NDArray[np.float64]) -> OnMark:
    known = shares[~np.isnan(shares)]
    if not known.size:
        return OnMark(math.nan, Interval(math.nan, math.nan))
    interval = resampled_interval(lambda rows: float(known[rows].mean()), np.arange(known.size))
    return OnMark(float(known.mean()), interval)
