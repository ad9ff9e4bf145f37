"""The whole training, step by step, each step resumable: it leaves its result in the run's folder."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.models.backbones import BACKBONES, Backbone
from core.models.bundle.files import MANIFEST_FILE, bundle_path, file_sha256, read_manifest
from core.models.bundle.manifest import BundleManifest, Initialisation
from train.audit import Leak, find_leaks, without_leaks
from train.config import TrainConfig
from train.data import PHANTOM, Progress, Record, draw_phantoms, load_squares
from train.data import read_manifest as read_records
from train.files import write_json

if TYPE_CHECKING:  # what measures needs more packages than what learns: a GPU's machine may lack them
    from train.bundle import Trained
    from train.ensemble import EnsembleFit

LeakPolicy = Literal["stop", "drop"]
PHANTOM_SEED = 10_000  # of the phantoms that join the pretraining
FINDINGS_SEED = 500_000  # of those that teach findings
CROWDED_SEED = 600_000  # of those of them that show more findings each
CLEAR_EXTENT = 0.5  # of 8: at most one of two or three radiologists saw anything
# Where phantoms are all there is, more of them must be held out than the eighth that they are otherwise.
ALONE = ("train",) * 4 + ("val",) * 2 + ("test",) * 2

MAX_PHANTOMS = 10_000  # that a bundle without a data folder can have been measured on

Watch = Callable[[str], Progress]


@dataclass(frozen=True)
class Run:
    """One training: its data, its configuration and its folder.

    Attributes:
        folder: Where every result and checkpoint goes.
        config: The knobs.
        data: The data folder; None for phantoms alone.
        init: Where the bases come from.
        bundled: The bundle whose bases learn on with "bundled".
        leaks: What to do when an image has a copy on the other side of a split: stop, or drop its group, and
            the copy's too where the bases have learnt already, perhaps from it.
        watch: Given what is being done, returns who is told how far it is.
        report: Given a sentence now and then.
        severity_scores: Radiologists' scores (CSV), or None.
    """

    folder: Path
    config: TrainConfig
    data: Path | None
    init: Initialisation
    bundled: Path | None
    watch: Watch
    report: Callable[[str], None]
    leaks: LeakPolicy = "stop"
    severity_scores: Path | None = None

    @cached_property
    def records(self) -> list[Record]:
        """The data set, audited.

        Raises:
            DataError: If it cannot be read, or leaks from one split into another and that is to stop it.
        """
        if self.data is None:
            return draw_phantoms(self.config.phantoms, PHANTOM_SEED, ALONE)
        found = self.audit
        if found and self.leaks == "stop":
            worst = found[0]
            raise DataError(
                f"The data leak: {worst.leaked.path} ({worst.leaked.split}) and {worst.kept.path} "
                f"({worst.kept.split}) are one picture; so are {len(found) - 1} more pairs, which `python -m "
                "train audit` lists. Put each pair into one group, or leave the leaked out with --leaks drop."
            )
        kept = without_leaks(self.listed, found, both_sides=self.init == "bundled")
        if len(kept) < len(self.listed):
            self.report(f"Left out {len(self.listed) - len(kept)} images whose copies lie in another split")
        return kept

    @cached_property
    def listed(self) -> list[Record]:
        """What the data folder's manifest lists, before the audit; nothing without a folder."""
        listed = read_records(self.data) if self.data else []
        return mark_clear(listed, self.severity_scores) if self.severity_scores else listed

    @cached_property
    def audit(self) -> list[Leak]:
        """Images of the data folder on two sides of a split that are one picture."""
        if self.data is None:
            return []
        watch = self.watch("Auditing the data")
        return find_leaks(self.listed, self.data, self.folder / "cache", watch)

    @cached_property
    def learnt(self) -> list[Record]:
        """What the backbones learn from and are watched on: train and val, and phantoms besides."""
        pool = [record for record in self.records if record.split in ("train", "val")]
        return pool + (draw_phantoms(self.config.phantoms, PHANTOM_SEED) if self.data else [])

    @cached_property
    def squares(self) -> NDArray[np.uint8]:
        """One square each, (n, size_px, size_px)."""
        radiographs = [record for record in self.learnt if record.source != PHANTOM]
        phantoms = self.learnt[len(radiographs) :]
        loaded = []
        for title, records, folder in (
            ("Reading radiographs", radiographs, self.data),
            ("Rendering phantoms", phantoms, None),
        ):
            if records:
                cache = self.folder / "cache"
                loaded.append(
                    load_squares(records, folder, self.config.preprocessing, cache, self.watch(title))
                )
        return np.concatenate(loaded)

    @cached_property
    def parent(self) -> BundleManifest | None:
        """Of the bundle whose bases learn on; None where they begin elsewhere."""
        return read_manifest(self.bundled) if self.init == "bundled" and self.bundled else None

    def save_configuration(self) -> None:
        """Keeps what the results depend on beside them; files count by what they hold, wherever they lie.

        Raises:
            DataError: If the folder holds the work of other settings or files, or these cannot be read.
        """
        _ = self.listed  # says what is wrong with them
        files = {
            "data": self.data / "manifest.csv" if self.data else None,
            "severity_scores": self.severity_scores,
            "bundled": self.bundled / MANIFEST_FILE if self.bundled and self.parent else None,
        }
        settings = asdict(self.config) | {"preprocessing": self.config.preprocessing.model_dump()}
        settings |= {"init": self.init, "leaks": self.leaks}
        settings |= {name: file_sha256(path) if path else None for name, path in files.items()}
        file, settings = self.folder / "config.json", json.loads(json.dumps(settings))
        held = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else settings
        if others := [name for name in {**held, **settings} if held.get(name) != settings.get(name)]:
            raise DataError(
                f"{self.folder} holds a run with other settings ({', '.join(others)}); "
                "give the same again, or choose another --run folder."
            )
        write_json(file, settings)


