"""What `trials.json` says: figures that need networks or images, so no page can compute them again.

Most of them ask whether a bundle reads lungs or recognises where an image comes from.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import BundleError
from core.evaluation.metrics import interval_text, roc_auc, roc_auc_interval
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.files import REMEDY, bundle_path
from core.models.bundle.manifest import BundleManifest, UnitInterval
from core.models.severity import SeverityName
from core.vocabulary import ENSEMBLE, TaskLabel

Count = Annotated[int, Field(ge=0)]
Source = Annotated[str, Field(min_length=1, max_length=200)]
Model = Annotated[str, Field(pattern=rf"^({'|'.join((*BACKBONE_BY_KEY, ENSEMBLE))})$")]
Correlation = Annotated[float, Field(ge=-1, le=1)]
Move = Annotated[float, Field(ge=-1, le=1)]
Base = Literal["retrained", "frozen", "imagenet"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)


class MeasuredAuc(_Entry):
    """A ROC AUC on so many images, with its 95 % interval over groups; None where it cannot be given.

    `positives` of the `images` belong to the class that should score higher.
    """

    images: Count
    positives: Count
    roc_auc: UnitInterval | None
    low: UnitInterval | None
    high: UnitInterval | None

    @model_validator(mode="after")
    def _ordered(self) -> MeasuredAuc:
        if self.positives > self.images:
            raise ValueError("there are more positives than images")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError("the interval ends before it begins")
        return self

    def __str__(self) -> str:
        """The figure with its interval, for a table."""
        if self.roc_auc is None:
            return "–"
        interval = "" if self.low is None or self.high is None else f" ({interval_text(self.low, self.high)})"
        return f"{self.roc_auc:.3f}{interval}"


class LeftOutCoverage(_Entry):
    """A left-out trial's third answers, calibrated on the sources that were learnt from.

    Attributes:
        error_rate: What was asked for.
        right_or_silent: Share of the left-out images whose answer is not the wrong class.
        silent: Share answered with "cannot tell".
    """

    error_rate: UnitInterval
    right_or_silent: UnitInterval
    silent: UnitInterval


HEADS_ALONE: tuple[Base, ...] = ("imagenet", "frozen")  # the bases under heads that were taught anew


class LeftOutSources(_Entry):
    """A model that learnt without a source, measured on that source's images.

    The strict trial names both sources: neither the COVID-19 images nor the normal images of the test come
    from a source that anything was learnt from, so that recognising a source cannot help. In the usual,
    easier one, a single source is left out and the other class is represented by held-out images of the
    sources that were learnt from (None): whoever recognises those as old acquaintances is right about
    them without having looked at a lung. Zech et al. 2018 (PLOS Medicine 15:e1002683) and DeGrave et al. 2021
    (Nature Machine Intelligence 3:610) show what that is worth.

    Attributes:
        model: A backbone's key.
        base: "retrained": all of the network learnt without the sources. "frozen": the head alone did; its
            base has learnt from them, which flatters. "imagenet": the base has never seen a radiograph.
        covid_source: Left out, and measured on; None for held-out images of known sources.
        normal_source: The same of the normal images.
        measured: COVID-19 against normal.
        coverage: Of its third answers, one an error rate; older bundles do not know them.
    """

    model: Model
    base: Base
    covid_source: Source | None
    normal_source: Source | None
    measured: MeasuredAuc
    coverage: tuple[LeftOutCoverage, ...] = ()

    @model_validator(mode="after")
    def _something_is_left_out(self) -> LeftOutSources:
        if self.covid_source is None and self.normal_source is None:
            raise ValueError("a trial leaves out at least one source")
        return self

    @property
    def strict(self) -> bool:
        """Whether no source of the test was learnt from."""
        return self.covid_source is not None and self.normal_source is not None


class SourceClassifier(_Entry):
    """How well a backbone's features tell two sources of one class apart.

    A logistic regression on the globally pooled features, fitted to validation images and measured on test
    images (after Zech et al. 2018, whose features told the hospital). Within one class the answer has
    nothing to do with the disease.

    Attributes:
        model: A backbone's key.
        label: The class, all of whose images these are.
        sources: The two; the second one counts as positive.
        fitted: Images that it was fitted to.
        measured: On test images.
        shuffled: Mean ROC AUC of the same after the sources of the images to fit were shuffled.
        shuffled_low: 2.5th percentile of the shuffles.
        shuffled_high: 97.5th percentile.
    """

    model: Model
    label: TaskLabel
    sources: tuple[Source, Source]
    fitted: Count
    measured: MeasuredAuc
    shuffled: UnitInterval | None
    shuffled_low: UnitInterval | None
    shuffled_high: UnitInterval | None


class CoveredLungs(_Entry):
    """A model on images whose lungs are covered by a black rectangle.

    After Maguolo & Nanni 2020 (arXiv:2004.12823): what keeps its ROC AUC with the lungs covered did not need
    them.

    Attributes:
        model: A backbone's key, or "ensemble".
        split: Of `HELD_OUT`.
        visible: With the lungs visible.
        covered: The same images with the lungs covered.
    """

    model: Model
    split: Source
    visible: MeasuredAuc
    covered: MeasuredAuc


class MoveInterval(_Entry):
    """Between which ends a move of a probability or a share lies."""

    low: Move
    high: Move

    @model_validator(mode="after")
    def _ordered(self) -> MoveInterval:
        if self.low > self.high:
            raise ValueError("the interval ends before it begins")
        return self


class FramedAnswers(_Entry):
    """A model on test images of one class, as they are and framed or processed otherwise.

    Attributes:
        model: A backbone's key, or "ensemble".
        label: The class.
        change: What was done to the images, in words.
        images: How many.
        mean_before: Mean P(COVID-19) as they are.
        mean_after: Mean P(COVID-19) after the change.
        called_before: Share read as COVID-19 at the model's threshold, as they are.
        called_after: The same after the change.
        mean_move_interval: 95 %, over patients, of how far the mean moves; None in older bundles, and where
            all draws gave the same, which does not say how sure it is.
        called_move_interval: The same of how far the share moves.
    """

    model: Model
    label: TaskLabel
    change: Source
    images: Count
    mean_before: UnitInterval
    mean_after: UnitInterval
    called_before: UnitInterval
    called_after: UnitInterval
    mean_move_interval: MoveInterval | None = None
    called_move_interval: MoveInterval | None = None

    @property
    def mean_move(self) -> float:
        """How far the mean moves; above 0 towards COVID-19."""
        return self.mean_after - self.mean_before

    @property
    def called_move(self) -> float:
        """How far the share read as COVID-19 moves."""
        return self.called_after - self.called_before


class PeopleResult(_Entry):
    """A model on held-out images of one class, of people of one sex or age.

    Attributes:
        model: A backbone's key, or "ensemble".
        label: The class.
        stratum: Which people, in words.
        images: How many.
        groups: Of how many patients.
        right: Share that the model reads rightly at its threshold.
        low: Where the 95 % interval over patients begins.
        high: Where it ends.
    """

    model: Model
    label: TaskLabel
    stratum: Source
    images: Count
    groups: Count
    right: UnitInterval
    low: UnitInterval
    high: UnitInterval


class SeverityCheck(_Entry):
    """A severity score beside another one, on images of patients to whom it was not fitted.

    Attributes:
        score: Which.
        against: The other score's name.
        images: How many.
        groups: Of how many patients.
        correlation: Spearman's rank correlation.
        low: Where its 95 % interval over patients begins.
        high: Where it ends.
    """

    score: SeverityName
    against: Source
    images: Count
    groups: Count
    correlation: Correlation
    low: Correlation
    high: Correlation


class PointingGame(_Entry):
    """How often the hottest place of a finding's map lies in a box that radiologists drew about the finding.

    Attributes:
        finding: Its name, or "all".
        asked: How many pairs of a radiograph and a finding.
        learnt: How many of these on radiographs that networks may have learnt from.
        hits: How often it lies in one of the finding's boxes.
        low: Of the share of hits, a 95 % interval (Wilson 1927).
        high: The same.
        random: Mean share of places that lie in the boxes: what a random map gets.
        centre: How often the middle of the picture does: what a blob in the centre gets.
        heat: Mean share of the heat that lies in the boxes.
    """

    finding: Annotated[str, Field(min_length=1, max_length=60)]
    asked: Annotated[int, Field(ge=1)]
    learnt: Count
    hits: Count
    low: UnitInterval
    high: UnitInterval
    random: UnitInterval
    centre: Count
    heat: UnitInterval

    @model_validator(mode="after")
    def _no_more_than_asked(self) -> PointingGame:
        if max(self.learnt, self.hits, self.centre) > self.asked or self.low > self.high:
            raise ValueError("there are more hits than questions, or the interval ends before it begins")
        return self


class Trials(_Entry):
    """All trials of a bundle; a trial that the data did not allow has no rows."""

    left_out: tuple[LeftOutSources, ...] = ()
    source_classifier: tuple[SourceClassifier, ...] = ()
    covered_lungs: tuple[CoveredLungs, ...] = ()
    framing: tuple[FramedAnswers, ...] = ()
    people: tuple[PeopleResult, ...] = ()
    severity_checks: tuple[SeverityCheck, ...] = ()
    pointing: tuple[PointingGame, ...] = ()


def measure_auc(labels: ArrayLike, scores: ArrayLike, groups: ArrayLike) -> MeasuredAuc:
    """Measures a ROC AUC with its interval.

    Args:
        labels: (n,), 0 or 1.
        scores: (n,).
        groups: (n,), whose images belong to one patient.
    """
    truth, interval = np.asarray(labels), roc_auc_interval(labels, scores, groups)
    return MeasuredAuc(
        images=truth.size,
        positives=int(truth.sum()),
        roc_auc=known(roc_auc(labels, scores)),
        low=known(interval.low),
        high=known(interval.high),
    )


def known(figure: float) -> float | None:
    """The figure, or None for what is no number."""
    return figure if math.isfinite(figure) else None


def mean_left_out(rows: Sequence[LeftOutSources], base: Base, *, strict: bool = True) -> float | None:
    """Mean ROC AUC over pairs of left-out sources and over models; None without any.

    Args:
        rows: Of a bundle.
        base: Only trials of this kind.
        strict: Only those in which no source of the test is known, or only the others.
    """
    found = [row.measured.roc_auc for row in rows if row.base == base and row.strict == strict]
    figures = [figure for figure in found if figure is not None]
    return sum(figures) / len(figures) if figures else None


def write_trials(path: Path, trials: Trials) -> None:
    """Writes `trials.json`, readable by people."""
    path.write_text(trials.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_trials(folder: Path, manifest: BundleManifest) -> Trials | None:
    """Reads a bundle's trials.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Returns:
        None for a bundle that records none.

    Raises:
        BundleError: If the file is missing, or says anything but what these types hold.
    """
    if manifest.trials is None:
        return None
    path = bundle_path(folder, manifest.trials)
    try:
        return Trials.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # pydantic's and Unicode's errors are ValueErrors
        raise BundleError(f"{path.name} in the bundle '{folder.name}' is damaged; {REMEDY}.") from None
