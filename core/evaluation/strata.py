"""Where in its record a bundle is good and where it is not: by source, by severity, and beyond its task.

Everything is computed from `predictions.csv` when it is asked for, with counts and 95 % intervals over
patients. Only images from which nothing was learnt or chosen are counted: `HELD_OUT`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.evaluation.evidence import task_splits
from core.evaluation.metrics import CalibrationBin, Interval, calibration_bins, share_intervals
from core.evaluation.predictions import Predictions
from core.models.findings import op_norm, sigmoid
from core.vocabulary import HELD_OUT, LABELS, PHANTOM, TASK

# Strata of geographic extent (0-8) as in COVIDGR: 0, 1-2, 3-5, 6-8 (Tabik et al. 2020, IEEE JBHI 24:3595).
# Means of several radiologists lie between whole numbers, so these are the least extents of each stratum.
SEVERITY = (("normal-looking", 0.0), ("mild", 0.01), ("moderate", 2.5), ("severe", 5.5))
EXTENT_LIMIT = 8.01
MIN_REPORTED = 10  # images of which a collection reports something, for that to stand for itself


@dataclass(frozen=True)
class Share:
    """How many images of a kind a model reads in a certain way.

    Attributes:
        model: A backbone's key, or "ensemble".
        images: How many of that kind there are.
        groups: From how many patients.
        share: Of them, in [0, 1].
        interval: Its 95 % interval over patients.
    """

    model: str
    images: int
    groups: int
    share: float
    interval: Interval


@dataclass(frozen=True)
class SourceResult:
    """One class of one source in one split.

    `right.share` is the sensitivity for "covid", and the specificity for "normal".

    Attributes:
        split: Of `HELD_OUT`.
        source: The collection or clinic.
        label: "covid" or "normal".
        right: Share classified correctly at the model's threshold.
    """

    split: str
    source: str
    label: str
    right: Share


@dataclass(frozen=True)
class SeverityResult:
    """COVID-19 images of one severity.

    Attributes:
        stratum: Of `SEVERITY`.
        sensitivity: Share read as COVID-19 at the model's threshold.
    """

    stratum: str
    sensitivity: Share


@dataclass(frozen=True)
class OtherDisease:
    """A disease that is not COVID-19, for which the models have no answer of their own.

    Attributes:
        name: The disease, or what the collection reports: plain text.
        source: The collection.
        called: Share read as COVID-19 at the model's threshold.
        median: Median probability of COVID-19.
    """

    name: str
    source: str
    called: Share
    median: float


@dataclass(frozen=True)
class FalseFinding:
    """How often a finding is found on normal radiographs, where there is nothing to be found.

    Attributes:
        name: Of `FINDINGS`.
        images: How many normal radiographs there are.
        groups: From how many patients.
        share: Of them that the findings network reads it on, at its operating point, in [0, 1].
        interval: Its 95 % interval over patients.
        by_source: The collection, its images, and the share among them.
    """

    name: str
    images: int
    groups: int
    share: float
    interval: Interval
    by_source: tuple[tuple[str, int, float], ...]


@dataclass(frozen=True)
class Reliability:
    """A reliability table: one model on one split."""

    model: str
    split: str
    bins: tuple[CalibrationBin, ...]


def results_by_source(predictions: Predictions) -> tuple[SourceResult, ...]:
    """Sensitivity or specificity of every model on every source, by split, source and label."""
    return tuple(
        SourceResult(split, source, label, share)
        for split in HELD_OUT
        for label in TASK
        for source, rows in _by_source(predictions, (predictions.split == split), label)
        for share in shares(predictions, rows, called=label == "covid")
    )


def results_by_severity(predictions: Predictions) -> tuple[SeverityResult, ...]:
    """Sensitivity by geographic extent, over all held-out COVID-19 images whose extent is known.

    Such models find what anybody sees: in COVIDGR 98 % of severe cases were read correctly, 62 % of mild ones
    (Tabik et al. 2020).
    """
    scored = _held_out(predictions) & (predictions.label == "covid")
    limits = [*(least for _, least in SEVERITY), EXTENT_LIMIT]
    return tuple(
        SeverityResult(name, share)
        for (name, _), (least, below) in zip(SEVERITY, pairwise(limits), strict=True)
        for share in shares(
            predictions,
            scored & (predictions.extent >= least) & (predictions.extent < below),
            called=True,
        )
    )


def results_on_other_diseases(predictions: Predictions) -> tuple[OtherDisease, ...]:
    """What the models say to diseases that they were never taught: by label and source, then as reported.

    What a collection reports of at least `MIN_REPORTED` images stands for itself, too: an image with several
    findings counts for each.
    """
    return tuple(
        OtherDisease(name, source, share, median)
        for name, source, rows in _other_diseases(predictions)
        for share, median in zip(
            shares(predictions, rows, called=True),
            np.median(predictions.scores[rows], axis=0).tolist(),
            strict=True,
        )
    )


def _other_diseases(predictions: Predictions) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    held_out = _held_out(predictions)
    for label in (label for label in LABELS if label not in TASK):
        for source, rows in _by_source(predictions, held_out, label):
            reports = [set(text.split("|")) - {""} for text in predictions.reported[rows].tolist()]
            shared = set.intersection(*reports)  # a single disease, as far as the collection says
            said = sorted(shared) if label == "other" else []  # the label alone does not name the disease
            yield "; ".join([LABELS[label], *said]), source, rows
            counted = Counter(report for each in reports for report in each - shared)
            for report, count in counted.most_common():
                if count >= MIN_REPORTED:
                    named = [report in text.split("|") for text in predictions.reported.tolist()]
                    yield report, source, rows & np.array(named)


def results_on_normals(
    predictions: Predictions, operating_points: Sequence[float]
) -> tuple[FalseFinding, ...]:
    """What the findings network finds on held-out radiographs that their collections call normal.

    Args:
        predictions: Of the bundle.
        operating_points: Of the findings network, as probabilities.

    Returns:
        One a finding, in the order of `FINDINGS`; none without a normal radiograph, as which phantoms do not
        count.
    """
    rows = _held_out(predictions) & (predictions.label == "normal") & (predictions.source != PHANTOM)
    if not rows.any():
        return ()
    found = op_norm(sigmoid(predictions.findings), operating_points) >= 0.5
    groups = predictions.group[rows]
    sources = list(_by_source(predictions, rows, "normal"))
    return tuple(
        FalseFinding(
            name,
            len(groups),
            len(np.unique(groups)),
            float(found[rows, column].mean()),
            interval,
            tuple((source, int(part.sum()), float(found[part, column].mean())) for source, part in sources),
        )
        for column, (name, interval) in enumerate(
            zip(predictions.finding_names, share_intervals(found[rows], groups), strict=True)
        )
    )


def calibration_tables(predictions: Predictions) -> tuple[Reliability, ...]:
    """The reliability diagram's numbers: every model on every split that holds both classes."""
    return tuple(
        Reliability(model, split, calibration_bins(labels, predictions.scores[rows, column]))
        for split, rows, labels in task_splits(predictions)
        for column, model in enumerate(predictions.thresholds)
    )


def _held_out(predictions: Predictions) -> NDArray[np.bool_]:
    return np.isin(predictions.split, HELD_OUT)


def _by_source(
    predictions: Predictions, among: NDArray[np.bool_], label: str
) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    rows = among & (predictions.label == label)
    for source in np.unique(predictions.source[rows]).tolist():
        yield source, rows & (predictions.source == source)


def shares(predictions: Predictions, rows: NDArray[np.bool_], *, called: bool) -> tuple[Share, ...]:
    """For each model, the share of rows that it reads as COVID-19, or as normal; none without any row."""
    if not rows.any():
        return ()
    hits, groups = predictions.called[rows] == called, predictions.group[rows]
    count, patients = len(hits), len(np.unique(groups))
    return tuple(
        Share(model, count, patients, float(share), interval)
        for model, share, interval in zip(
            predictions.thresholds, hits.mean(axis=0), share_intervals(hits, groups), strict=True
        )
    )
