"""Leave one source out: what a model says to images from sources that it has never learnt from.

In public data label and source are nearly the same thing, so a model can be right about every image of the
test split because it knows the sources (DeGrave et al. 2021). Here a source takes no part in learning at
all: neither its images of the task, nor its images of another pneumonia, nor its validation images.

- **Strict**: of each pair of a source of COVID-19 images and a source of normal images, both are left out,
  and the model is measured on their images. It knows neither side, so knowing a source helps with neither.
- **Usual, easier**: one source alone is left out, and its images are measured against the other class's test
  images of sources that were learnt from. Those are recognised as old acquaintances, so such figures
  flatter. Both are recorded; what lies between them is about what the shortcut is worth.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.evaluation.coverage import judge_answers
from core.evaluation.trials import Base, LeftOutCoverage, LeftOutSources, measure_auc
from core.models.backbones import BACKBONE_BY_KEY, BACKBONES, Backbone
from core.models.findings import sigmoid
from core.models.third_answer import ThirdAnswer
from core.vocabulary import PHANTOM, TASK
from train.config import TrainConfig, TransferConfig
from train.data.images import Images, load_squares
from train.data.records import MANY, Record
from train.fitting.features import (
    Extractor,
    Features,
    PretrainedBase,
    all_features,
    build_extractor,
    frozen_base,
)
from train.fitting.third_answer import calibrate_answers
from train.fitting.transfer import HeadTraining, TrainedHead, fit_head
from train.networks.learning import fast_precision
from train.run import Run, base_weights
from train.tools.progress import Reporter, Tally
from train.trials.kept import LEFT_OUT, keep_left_out

RETRAINED: Base = "retrained"
POOL = ("train", "val", "test")  # whose images of a left-out source are measured; the others stay apart


@dataclass(frozen=True)
class SourceTrial:
    """What one trial leaves out: a source of either class, or None for the sources that are learnt from."""

    covid: str | None
    normal: str | None

    @property
    def sources(self) -> frozenset[str]:
        """All that nothing is learnt from."""
        return frozenset(source for source in (self.covid, self.normal) if source is not None)

    @property
    def name(self) -> str:
        """Of a folder: the same sources, the same name, whatever they are called."""
        return hashlib.sha256(f"{self.covid}|{self.normal}".encode()).hexdigest()[:12]

    def __str__(self) -> str:
        """For people."""
        return " and ".join(sorted(self.sources))


def draw_trials(records: Sequence[Record], least: int = 1) -> list[SourceTrial]:
    """Every trial that a data set allows: pairs first, then single sources.

    Args:
        records: The data set; phantoms count as no source.
        least: Images of a class that a source must have to be left out for it.

    Returns:
        None of them where a class has fewer than two sources; and a trial is dropped if what remains of the
        training or validation images lacks a class.
    """
    counts = Counter((each.label, each.source) for each in records if _is_pool(each))
    covid, normal = (
        sorted(source for (other, source), count in counts.items() if other == label and count >= least)
        for label in ("covid", "normal")
    )
    if min(len(covid), len(normal)) < 2:
        return []
    pairs = [SourceTrial(*pair) for pair in product(covid, normal)]
    single = [SourceTrial(source, None) for source in covid] + [
        SourceTrial(None, source) for source in normal
    ]
    return [trial for trial in pairs + single if _leaves_enough(records, trial)]


def _is_pool(record: Record) -> bool:
    return record.split in POOL and record.source != PHANTOM


def _leaves_enough(records: Sequence[Record], trial: SourceTrial) -> bool:
    rest = {
        (each.split, each.label) for each in records if _is_pool(each) and each.source not in trial.sources
    }
    measured = {records[row].label for row in measured_rows(records, trial)}
    return len(measured) == 2 and rest >= set(product(("train", "val"), ("covid", "normal")))


def measured_rows(records: Sequence[Record], trial: SourceTrial) -> NDArray[np.int64]:
    """Indices of the images that a trial is measured on.

    All pool images of a left-out source, of the class that it is left out for; and, of a class whose sources
    are known, their test images.
    """
    chosen = [index for index, record in enumerate(records) if _is_measured(record, trial)]
    return np.array(chosen, dtype=np.int64)


def _is_measured(record: Record, trial: SourceTrial) -> bool:
    if record.label not in TASK or not _is_pool(record):
        return False
    source = trial.covid if record.label == "covid" else trial.normal
    if source is None:
        return record.split == "test" and record.source not in trial.sources
    return record.source == source


def learnt_rows(records: Sequence[Record], trial: SourceTrial) -> NDArray[np.int64]:
    """Indices of the images that a trial may learn from.

    Train and val, without the left-out sources, others of their hospitals, and patients whom another source
    shows to it.
    """
    measured, away = (
        {records[row].group for row in measured_rows(records, trial)},
        _hospitals(records, trial),
    )
    chosen = [
        index
        for index, record in enumerate(records)
        if record.split in ("train", "val")
        and not _is_left_out(record, trial, away)
        and record.group not in measured
    ]
    return np.array(chosen, dtype=np.int64)


def _hospitals(records: Sequence[Record], trial: SourceTrial) -> set[str]:
    """Hospitals of the left-out sources: what else comes from there shares their habits."""
    named = {each.hospital for each in records if each.source in trial.sources}
    return named - {"", MANY}


def _is_left_out(record: Record, trial: SourceTrial, away: set[str]) -> bool:
    return record.source in trial.sources or record.hospital in away


@dataclass(frozen=True)
class Lesson:
    """One thing to teach and to measure without some sources; its rows make a file.

    Attributes:
        place: Among all lessons of a run, from 0.
        name: Of its file.
        backbone: The key of whose heads learn.
        base: Whether all of the backbone learns without the sources, or its heads alone.
        trials: What is left out, a head for each.
    """

    place: int
    name: str
    backbone: str
    base: Base
    trials: tuple[SourceTrial, ...]

    def __str__(self) -> str:
        """For people."""
        name = BACKBONE_BY_KEY[self.backbone].name
        return f"{name} without {self.trials[0]}" if self.base == RETRAINED else name


@dataclass(frozen=True, eq=False)
class Classroom:
    """What all lessons of a run share.

    Attributes:
        pool: What to learn from and to measure.
        config: The knobs.
    """

    pool: Images
    config: TrainConfig

    def teach(
        self, lesson: Lesson, weights: Path | None, folder: Path, reporter: Reporter
    ) -> tuple[LeftOutSources, ...]:
        """Teaches and measures one lesson.

        Args:
            lesson: Which.
            weights: Of the base that its heads are put on; None for ImageNet's, and where the base is taught.
            folder: Where checkpoints and features go; an interrupted lesson resumes from it.
            reporter: Told how far it is.

        Returns:
            A row a trial.
        """
        backbone = BACKBONE_BY_KEY[lesson.backbone]
        if lesson.base == RETRAINED:
            from train.fitting.pretrain import pretrain

            (trial,) = lesson.trials
            kept = self.pool.take(learnt_rows(self.pool.records, trial))
            weights = pretrain(backbone, kept, self.config.pretrain, folder, reporter)
        training = HeadTraining(self.config.pooling, self.config.transfer, folder)
        base, tally = PretrainedBase(backbone, weights), reporter.watch("sources left out")
        return measure_heads(base, lesson.base, self.pool, lesson.trials, training, tally)


# Given the classroom, the lessons, and what says where the base of one lies: gives each back with its rows.
Teaching = Callable[
    [Classroom, Sequence[Lesson], Callable[[Lesson], Path | None]],
    Iterator[tuple[Lesson, tuple[LeftOutSources, ...]]],
]


def leave_sources_out(
    run: Run,
    retrained: Sequence[str] = (),
    backbones: Sequence[Backbone] = BACKBONES,
    teaching: Teaching | None = None,
) -> None:
    """Measures all trials that the run's data allow; what is measured already stays.

    Args:
        run: With the bases of these backbones trained.
        retrained: Keys of backbones to retrain whole, besides those that the configuration names.
        backbones: Which.
        teaching: Where it is done; here, one lesson after another, unless somebody says otherwise.

    Raises:
        DataError: If a base is not trained yet, or an image cannot be read.
    """
    trials = draw_trials(run.records, run.config.left_out_least)
    if not trials:
        run.report("No source is left out: that takes two sources of either class, or more.")
        return
    named = [each.key for each in backbones if each.key in run.config.left_out_retrained]
    lessons = missing_lessons(run, trials, backbones, list(dict.fromkeys((*named, *retrained))))
    if not lessons:
        return

    def weights(lesson: Lesson) -> Path | None:
        return None if lesson.base == RETRAINED else base_weights(run, BACKBONE_BY_KEY[lesson.backbone])

    room = Classroom(gather_pool(run), run.config)
    for lesson, rows in (teaching or partial(_teach_here, run))(room, lessons, weights):
        keep_left_out(_file(run, lesson), rows)


def missing_lessons(
    run: Run, trials: Sequence[SourceTrial], backbones: Sequence[Backbone], retrained: Sequence[str]
) -> list[Lesson]:
    """What is not measured yet: heads of each backbone, then backbones that learn anew, trial by trial."""
    kind: Base = "imagenet" if run.init == "imagenet" else "frozen"
    heads = [(f"{kind}-{each.key}", each.key, kind, tuple(trials)) for each in backbones]
    whole = [
        (f"retrained-{key}-{trial.name}", key, RETRAINED, (trial,)) for key in retrained for trial in trials
    ]
    found = [Lesson(place, *each) for place, each in enumerate([*heads, *whole])]
    return [each for each in found if not _file(run, each).is_file()]


def _file(run: Run, lesson: Lesson) -> Path:
    return run.folder / LEFT_OUT / f"{lesson.name}.json"


def _teach_here(
    run: Run, room: Classroom, lessons: Sequence[Lesson], weights: Callable[[Lesson], Path | None]
) -> Iterator[tuple[Lesson, tuple[LeftOutSources, ...]]]:
    for lesson in lessons:
        anew = lesson.base == RETRAINED
        if anew:
            run.report(str(lesson))
        folder = _file(run, lesson).with_suffix("") if anew else run.folder / "cache"
        yield lesson, room.teach(lesson, weights(lesson), folder, run.reporter.about(str(lesson)))


def gather_pool(run: Run) -> Images:
    """All images that the run learns from, phantoms included, and the test images of its task."""
    test = [each for each in run.records if each.split == "test" and each.label in TASK]
    watch = run.watch("Reading test radiographs")
    squares = load_squares(test, run.data, run.config.preprocessing, run.folder / "cache", watch)
    return run.images.joined(Images(squares, test, run.config.preprocessing))


def measure_heads(
    base: PretrainedBase,
    kind: Base,
    pool: Images,
    trials: Sequence[SourceTrial],
    training: HeadTraining,
    progress: Tally | None = None,
) -> tuple[LeftOutSources, ...]:
    """Trains a head for each trial on features that are computed once, and measures it.

    Args:
        base: What the heads are put on.
        kind: Whether it has learnt from the sources that are left out.
        pool: What to learn from and to measure.
        trials: What to leave out.
        training: How heads are trained.
        progress: Called with (done, total) while features are computed.

    Returns:
        One row a trial.
    """
    task = pool.take([row for row, each in enumerate(pool.records) if each.label in TASK])
    keras.backend.clear_session()
    with fast_precision():
        network = frozen_base(base, task.preprocessing.size_px)
        extractor = Extractor(base, build_extractor(network, training.pooling))
    features = all_features(extractor, task, training.config, training.cache, progress)
    return tuple(
        LeftOutSources(
            model=base.backbone.key,
            base=kind,
            covid_source=trial.covid,
            normal_source=trial.normal,
            **_measure(task.records, features, trial, training.config),
        )
        for trial in trials
    )


def _measure(
    records: Sequence[Record], features: Features, trial: SourceTrial, config: TransferConfig
) -> dict[str, Any]:
    """The fields of a row that are measured."""
    head, rows = _head_without(records, features, trial, config), measured_rows(records, trial)
    labels = np.array([records[row].label == "covid" for row in rows])
    values, groups = decision_values(head, features[0, rows]), [records[row].group for row in rows]
    known = _known_rows(records, trial, rows)
    truth = np.array([records[row].label == "covid" for row in known], dtype=bool)
    answers = calibrate_answers(sigmoid(decision_values(head, features[0, known])), truth)
    return {
        "measured": measure_auc(labels.astype(int), values, groups),
        "coverage": tuple(_coverage(sigmoid(values), labels, answer) for answer in answers),
    }


def _known_rows(
    records: Sequence[Record], trial: SourceTrial, measured: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Test images of the sources that a trial knows and is not measured on: they calibrate third answers."""
    taken = {records[row].group for row in measured}
    away = _hospitals(records, trial)
    return np.array(
        [
            row
            for row, each in enumerate(records)
            if each.split == "test"
            and _is_pool(each)
            and not _is_left_out(each, trial, away)
            and each.group not in taken
        ],
        dtype=np.int64,
    )


