"""The whole training, step by step, each step resumable: it leaves its result in the run's folder."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import DataError
from core.models.backbones import BACKBONES, Backbone
from core.models.bundle.manifest import BundleManifest
from core.phantom.seeds import take_seeds
from core.vocabulary import PHANTOM
from train.config import FindingsConfig, PretrainConfig
from train.run import Run, base_weights, bundled_base, bundled_findings
from train.tools.files import write_json

if TYPE_CHECKING:  # what measures needs more packages than what learns: a GPU's machine may lack them
    from train.bundle.material import Trained
    from train.fitting.ensemble import EnsembleFit


def check(run: Run, name: str) -> None:
    """Says before hours of training what would stop them at the end.

    Args:
        run: The run.
        name: The bundle's.

    Raises:
        DataError: If the name cannot be a bundle's, or a split lacks images of the task.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise DataError(
            f"A bundle cannot be called '{name}'; use letters, digits, dots, dashes, underscores."
        )
    if run.parent:
        _warn_of_sources(run, run.parent)
    for split, least in (("train", 1), ("val", 4), ("test", 1)):
        for label in ("normal", "covid"):
            groups = {each.group for each in run.records if (each.split, each.label) == (split, label)}
            if len(groups) < least:
                raise DataError(
                    f"The split {split} has {len(groups)} groups labelled {label} and needs at least "
                    f"{least}; add images or move some there."
                )


def _warn_of_sources(run: Run, parent: BundleManifest) -> None:
    """Says which collections a bundle has learnt from already: another split of them would flatter."""
    known = {source.name for source in parent.sources if source.counts.get("train")}
    measured = {each.source for each in run.records if each.split not in ("train", "val")}
    if both := sorted((known & measured) - {PHANTOM}):
        run.report(
            f"The networks have learnt from images of {', '.join(both)} already: figures on others of these "
            "flatter unless the split is the one that they learnt with."
        )


def pretrain_backbones(run: Run, backbones: Sequence[Backbone] = BACKBONES) -> None:
    """Pretrains from scratch, or lets the bases of a bundle learn on; those that are to stay stay.

    Raises:
        DataError: If there is no bundle to take bases from.
    """
    from train.fitting.pretrain import pretrain

    if run.init in ("imagenet", "kept"):
        run.report(f"Nothing to pretrain: the bases come from --init {run.init}.")
        return
    for backbone in backbones:
        run.report(f"Pretraining {backbone.name}")
        start = bundled_base(run, backbone) if run.init == "bundled" else None
        reporter = run.reporter.about(backbone.name)
        pretrain(backbone, run.images, run.config.pretrain, run.folder, reporter, start)


def transfer_backbones(run: Run, backbones: Sequence[Backbone] = BACKBONES) -> None:
    """Trains a head on each frozen base, and stores the whole networks."""
    from train.fitting.features import PretrainedBase
    from train.fitting.transfer import HeadTraining, transfer

    training = HeadTraining(run.config.pooling, run.config.transfer, run.folder / "cache")
    for backbone in backbones:
        target = run.folder / f"{backbone.key}.safetensors"
        note = target.with_suffix(".json")
        if note.is_file():
            continue
        base = PretrainedBase(backbone, base_weights(run, backbone))
        head = transfer(base, run.images, training, target, run.watch(f"{backbone.name}: features"))
        figures = {
            "epochs": head.epochs,
            "learning_validation_auc": head.validation_auc,
            "initialisation": run.init,
            "pretraining": _pretraining(run, backbone),
        }
        write_json(note, figures)
        run.report(
            f"{backbone.name}: validation ROC AUC {head.validation_auc:.3f} after {head.epochs} epochs"
        )


def _pretraining(run: Run, backbone: Backbone) -> list[dict[str, Any]]:
    """What a base has learnt, first to last: from which bundle's base it began, if any, and the stages."""
    if run.init == "imagenet":
        return []
    if run.init == "kept":
        return _before(run.parent, backbone.key)
    return _with_history(run.parent, run.config.pretrain, backbone.key)


def _with_history(
    parent: BundleManifest | None, config: PretrainConfig | FindingsConfig, key: str
) -> list[dict[str, Any]]:
    """What a network had learnt in the bundle that it comes from, if any, and what it has learnt since."""
    learnt = {
        "from": parent.name if parent else None,
        "stages": [asdict(stage) for stage in (config.further if parent else config.stages)],
        "seed": config.seed,
    }
    return [*_before(parent, key), learnt]


def _before(parent: BundleManifest | None, key: str) -> list[dict[str, Any]]:
    figures = parent.training.get("figures", {}) if parent else {}
    return list(figures.get(key, {}).get("pretraining", []))


