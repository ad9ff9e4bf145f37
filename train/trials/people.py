"""Whom a bundle reads well: its models by sex and age, and extent and opacity against another score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from core.evaluation.metrics import Interval, resampled_interval
from core.evaluation.predictions import Predictions
from core.evaluation.strata import shares
from core.evaluation.trials import PeopleResult, SeverityCheck
from core.models.bundle.manifest import SeverityFit
from core.models.severity import SeverityName
from core.vocabulary import HELD_OUT, TASK
from train.data.records import Record

LEAST = 5  # images of a stratum


def _between(low: float, high: float) -> Callable[[Record], bool]:
    return lambda record: record.age is not None and low <= record.age < high


STRATA: dict[str, Callable[[Record], bool]] = {
    "women": lambda record: record.sex == "F",
    "men": lambda record: record.sex == "M",
    "under 50 years": _between(0, 50),
    "50 to 69 years": _between(50, 70),
    "70 years and older": _between(70, 200),
}


def measure_people(records: Sequence[Record], predictions: Predictions) -> tuple[PeopleResult, ...]:
    """How often each model is right about women and men, younger and older people, on held-out images.

    Args:
        records: The n images.
        predictions: What the models said about them, in the same order.

    Returns:
        For each stratum and class with enough images, one row a model.
    """
    found = []
    for label in TASK:
        of_class = np.isin(predictions.split, HELD_OUT) & (predictions.label == label)
        for stratum, belongs in STRATA.items():
            rows = of_class & np.array(list(map(belongs, records)), dtype=bool)
            if rows.sum() < LEAST:
                continue
            found += [
                PeopleResult(
                    model=each.model,
                    label=label,
                    stratum=stratum,
                    images=each.images,
                    groups=each.groups,
                    right=each.share,
                    low=each.interval.low,
                    high=each.interval.high,
                )
                for each in shares(predictions, rows, called=label == "covid")
            ]
    return tuple(found)


def check_severity(
    records: Sequence[Record],
    logits: NDArray[np.floating],
    fits: Mapping[SeverityName, SeverityFit],
    fitted: Sequence[int],
) -> tuple[SeverityCheck, ...]:
    """Extent and opacity against the Brixia scores of images of people to whom they were not fitted.

    Args:
        records: The n images that were analysed.
        logits: (n, findings), what the findings network said of them.
        fits: The bundle's two linear models.
        fitted: Indices of the images that these were fitted to.

    Returns:
        One row a score, with Spearman's rank correlation; nothing where too few images have a Brixia score.
    """
    known = {records[row].group for row in fitted}
    rows = [row for row, each in enumerate(records) if each.brixia is not None and each.group not in known]
    if len(rows) < LEAST:
        return ()
    brixia = np.array([records[row].brixia for row in rows], dtype=np.float64)
    groups = [records[row].group for row in rows]
    checks = []
    for name, fit in fits.items():
        model = fit.model(name)
        scores = np.array([model.score(logits[row]).value for row in rows])
        interval = _interval(scores, brixia, groups)
        checks.append(
            SeverityCheck(
                score=name,
                against="Brixia",
                images=len(rows),
                groups=len(set(groups)),
                correlation=_rank_correlation(scores, brixia),
                low=interval.low,
                high=interval.high,
            )
        )
    return tuple(checks)


def _rank_correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Spearman's, with ties at their mean rank; 0 where either is constant."""
    ranks = np.stack([rankdata(first), rankdata(second)])
    if not ranks.std(axis=1).all():
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])


def _interval(first: NDArray[np.float64], second: NDArray[np.float64], groups: Sequence[str]) -> Interval:
    return resampled_interval(lambda rows: _rank_correlation(first[rows], second[rows]), groups)
