"""A run: the data, the settings and the folder that all steps of a training share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.models.backbones import Backbone
from core.models.bundle.files import MANIFEST_FILE, bundle_path, file_sha256, read_manifest
from core.models.bundle.manifest import BundleManifest, Initialisation
from core.phantom.seeds import SEEDS, take_seeds
from core.vocabulary import FINDINGS, PHANTOM
from train.config import TrainConfig
from train.data.audit import Leak, find_leaks, without_leaks
from train.data.facts import with_facts
from train.data.images import Images, load_squares
from train.data.records import Record, draw_phantoms, read_records
from train.tools.files import write_json
from train.tools.progress import Report, Reporter, Watch

FROM_A_BUNDLE: tuple[Initialisation, ...] = ("bundled", "kept")  # bases that have learnt already
LeakPolicy = Literal["stop", "drop"]
CLEAR_EXTENT = 0.5  # of 8: at most one of two or three radiologists saw anything
# Where phantoms are all there is, more of them must be held out than the eighth that they are otherwise.
ALONE = ("train",) * 4 + ("val",) * 2 + ("test",) * 2


@dataclass(frozen=True)
class Run:
    """One training: its data, its configuration and its folder.

    Attributes:
        folder: Where every result and checkpoint goes.
        config: The knobs.
        data: The data folder; None for phantoms alone.
        init: Where the bases come from.
        bundled: The bundle whose bases and findings network learn on with "bundled", and whose bases stay as
            they are with "kept".
        leaks: What to do when an image has a copy on the other side of a split: stop, or drop its group, and
            the copy's too where the bases have learnt already, perhaps from it.
        watch: Given what is being done, returns who is told how far it is.
        report: Given a sentence now and then.
        severity_scores: Radiologists' scores (CSV), or None.
        facts: Tables of what collections say of people and of severity besides (CSV).
    """

    folder: Path
    config: TrainConfig
    data: Path | None
    init: Initialisation
    bundled: Path | None
    watch: Watch
    report: Report
    leaks: LeakPolicy = "stop"
    severity_scores: Path | None = None
    facts: tuple[Path, ...] = ()

    @cached_property
    def records(self) -> list[Record]:
        """The data set, audited.

        Raises:
            DataError: If it cannot be read, or leaks from one split into another and that is to stop it.
        """
        if self.data is None:
            return draw_phantoms(take_seeds("pretraining", self.config.phantoms), ALONE)
        found = self.audit
        if found and self.leaks == "stop":
            worst = found[0]
            raise DataError(
                f"The data leak: {worst.leaked.path} ({worst.leaked.split}) and {worst.kept.path} "
                f"({worst.kept.split}) are one picture; so are {len(found) - 1} more pairs, which `python -m "
                "train audit` lists. Put each pair into one group, or leave the leaked out with --leaks drop."
            )
        kept = without_leaks(self.listed, found, both_sides=self.init in FROM_A_BUNDLE)
        if len(kept) < len(self.listed):
            self.report(f"Left out {len(self.listed) - len(kept)} images whose copies lie in another split")
        return kept

    @cached_property
    def listed(self) -> list[Record]:
        """What the data folder's manifest lists, before the audit; nothing without a folder."""
        listed = with_facts(read_records(self.data), self.facts) if self.data else []
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
        return pool + (draw_phantoms(take_seeds("pretraining", self.config.phantoms)) if self.data else [])

    @cached_property
    def squares(self) -> NDArray[np.uint8]:
        """One square each, (n, s, s), from `load_squares`: those of phantoms last."""
        radiographs = self.radiographs
        phantoms = self.learnt[len(radiographs.records) :]
        if not phantoms:
            return radiographs.squares
        rendered = self._load("Rendering phantoms", phantoms, None)
        return np.concatenate([radiographs.squares, rendered]) if radiographs.records else rendered

    @property
    def radiographs(self) -> Images:
        """Those of `images` that are no phantoms, read; of `squares` where these are in memory."""
        records = [record for record in self.learnt if record.source != PHANTOM]
        if "squares" in self.__dict__:
            squares = self.squares[: len(records)]
        elif records:
            squares = self._load("Reading radiographs", records, self.data)
        else:
            squares = np.empty((0, 0, 0), np.uint8)
        return Images(squares, records, self.config.preprocessing)

    def _load(self, title: str, records: list[Record], folder: Path | None) -> NDArray[np.uint8]:
        recipe = self.config.preprocessing
        return load_squares(records, folder, recipe, self.folder / "cache", self.watch(title))

    @property
    def images(self) -> Images:
        """What the backbones learn from and are watched on, read."""
        return Images(self.squares, self.learnt, self.config.preprocessing)

    @property
    def reporter(self) -> Reporter:
        """What the run tells people by."""
        return Reporter(self.watch, self.report)

    @cached_property
    def parent(self) -> BundleManifest | None:
        """Of the bundle whose bases are used; None where they begin elsewhere."""
        used = self.bundled if self.init in FROM_A_BUNDLE else None
        return read_manifest(used) if used else None

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
        settings |= {"facts": [file_sha256(path) for path in self.facts]}
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
    return read_records(data) if data else draw_phantoms(SEEDS["pretraining"], ALONE)


def mark_clear(records: Sequence[Record], severity_scores: Path) -> list[Record]:
    """The same records; those on which radiologists saw nothing, on average, look normal.

    Args:
        records: Of a data set.
        severity_scores: Radiologists' scores (CSV), matched by `Record.original`.

    Raises:
        DataError: If the scores cannot be read.
    """
    from train.data.severity_scores import read_severity_scores

    clear = {each.filename for each in read_severity_scores(severity_scores) if each.extent <= CLEAR_EXTENT}
    return [replace(each, looks_normal=each.looks_normal or each.original in clear) for each in records]


def base_weights(run: Run, backbone: Backbone) -> Path | None:
    """The file that holds a backbone's base; None for ImageNet's.

    Raises:
        DataError: If it is not pretrained yet.
    """
    if run.init == "imagenet":
        return None
    if run.init == "kept":
        return bundled_base(run, backbone)
    base = run.folder / f"{backbone.key}.base.safetensors"
    if not base.is_file():
        raise DataError(f"{backbone.name} is not pretrained yet; run `python -m train pretrain` first.")
    return base


def bundled_base(run: Run, backbone: Backbone) -> Path:
    """The file that holds a backbone's base in the bundle that the run starts from.

    Raises:
        DataError: If there is no such bundle.
    """
    bundled, parent = _parent_bundle(run)
    return bundle_path(bundled, parent.backbones[backbone.key])


def bundled_findings(run: Run) -> Path:
    """The file that holds the findings network of the bundle that the run starts from.

    Raises:
        DataError: If there is no such bundle, or its network knows fewer findings than there are.
    """
    bundled, parent = _parent_bundle(run)
    if len(parent.findings.names) < len(FINDINGS):
        raise DataError(
            f"The findings network of the bundle '{parent.name}' knows {len(parent.findings.names)} findings "
            f"of {len(FINDINGS)}; train it with --init scratch."
        )
    return bundle_path(bundled, parent.findings)


def _parent_bundle(run: Run) -> tuple[Path, BundleManifest]:
    if run.bundled is None or run.parent is None:
        raise DataError("There is no bundle to start from; train with --init scratch.")
    return run.bundled, run.parent
