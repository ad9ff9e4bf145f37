"""The figures that a lesson may name: each comes from the bundle in use, so that no lesson types one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.display.comparison_curves import predictive_values
from core.display.link import PREVALENCES
from core.errors import BundleError
from core.evaluation.evidence import task_splits
from core.evaluation.metrics import Confusion, confusion, roc_auc, roc_auc_interval
from core.evaluation.record import (
    COLLECTIONS,
    TrackRecord,
    left_out_points,
    source_points,
    whole_left_out_points,
)
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.manifest import BundleManifest
from core.models.gate_files import read_gate
from core.project import gate_folder
from core.vocabulary import ENSEMBLE, FINDINGS, HELD_OUT, TASK, TaskLabel

NOT_MEASURED = "(not measured)"
MODELS = (*BACKBONE_BY_KEY, ENSEMBLE)
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "model": MODELS,
    "images": HELD_OUT,
    "class": TASK,
    "finding": tuple(name.replace(" ", "-") for name in FINDINGS),
    "per-cent": tuple(f"{share:g}" for share in PREVALENCES),
    "pictures": (),  # any: a row of the gate's record with dashes for spaces
}


@dataclass(frozen=True)
class Figure:
    """A row of `FIGURES`.

    Attributes:
        arguments: What stands behind its name, of `ARGUMENTS`.
        meaning: What it says.
        value: Its digits, given the bundle's `Measured` and the arguments; None where it was not measured.
    """

    arguments: tuple[str, ...]
    meaning: str
    value: Callable[..., str | None]


class Measured:
    """A bundle's own figures, as lessons name them. What was asked for once is kept.

    Args:
        record: What its models said.
        manifest: What it is.
    """

    def __init__(self, record: TrackRecord, manifest: BundleManifest) -> None:
        self.record, self.manifest = record, manifest
        self._splits = {split: (rows, labels) for split, rows, labels in task_splits(record.predictions)}
        self.figure = lru_cache(maxsize=256)(self._figure)

    def _figure(self, name: str) -> str:
        """The digits of a figure, e.g. of "auc.ensemble.external".

        Args:
            name: One that `problem` finds nothing wrong with.
        """
        key, *arguments = name.split(".", 1 + name.count("."))
        row = FIGURES[key]
        found = row.value(self, *_joined(arguments, len(row.arguments)))
        return NOT_MEASURED if found is None else found

    def scores(self, model: str, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Whether each image is COVID-19, what a model said, and whose it is; None without such images."""
        table = self.record.predictions
        if split not in self._splits or model not in table.thresholds:
            return None
        rows, labels = self._splits[split]
        column = list(table.thresholds).index(model)
        return labels, table.scores[rows, column], table.group[rows]

    def confusion(self, model: str, split: str) -> Confusion | None:
        """Decisions at the model's own threshold; None without such images."""
        found = self.scores(model, split)
        return found and confusion(found[0], found[1], self.record.predictions.thresholds[model])

    def wrong(self, split: str) -> np.ndarray | None:
        """(images, backbones): whose decision is wrong; None without such images."""
        columns = []
        for model in self.record.predictions.backbones:
            found = self.scores(model, split)
            if found is None:
                return None
            columns.append((found[1] >= self.record.predictions.thresholds[model]) != found[0])
        return np.stack(columns, axis=1)


def _joined(arguments: list[str], count: int) -> list[str]:
    """The arguments, of which the last may hold points, as 0.1 does."""
    return [*arguments[: count - 1], ".".join(arguments[count - 1 :])] if count else []


def problem(name: str) -> str:
    """What is wrong with the name of a figure, in a clause; empty where nothing is."""
    key, *arguments = name.split(".")
    if key not in FIGURES:
        return f"there is no figure called “{key}”; those that there are stand in docs/lessons.md"
    wanted = FIGURES[key].arguments
    if len(arguments) < len(wanted) or (arguments and not wanted):
        return f"the figure “{key}” is written {{{'.'.join((key, *map(str.upper, wanted)))}}}"
    for kind, said in zip(wanted, _joined(arguments, len(wanted)), strict=True):
        if ARGUMENTS[kind] and said not in ARGUMENTS[kind]:
            return f"the figure “{key}” knows no {kind} “{said}”, only {', '.join(ARGUMENTS[kind])}"
    return ""


