"""Measuring a bundle's networks anew under another way of preparing radiographs; the weights stay."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from rich.table import Table

from core.errors import DataError
from core.evaluation.metrics import Interval, resampled_interval, roc_auc
from core.evaluation.predictions import Predictions, read_predictions
from core.evaluation.trials import read_trials
from core.models.bundle.files import bundle_path, read_manifest
from core.models.bundle.manifest import BundleManifest
from train.bundle.build import FINDINGS_FILE, LUNGS_FILE, build_bundle
from train.bundle.heads import join_heads
from train.bundle.material import Material, Trained
from train.config import TrainConfig
from train.data.audit import find_leaks, without_leaks
from train.data.records import Record
from train.run import FROM_A_BUNDLE, measured_on
from train.tools.progress import Tally
from train.trials.kept import LEFT_OUT, keep_left_out

if TYPE_CHECKING:
    from train.fitting.ensemble import EnsembleFit

# What older bundles did without, by section of their configuration.
UNKNOWN_BEFORE: dict[str, dict[str, float]] = {
    "pretrain": {"reframed": 0.0, "unnormalised": 1.0},
    "transfer": {"consistency": 0.0},
}


@dataclass(frozen=True)
class Anew:
    """On what, and how, a bundle is measured anew.

    Attributes:
        records: The data set that it was measured on.
        data: Its folder; phantoms need none.
        severity_scores: Radiologists' scores (CSV), as when it was built.
        cut_margins: Whether uniform margins are cut before the networks see a radiograph.
    """

    records: list[Record]
    data: Path | None
    severity_scores: Path | None
    cut_margins: bool


def remeasure(bundle: Path, work: Path, anew: Anew, progress: Tally | None = None) -> EnsembleFit:
    """Writes a bundle anew from its own weights: predictions, operating points, ensemble, trials and cards.

    What needed training without a source (`left_out`) stays as it was measured.

    Args:
        bundle: The bundle's folder; replaced at the end, or not at all.
        work: A folder for what is in the making.
        anew: On what, and how.
        progress: Called with (done, total).

    Raises:
        BundleError: If the bundle is damaged.
        DataError: If the data are others than those that the bundle was measured on.
    """
    manifest = read_manifest(bundle)
    scored = {str(path) for path in recorded(bundle).path}
    known = [each for each in anew.records if each.split == "train" or each.path in scored]
    if missing := scored - {each.path for each in known}:
        raise DataError(
            f"The data folder lacks {min(missing)} and {len(missing) - 1} more; use the one that the bundle "
            "was evaluated on."
        )
    _lay_out(bundle, manifest, work)
    config = _configuration(manifest)
    recipe = config.preprocessing.model_copy(update={"cut_margins": anew.cut_margins})
    config = replace(config, preprocessing=recipe)
    material = Material(work, _trained(manifest), known, anew.data, anew.severity_scores, config)
    return build_bundle(material, bundle, progress)


def recorded(bundle: Path) -> Predictions:
    """What a bundle's models said about every image that it was measured on.

    Raises:
        BundleError: If the bundle is damaged.
    """
    return read_predictions(bundle, read_manifest(bundle))


def audited(bundle: Path, data: Path | None, cache: Path, progress: Tally | None = None) -> list[Record]:
    """The data set that a bundle was measured on, without what leaked when it was built.

    Raises:
        DataError: If the data folder cannot be read.
        BundleError: If the bundle is damaged.
    """
    records = measured_on(data)
    if data is None:
        return records
    began = {entry.initialisation for entry in read_manifest(bundle).backbones.values()}
    leaks = find_leaks(records, data, cache, progress)
    return without_leaks(records, leaks, both_sides=bool(began & {*FROM_A_BUNDLE}))


def compare_on_validation(before: Predictions, after: Predictions) -> Table:
    """Every model on the validation images of the task, before and after; the rest chooses nothing."""
    table = Table(*("model", "ROC AUC before", "after", "difference (95 %)", "wrong before", "after"))
    rows = np.flatnonzero((before.split == "val") & np.isin(before.label, ("covid", "normal")))
    order = {path: row for row, path in enumerate(after.path)}
    there = np.array([order[path] for path in before.path[rows]])
    labels, groups = before.label[rows] == "covid", before.group[rows]
    for column, model in enumerate(before.thresholds):
        scores = before.scores[rows, column], after.scores[there, column]
        areas = [roc_auc(labels, each) for each in scores]
        interval = _difference(labels, groups, *scores)
        wrong = [
            int((part.called[which, column] != labels).sum())
            for part, which in ((before, rows), (after, there))
        ]
        figures = [
            f"{areas[0]:.4f}",
            f"{areas[1]:.4f}",
            f"{areas[1] - areas[0]:+.4f} ({interval.low:+.4f} to {interval.high:+.4f})",
        ]
        table.add_row(model, *figures, *map(str, wrong))
    return table


def _difference(
    labels: NDArray[np.bool_], groups: NDArray[np.str_], first: NDArray[Any], second: NDArray[Any]
) -> Interval:
    """The interval of the second ROC AUC less the first, from draws of whole patients."""
    return resampled_interval(
        lambda rows: roc_auc(labels[rows], second[rows]) - roc_auc(labels[rows], first[rows]), groups
    )


def _lay_out(bundle: Path, manifest: BundleManifest, work: Path) -> None:
    """The bundle's weights and left-out sources, as training would have left them."""
    shutil.rmtree(work, ignore_errors=True)
    (work / LEFT_OUT).mkdir(parents=True)
    join_heads(bundle, manifest, work)
    shutil.copyfile(bundle_path(bundle, manifest.findings), work / FINDINGS_FILE)
    if manifest.lungs is None:
        raise DataError(f"The bundle '{manifest.name}' has no lung network; train it anew instead.")
    shutil.copyfile(bundle_path(bundle, manifest.lungs), work / LUNGS_FILE)
    trials = read_trials(bundle, manifest)
    keep_left_out(work / LEFT_OUT / "kept.json", trials.left_out if trials else ())


def _configuration(manifest: BundleManifest) -> TrainConfig:
    try:
        settings = manifest.training["configuration"]
        sections = {name: before | settings[name] for name, before in UNKNOWN_BEFORE.items()}
        return TypeAdapter(TrainConfig).validate_python(settings | sections)
    except (KeyError, ValidationError) as error:
        raise DataError(
            f"The bundle '{manifest.name}' does not record its training in a way that is known ({error}); "
            "train it anew instead."
        ) from error


def _trained(manifest: BundleManifest) -> Trained:
    learnt = {each.name: each.classes.get("train", {}) for each in manifest.sources}
    return Trained(
        images={name: {**labels, "total": sum(labels.values())} for name, labels in learnt.items() if labels},
        operating_points=tuple(manifest.findings.operating_points),
        findings_auc=dict(manifest.findings.roc_auc),
        figures=manifest.training["figures"],
        earlier=manifest.training,
    )