def measured_on(data: Path | None) -> list[Record]:
    """What a bundle can have been measured on: a data folder's images, or else phantoms.

    Raises:
        DataError: If the folder cannot be read.
    """
    return read_records(data) if data else draw_phantoms(MAX_PHANTOMS, PHANTOM_SEED, ALONE)


def mark_clear(records: Sequence[Record], severity_scores: Path) -> list[Record]:
    """The same records; those on which radiologists saw nothing, on average, look normal.

    Args:
        records: Of a data set.
        severity_scores: Radiologists' scores (CSV), matched by `Record.original`.

    Raises:
        DataError: If the scores cannot be read.
    """
    from train.severity import read_severity_scores

    clear = {each.filename for each in read_severity_scores(severity_scores) if each.extent <= CLEAR_EXTENT}
    return [replace(each, looks_normal=each.looks_normal or each.original in clear) for each in records]


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
    """Says which collections the bases have learnt from already: another split of them would flatter."""
    known = {source.name for source in parent.sources if source.counts.get("train")}
    measured = {each.source for each in run.records if each.split not in ("train", "val")}
    if both := sorted((known & measured) - {PHANTOM}):
        run.report(
            f"The bases have learnt from images of {', '.join(both)} already: figures on others of these "
            "flatter unless the split is the one that they learnt with."
        )


def pretrain_backbones(run: Run, backbones: Sequence[Backbone] = BACKBONES) -> None:
    """Pretrains from scratch, or lets the bases of a bundle learn on; ImageNet's stay as they are.

    Raises:
        DataError: If there is no bundle to take bases from.
    """
    from train.pretrain import pretrain

    if run.init == "imagenet":
        run.report("Nothing to pretrain: the bases come from --init imagenet.")
        return
    for backbone in backbones:
        run.report(f"Pretraining {backbone.name}")
        watch = run.watch(f"{backbone.name}: steps")
        said = partial(_report_of, run, backbone)
        start = _bundled_base(run, backbone) if run.init == "bundled" else None
        pretrain(backbone, run.squares, run.learnt, run.config.pretrain, run.folder, watch, said, start)


def _report_of(run: Run, backbone: Backbone, sentence: str) -> None:
    run.report(f"{backbone.name}, {sentence}")


def transfer_backbones(run: Run, backbones: Sequence[Backbone] = BACKBONES) -> None:
    """Trains a head on each frozen base, and stores the whole networks."""
    from train.transfer import transfer

    for backbone in backbones:
        target = run.folder / f"{backbone.key}.safetensors"
        note = target.with_suffix(".json")
        if note.is_file():
            continue
        head = transfer(
            backbone,
            run.squares,
            run.learnt,
            base_weights(run, backbone),
            run.config.pooling,
            run.config.transfer,
            run.folder / "cache",
            target,
            run.watch(f"{backbone.name}: features"),
        )
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
    config, parent = run.config.pretrain, run.parent
    before = parent.training.get("figures", {}).get(backbone.key, {}) if parent else {}
    stages = config.further if parent else config.stages
    learnt = {
        "from": parent.name if parent else None,
        "stages": [asdict(stage) for stage in stages],
        "seed": config.seed,
    }
    return [*before.get("pretraining", []), learnt]