def _coverage(scores: NDArray[np.float64], labels: NDArray[np.bool_], answer: ThirdAnswer) -> LeftOutCoverage:
    right, silent = judge_answers(scores, labels, answer)
    return LeftOutCoverage(
        error_rate=answer.error_rate,
        right_or_silent=float(right.mean()),
        silent=float(silent.mean()),
    )


def _head_without(
    records: Sequence[Record], features: Features, trial: SourceTrial, config: TransferConfig
) -> TrainedHead:
    """A head as `train.fitting.transfer.transfer` trains it, from what the trial leaves."""
    learnt = learnt_rows(records, trial)
    train, validation = (
        np.array([row for row in learnt if records[row].split == split]) for split in ("train", "val")
    )
    labels = np.array([int(record.label == "covid") for record in records])
    return fit_head(
        features[:, train],
        labels[train],
        [records[row].source for row in train],
        (features[0, validation], labels[validation]),
        config,
    )


def decision_values(head: TrainedHead, features: Features) -> NDArray[np.float64]:
    """What a head says before its sigmoid, which would make far values equal.

    Args:
        head: From `train.fitting.transfer.train_head`.
        features: (n, f).

    Returns:
        (n,).
    """
    hidden_kernel, hidden_bias, kernel, bias = (each.astype(np.float64) for each in head.weights)
    return np.asarray((np.maximum(features @ hidden_kernel + hidden_bias, 0) @ kernel + bias)[:, 0])
