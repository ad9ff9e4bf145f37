"""How far the models' ability goes, in a few figures: on known sources, and where no shortcut helps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Literal

from core.evaluation.comparison import Question, ask
from core.evaluation.metrics import Interval, roc_auc, roc_auc_interval
from core.evaluation.record import TrackRecord, left_out_points, whole_left_out_points
from core.vocabulary import ENSEMBLE, TASK

CHANCE = 0.5  # ROC AUC of always the same answer
Place = Literal["test", "covered", "whole", "heads", "external", "own", "phantoms"]
# "heads" stands in the place of "whole" where no network learnt anew without a source.
STEPS: tuple[Place, ...] = ("test", "covered", "whole", "external")


@dataclass(frozen=True)
class Step:
    """How well the models tell COVID-19 from normal on one kind of images.

    Attributes:
        place: Which kind: a split, or of the trials.
        roc_auc: Of the ensemble; where nobody measured that, the mean of the backbones.
        ensemble: Whether it is the ensemble's.
        interval: 95 %, over patients; None where nobody measured it, or the images cannot give it.
        images: How many; None for a mean over trials.
        backbones: ROC AUC of each backbone, by key.
        below_chance: Of them, those whose whole interval lies below `CHANCE`, where intervals are known.
        heads: Of "whole", the mean where heads alone did not know the sources, if that was measured.
    """

    place: Place
    roc_auc: float
    ensemble: bool
    interval: Interval | None
    images: int | None
    backbones: dict[str, float]
    below_chance: dict[str, float] = field(default_factory=dict)
    heads: float | None = None


def tell(record: TrackRecord) -> tuple[Step, ...]:
    """The steps of a bundle's story in the order of `STEPS`, as far as they were measured."""
    found = (
        *_on_split("test", record),
        *_covered(record),
        *_left_out(record),
        *_on_split("external", record),
    )
    return tuple(found)


def tell_brought(place: Place, record: TrackRecord) -> Step | None:
    """The same of images that somebody brought; None where there are none of both classes."""
    return next(_on_split(place, record), None)


def _on_split(place: Place, record: TrackRecord) -> Iterator[Step]:
    table = record.predictions
    if not all(((table.split == place) & (table.label == label)).any() for label in TASK):
        return
    answers = ask(Question(place), table, record.entrants)
    areas = {
        each.key: roc_auc(answers.labels, answers.scores[:, column])
        for column, each in enumerate(answers.entrants)
        if each.key == ENSEMBLE or each.kind == "backbone"
    }
    column = [each.key for each in answers.entrants].index(ENSEMBLE)
    interval = roc_auc_interval(answers.labels, answers.scores[:, column], answers.groups)
    known = interval if interval.known else None
    yield Step(place, areas.pop(ENSEMBLE), True, known, answers.labels.size, areas)


def _covered(record: TrackRecord) -> Iterator[Step]:
    rows = record.trials.covered_lungs if record.trials else ()
    found = {row.model: row.covered for row in rows if row.split == "test"}
    areas = {model: each.roc_auc for model, each in found.items() if each.roc_auc is not None}
    if ENSEMBLE not in areas:
        return
    whole = found[ENSEMBLE]
    interval = None if whole.low is None or whole.high is None else Interval(whole.low, whole.high)
    area = areas.pop(ENSEMBLE)
    ends = {model: found[model].high for model in areas}
    below = {model: areas[model] for model, end in ends.items() if end is not None and end < CHANCE}
    yield Step("covered", area, True, interval, whole.images, areas, below)


def _left_out(record: TrackRecord) -> Iterator[Step]:
    whole = {model: value for model, _, value in whole_left_out_points(record.trials)}
    heads = {model: value for model, _, value in left_out_points(record.trials)}
    mean = fmean(heads.values()) if heads else None
    if whole:
        yield Step("whole", fmean(whole.values()), False, None, None, whole, heads=mean)
    elif mean is not None:
        yield Step("heads", mean, False, None, None, heads)