def train_findings_network(run: Run) -> None:
    """Trains the stand-in findings network on phantoms, and on labelled radiographs where there are any."""
    from train.fitting.findings import FindingsData, labelled_squares, load_phantoms, train_findings

    note = run.folder / "findings.json"
    if note.is_file():
        return
    config, recipe, cache = run.config.findings, run.config.preprocessing, run.folder / "cache"
    watch = run.watch("Rendering phantoms with findings")
    phantoms = load_phantoms(take_seeds("findings", config.phantoms), recipe, cache, watch)
    crowded = load_phantoms(take_seeds("crowded", config.crowded), recipe, cache, watch, crowded=True)
    held_out = load_phantoms(take_seeds("findings_held_out", config.held_out), recipe, cache, watch)
    radiographs = run.radiographs
    labelled = {split: labelled_squares(radiographs, split) for split in ("train", "val")}
    train = phantoms.joined(crowded).joined(labelled["train"])
    data = FindingsData(train, held_out, labelled["val"])
    start, parent = (bundled_findings(run), run.parent) if run.init == "bundled" else (None, None)
    fit = train_findings(data, config, run.folder, run.reporter, start)
    learnt = _with_history(parent, config, "findings")
    write_json(note, asdict(fit) | {"file": fit.file.name, "pretraining": learnt})
    run.report(f"Findings: mean ROC AUC on held-out phantoms {np.mean(list(fit.phantom_auc.values())):.3f}")


def train_lung_network(run: Run, masks: Path | None) -> None:
    """Trains the lung network on phantoms, and on masks that people drew where there are any.

    Raises:
        DataError: If there is a folder of masks that cannot be used.
    """
    from train.data.outlined import outlined_phantoms, outlined_radiographs
    from train.fitting.lungs import HELD_OUT_PHANTOMS, LungsData, train_lungs

    note = run.folder / "lungs.json"
    if note.is_file():
        return
    config, cache = run.config.lungs, run.folder / "cache"
    watch = run.watch("Rendering phantoms with lung masks")
    phantoms = outlined_phantoms(take_seeds("lungs", config.phantoms), config.size_px, cache, watch)
    held_out = outlined_phantoms(
        take_seeds("lungs_held_out", min(HELD_OUT_PHANTOMS, config.phantoms)), config.size_px, cache, watch
    )
    drawn = outlined_radiographs(run.records, run.data, masks, config.size_px) if run.data and masks else None
    fit = train_lungs(LungsData(phantoms, held_out, drawn), config, run.folder, run.reporter)
    write_json(note, asdict(fit))


def bundle_run(run: Run, target: Path) -> EnsembleFit:
    """Evaluates what was trained and writes the bundle.

    Args:
        run: The run, with all its networks trained.
        target: The bundle's folder.

    Raises:
        DataError: If a network is not trained yet.
    """
    from train.bundle.build import build_bundle
    from train.bundle.material import Material

    trained = _trained(run)
    material = Material(run.folder, trained, run.records, run.data, run.severity_scores, run.config)
    return build_bundle(material, target, run.watch("Analysing held-out images"))


def judge_outlines(run: Run, target: Path, masks: Path | None) -> None:
    """Finds when the bundle's outline of the lungs is nonsense, as far as there are data for it.

    Args:
        run: The run of which the bundle was made.
        target: The bundle's folder.
        masks: Folder of lung masks drawn by people, or None.
    """
    from train.bundle.outlines import add_outlines

    if run.data is None or masks is None:
        return
    try:
        add_outlines(target, run.records, run.data, masks, run.watch("Outlining lungs"))
    except DataError as error:  # the bundle is whole without, and takes every outline for one
        run.report(str(error))


def _trained(run: Run) -> Trained:
    names = (*(backbone.key for backbone in BACKBONES), "findings", "lungs")
    notes = {name: run.folder / f"{name}.json" for name in names}
    missing = [name for name, note in notes.items() if not note.is_file()]
    if missing:
        raise DataError(f"Not trained yet: {', '.join(missing)}; run transfer, findings and lungs first.")
    figures: dict[str, Any] = {
        name: json.loads(note.read_text(encoding="utf-8")) for name, note in notes.items()
    }
    if run.data:
        dropped = len(run.listed) - len(run.records)
        figures["audit"] = {"pairs": len(run.audit), "dropped_images": dropped, "policy": run.leaks}
    images: dict[str, Counter[str]] = defaultdict(Counter)
    for record in run.learnt:
        if record.split == "train":
            images[record.source].update((record.label, "total"))
    from train.bundle.material import Trained

    return Trained(
        images={source: dict(count) for source, count in images.items()},
        operating_points=tuple(figures["findings"]["operating_points"]),
        findings_auc=figures["findings"]["phantom_auc"],
        figures=figures,
        parent=run.parent,
    )