def base_weights(run: Run, backbone: Backbone) -> Path | None:
    """The file that holds a backbone's base; None for ImageNet's.

    Raises:
        DataError: If it is not pretrained yet.
    """
    if run.init == "imagenet":
        return None
    base = run.folder / f"{backbone.key}.base.safetensors"
    if not base.is_file():
        raise DataError(f"{backbone.name} is not pretrained yet; run `python -m train pretrain` first.")
    return base


def _bundled_base(run: Run, backbone: Backbone) -> Path:
    if run.bundled is None or run.parent is None:
        raise DataError("There is no bundle to start from; train with --init scratch.")
    return bundle_path(run.bundled, run.parent.backbones[backbone.key])


def train_findings_network(run: Run) -> None:
    """Trains the stand-in findings network on phantoms, and on labelled radiographs where there are any."""
    from train.findings import labelled_squares, load_phantoms, train_findings

    note = run.folder / "findings.json"
    if note.is_file():
        return
    config, recipe, cache = run.config.findings, run.config.preprocessing, run.folder / "cache"
    watch = run.watch("Rendering phantoms with findings")
    phantoms = load_phantoms(config.phantoms, FINDINGS_SEED, recipe, cache, watch)
    crowded = load_phantoms(config.crowded, CROWDED_SEED, recipe, cache, watch, crowded=True)
    held_out = load_phantoms(config.held_out, 2 * FINDINGS_SEED, recipe, cache, watch)
    labelled = {split: labelled_squares(run.learnt, run.squares, split) for split in ("train", "val")}
    fit = train_findings(
        phantoms.joined(crowded).joined(labelled["train"]).joined(labelled["train"]),
        held_out,
        labelled["val"],
        config,
        run.folder,
        run.watch("Findings: steps"),
        run.report,
    )
    figures = asdict(fit) | {"file": fit.file.name}
    write_json(note, figures)
    run.report(f"Findings: mean ROC AUC on held-out phantoms {np.mean(list(fit.phantom_auc.values())):.3f}")


def train_lung_network(run: Run, masks: Path | None) -> None:
    """Trains the lung network on phantoms, and on masks that people drew where there are any.

    Raises:
        DataError: If there is a folder of masks that cannot be used.
    """
    from train.lungs import (
        HELD_OUT,
        HELD_OUT_SEED,
        SEED,
        outlined_phantoms,
        outlined_radiographs,
        train_lungs,
    )

    note = run.folder / "lungs.json"
    if note.is_file():
        return
    config, cache = run.config.lungs, run.folder / "cache"
    watch = run.watch("Rendering phantoms with lung masks")
    phantoms = outlined_phantoms(config.phantoms, SEED, config.size_px, cache, watch)
    held_out = outlined_phantoms(min(HELD_OUT, config.phantoms), HELD_OUT_SEED, config.size_px, cache, watch)
    drawn = outlined_radiographs(run.records, run.data, masks, config.size_px) if run.data and masks else None
    write_json(
        note, asdict(train_lungs(phantoms, held_out, drawn, config, run.folder, run.watch, run.report))
    )


def bundle_run(run: Run, target: Path) -> EnsembleFit:
    """Evaluates what was trained and writes the bundle.

    Args:
        run: The run, with all its networks trained.
        target: The bundle's folder.

    Raises:
        DataError: If a network is not trained yet.
    """
    from train.bundle import build_bundle

    trained = _trained(run)
    return build_bundle(
        run.folder,
        target,
        trained,
        run.records,
        run.data,
        run.severity_scores,
        run.config,
        run.watch("Analysing held-out images"),
    )


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
    from train.bundle import Trained

    return Trained(
        images={source: dict(count) for source, count in images.items()},
        operating_points=tuple(figures["findings"]["operating_points"]),
        findings_auc=figures["findings"]["phantom_auc"],
        figures=figures,
        parent=run.parent,
    )