def _auc(bundle: Measured, model: str, split: str) -> str | None:
    found = bundle.scores(model, split)
    return found and f"{roc_auc(found[0], found[1]):.3f}"


def _auc_interval(bundle: Measured, model: str, split: str) -> str | None:
    found = bundle.scores(model, split)
    if not found:
        return None
    interval = roc_auc_interval(*found)
    return f"{interval.low:.2f} to {interval.high:.2f}"


def _auc_range(bundle: Measured, split: str) -> str | None:
    said = [bundle.scores(model, split) for model in bundle.record.predictions.backbones]
    return _range([roc_auc(each[0], each[1]) for each in said if each], 3)


def _range(values: Sequence[float], digits: int) -> str | None:
    """The smallest and the largest."""
    if not values:
        return None
    low, high = (f"{end:.{digits}f}" for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _images(bundle: Measured, split: str) -> str | None:
    found = bundle.scores(ENSEMBLE, split)
    return found and str(found[0].size)


def _ill(bundle: Measured, split: str) -> str | None:
    found = bundle.scores(ENSEMBLE, split)
    return found and str(int(found[0].sum()))


def _wrong(bundle: Measured, model: str, split: str) -> str | None:
    counts = bundle.confusion(model, split)
    return str(counts.false_positives + counts.false_negatives) if counts else None


def _wrong_range(bundle: Measured, split: str) -> str | None:
    wrong = bundle.wrong(split)
    return None if wrong is None else _range([float(each) for each in wrong.sum(axis=0)], 0)


def _all_wrong(bundle: Measured, split: str) -> str | None:
    wrong = bundle.wrong(split)
    return None if wrong is None else str(int(wrong.all(axis=1).sum()))


def _all_wrong_by_chance(bundle: Measured, split: str) -> str | None:
    """How many it would be if the errors of the backbones had nothing to do with each other."""
    wrong = bundle.wrong(split)
    return None if wrong is None else f"{wrong.shape[0] * float(np.prod(wrong.mean(axis=0))):.1f}"


def _sensitivity(bundle: Measured, model: str, split: str) -> str | None:
    counts = bundle.confusion(model, split)
    return f"{100 * counts.sensitivity:.0f}" if counts else None


def _specificity(bundle: Measured, model: str, split: str) -> str | None:
    counts = bundle.confusion(model, split)
    return f"{100 * counts.specificity:.0f}" if counts else None


def _right_of_100(bundle: Measured, model: str, split: str, share: str) -> str | None:
    counts = bundle.confusion(model, split)
    if not counts:
        return None
    shares = np.array([float(share) / 100])
    found = float(predictive_values(counts.sensitivity, counts.specificity, shares)[0][0])
    return f"{100 * found:.0f}" if np.isfinite(found) else None


def _covered(bundle: Measured, model: str, split: str) -> str | None:
    rows = bundle.record.trials.covered_lungs if bundle.record.trials else ()
    found = [each.covered.roc_auc for each in rows if (each.model, each.split) == (model, split)]
    return f"{found[0]:.3f}" if found and found[0] is not None else None


def _left_out(bundle: Measured) -> str | None:
    return _range([value for _, _, value in left_out_points(bundle.record.trials)], 2)


def _whole_left_out(bundle: Measured) -> str | None:
    return _range([value for _, _, value in whole_left_out_points(bundle.record.trials)], 2)


def _sources_told(bundle: Measured, label: TaskLabel) -> str | None:
    points = source_points(bundle.record)
    return _range([value for _, kind, value in points if kind == COLLECTIONS[label]], 2)


def _threshold(bundle: Measured, model: str) -> str | None:
    found = bundle.record.predictions.thresholds.get(model)
    return None if found is None else f"{found:.2f}"


def _threshold_range(bundle: Measured) -> str | None:
    table = bundle.record.predictions
    return _range([table.thresholds[model] for model in table.backbones], 2)


def _finding_point(bundle: Measured, finding: str) -> str | None:
    points = bundle.manifest.findings.operating_points
    place = ARGUMENTS["finding"].index(finding)
    return f"{points[place]:.2f}" if place < len(points) else None


def _finding_point_range(bundle: Measured) -> str | None:
    return _range(bundle.manifest.findings.operating_points, 2)


def _border(bundle: Measured) -> str:
    return f"{100 * bundle.manifest.preprocessing.border_share:g}"


def _refused(_: Measured, pictures: str) -> str | None:
    return _of_the_gate("held out", pictures)


def _refused_untaught(_: Measured, pictures: str) -> str | None:
    return _of_the_gate("kind never taught", pictures)


def _refused_rendered(_: Measured, pictures: str) -> str | None:
    return _of_the_gate("taught by phantoms alone", pictures)


def _of_the_gate(how: str, pictures: str) -> str | None:
    """How many of some pictures the gate refuses; None where nobody measured that."""
    try:
        rows = read_gate(gate_folder()).rows
    except BundleError:
        return None
    found = [each for each in rows if each.how == how and each.what.replace(" ", "-") == pictures]
    return f"{found[0].refused} of {found[0].images}" if found else None


# All figures, by the name that a lesson writes in braces; a new one is a row and a function.
FIGURES: dict[str, Figure] = {
    "auc": Figure(("model", "images"), "ROC AUC of a model", _auc),
    "auc_interval": Figure(("model", "images"), "Its 95 % interval over patients", _auc_interval),
    "auc_range": Figure(("images",), "Smallest and largest ROC AUC of the backbones", _auc_range),
    "images": Figure(("images",), "How many images, COVID-19 and normal together", _images),
    "ill": Figure(("images",), "How many of them show COVID-19", _ill),
    "wrong": Figure(("model", "images"), "How many a model reads wrongly at its threshold", _wrong),
    "wrong_range": Figure(("images",), "Fewest and most that a backbone reads wrongly", _wrong_range),
    "all_wrong": Figure(("images",), "How many all backbones read wrongly at once", _all_wrong),
    "all_wrong_by_chance": Figure(
        ("images",), "How many that would be if their errors were independent", _all_wrong_by_chance
    ),
    "sensitivity": Figure(("model", "images"), "Sensitivity at the threshold, in per cent", _sensitivity),
    "specificity": Figure(("model", "images"), "Specificity at the threshold, in per cent", _specificity),
    "right_of_100": Figure(
        ("model", "images", "per-cent"),
        "Of 100 positive answers, how many are right at a prevalence in per cent",
        _right_of_100,
    ),
    "covered": Figure(("model", "images"), "ROC AUC with both lungs covered", _covered),
    "left_out": Figure(
        (), "ROC AUC of the backbones on sources left out of heads: range of means", _left_out
    ),
    "whole_left_out": Figure(
        (), "The same of networks that learnt anew without a source, bases and all", _whole_left_out
    ),
    "sources_told": Figure(
        ("class",), "ROC AUC at telling two collections of one class apart, a mean a backbone", _sources_told
    ),
    "threshold": Figure(("model",), "A model's own threshold", _threshold),
    "threshold_range": Figure((), "Smallest and largest threshold of the backbones", _threshold_range),
    "finding_point": Figure(("finding",), "The output that a finding's 0.5 stands for", _finding_point),
    "finding_point_range": Figure((), "The smallest and the largest of these", _finding_point_range),
    "border": Figure((), "What is cut off each side before a network looks, in per cent", _border),
    "refused": Figure(("pictures",), "How many of some pictures the gate refuses", _refused),
    "refused_untaught": Figure(
        ("pictures",), "The same of gates that never learnt from such pictures", _refused_untaught
    ),
    "refused_rendered": Figure(
        ("pictures",), "The same of a gate that knew such pictures from phantoms alone", _refused_rendered
    ),
}
