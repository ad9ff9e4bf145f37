"""Twins of many patients: how a disease moves each network, patient by patient, with an interval."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import Interval, draw_groups
from core.studio.twins import Outside

MIN_PATIENTS, MAX_PATIENTS, STEP = 20, 200, 20
RESAMPLES = 1000  # of the bootstrap


@dataclass(frozen=True)
class Measured:
    """One patient's twins, asked about.

    Attributes:
        seed: Of the recipe.
        extent: True share of the lungs with air-space disease, in [0, 1].
        effects: P(COVID-19) with the disease less P without, by model.
        outside: Where the networks' input changes.
    """

    seed: int
    extent: float
    effects: Mapping[str, float]
    outside: Outside


@dataclass(frozen=True)
class Effect:
    """What a disease does to one model over many patients.

    Attributes:
        model: Its key.
        values: One a patient.
        mean: Of them.
        interval: 95 %, of the mean: percentile bootstrap over patients.
        raised: In how many patients the disease raised the answer.
    """

    model: str
    values: tuple[float, ...]
    mean: float
    interval: Interval
    raised: int


def summarise(patients: Sequence[Measured]) -> tuple[Effect, ...]:
    """Each model's effect.

    Args:
        patients: At least one.
    """
    models = list(patients[0].effects)
    values = np.array([[each.effects[model] for model in models] for each in patients])
    count = len(patients)
    times_drawn, _ = draw_groups(np.arange(count), RESAMPLES, seed=0)
    return tuple(
        Effect(
            model=model,
            values=tuple(column.tolist()),
            mean=float(column.mean()),
            interval=mean_interval(column, times_drawn),
            raised=int((column > 0).sum()),
        )
        for model, column in zip(models, values.T, strict=True)
    )


def mean_interval(values: NDArray[np.float64], times_drawn: NDArray[np.int64]) -> Interval:
    """The 95 % interval of a mean over patients, by percentiles of draws.

    Args:
        values: (patients,).
        times_drawn: (draws, patients), how often each is drawn, from `draw_groups`.
    """
    low, high = np.quantile(times_drawn @ values / len(values), (0.025, 0.975)).tolist()
    return Interval(low, high)


def mean_outside(patients: Sequence[Measured]) -> Outside:
    """The mean share of change outside of the lesion.

    Args:
        patients: At least one.
    """
    pairs = np.mean([(each.outside.before, each.outside.after) for each in patients], axis=0)
    return Outside(float(pairs[0]), float(pairs[1]))


def to_csv(patients: Sequence[Measured]) -> str:
    """A row a patient: what is true, where the input changes, and each model's effect.

    Args:
        patients: At least one.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    models = list(patients[0].effects)
    writer.writerow(
        ["patient", "true_extent", "outside_before", "outside_after", *(f"effect_{each}" for each in models)]
    )
    for each in patients:
        shares = (each.extent, each.outside.before, each.outside.after)
        writer.writerow(
            [each.seed, *(f"{value:.4f}" for value in (*shares, *(each.effects[model] for model in models)))]
        )
    return file.getvalue()
