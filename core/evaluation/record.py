"""A bundle's record: its table of predictions, the models that it lets compare, and its trials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from core.evaluation.comparison import Entrant, Question, ask, enter
from core.evaluation.metrics import roc_auc
from core.evaluation.predictions import Predictions, read_predictions
from core.evaluation.trials import HEADS_ALONE, Base, Trials, mean_left_out, read_trials
from core.models.bundle.files import bundle_path, manifest_sha256
from core.models.bundle.manifest import BundleManifest
from core.models.ensemble_files import load_smaller_svms
from core.vocabulary import (
    BROUGHT,
    HELD_OUT,
    LABELS,
    LUNGS_COVERED,
    SOURCES_LEFT_OUT,
    SPLITS,
    TASK,
    WHOLE_LEFT_OUT,
)

COLLECTIONS = {label: f"{LABELS[label][0].upper()}{LABELS[label][1:]} images" for label in TASK}


Point = tuple[str, str, float]  # model, kind of images, ROC AUC


@dataclass(frozen=True, eq=False)
class TrackRecord:
    """What a bundle says about its models.

    Attributes:
        version: SHA-256 of its manifest, which vouches for all its files.
        predictions: What was measured.
        entrants: The models to compare.
        missing: Why some models are missing; empty where none is.
        trials: Where shortcuts do not help; None in a bundle without.
        sizes: Bytes of each backbone's file.
        sources: How people cite each source, by its key in the table.
    """

    version: str
    predictions: Predictions
    entrants: tuple[Entrant, ...]
    missing: str
    trials: Trials | None
    sizes: dict[str, int]
    sources: dict[str, str] = field(default_factory=dict)

    def source_name(self, key: str) -> str:
        """A source as people know it: cited, or what images that somebody brought are called.

        Args:
            key: In the table.
        """
        return self.sources.get(key) or (SPLITS[key].name if key in SPLITS else key)


def read_record(folder: Path, manifest: BundleManifest) -> TrackRecord:
    """Reads it.

    Raises:
        BundleError: If a file of the bundle is missing or damaged.
    """
    predictions = read_predictions(folder, manifest)
    entrants, missing = enter(
        predictions, manifest.findings.operating_points, load_smaller_svms(folder, manifest)
    )
    sizes = {
        key: sum(bundle_path(folder, file).stat().st_size for file in entry.parts)
        for key, entry in manifest.backbones.items()
    }
    sources = {each.name: manifest.source_name(each.name) for each in manifest.sources}
    return TrackRecord(
        manifest_sha256(folder), predictions, entrants, missing, read_trials(folder, manifest), sizes, sources
    )


def shortcut_points(record: TrackRecord) -> tuple[Point, ...]:
    """ROC AUC of every model by kind of images, from what flatters least to what flatters most.

    Images that somebody brought stand between clinics never seen and what was left out.

    Returns:
        (key of the model, kind of images, ROC AUC), the kinds in the order to show them in.
    """
    measured = list(_by_split(record))
    first = [SPLITS[split].name for split in ("external", *BROUGHT)]
    own = [point for point in measured if point[1] not in first]
    far = sorted((point for point in measured if point[1] in first), key=lambda point: first.index(point[1]))
    out = (*whole_left_out_points(record.trials), *left_out_points(record.trials))
    return (*far, *out, *_covered(record.trials), *own)


def splits_of(record: TrackRecord) -> tuple[str, ...]:
    """The splits of the points: held out, or brought by somebody, with images of both classes."""
    table = record.predictions
    return tuple(
        split
        for split in (*HELD_OUT, *BROUGHT)
        if all(((table.split == split) & (table.label == label)).any() for label in TASK)
    )


def _by_split(record: TrackRecord) -> Iterator[Point]:
    for split in splits_of(record):
        asked = ask(Question(split), record.predictions, record.entrants)
        for column, entrant in enumerate(record.entrants):
            if entrant.same_as is None:
                yield entrant.key, SPLITS[split].name, roc_auc(asked.labels, asked.scores[:, column])


def _covered(trials: Trials | None) -> Iterator[Point]:
    for row in trials.covered_lungs if trials else ():
        if row.split == "test" and row.covered.roc_auc is not None:
            yield row.model, LUNGS_COVERED, row.covered.roc_auc


def left_out_points(trials: Trials | None) -> Iterator[Point]:
    """Of each model the strict mean where its head learnt from neither source; its base may have."""
    return _means_left_out(trials, SOURCES_LEFT_OUT, [(base, True) for base in HEADS_ALONE])


def whole_left_out_points(trials: Trials | None) -> Iterator[Point]:
    """Of each network that learnt anew without a source, its mean on the images of that."""
    return _means_left_out(trials, WHOLE_LEFT_OUT, [("retrained", True), ("retrained", False)])


def _means_left_out(trials: Trials | None, kind: str, ways: Sequence[tuple[Base, bool]]) -> Iterator[Point]:
    """Of each model the mean over its trials of the first of some ways (base, strict) that it has."""
    rows = trials.left_out if trials else ()
    for model in dict.fromkeys(row.model for row in rows):
        own = [row for row in rows if row.model == model]
        means = (mean_left_out(own, base, strict=strict) for base, strict in ways)
        known = next((mean for mean in means if mean is not None), None)
        if known is not None:
            yield model, kind, known


def source_points(record: TrackRecord) -> tuple[Point, ...]:
    """How well each backbone's features tell two sources of one class apart.

    Returns:
        (key of the backbone, of `COLLECTIONS`, mean ROC AUC over the pairs).
    """
    rows = record.trials.source_classifier if record.trials else ()
    told: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.measured.roc_auc is not None:
            told[row.model, COLLECTIONS[row.label]].append(row.measured.roc_auc)
    return tuple((model, kind, fmean(values)) for (model, kind), values in told.items())
