"""Building a bundle: networks, severity, ensemble, predictions, and a manifest that vouches for them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.evaluation.trials import Trials, write_trials
from core.models import ensemble
from core.models.backbones import BACKBONES
from core.models.bundle.files import write_manifest
from core.models.bundle.manifest import BackboneFile, FindingsFile, LungsFile, NetworksManifest
from core.models.inference import load_networks, raw_outputs
from train.bundle.manifest import _entry, _manifest
from train.bundle.predictions import write_predictions
from train.bundle.roles import Roles, choose_images
from train.bundle.trained import Trained
from train.cards.write import add_cards
from train.config import TrainConfig
from train.data.images import to_bytes
from train.data.records import Record
from train.fitting.ensemble import EnsembleFit, Part, fit_ensemble
from train.outputs import Outputs, run_networks
from train.tools.progress import Progress
from train.trials.held_out import classify_sources, cover_all_lungs
from train.trials.kept import read_left_out

FINDINGS_FILE, LUNGS_FILE = "findings.safetensors", "lungs.safetensors"
REFERENCE_SEED = 4242


def build_bundle(
    run: Path,
    target: Path,
    trained: Trained,
    records: Sequence[Record],
    data: Path | None,
    severity_scores: Path | None,
    config: TrainConfig,
    progress: Progress | None = None,
) -> EnsembleFit:
    """Evaluates trained networks and writes a whole bundle, at once or not at all.

    Args:
        run: The training folder with the weight files.
        target: The bundle's folder; its name becomes the bundle's. Replaced if it exists.
        trained: What training left.
        records: The data set.
        data: Its folder; phantoms need none.
        severity_scores: Radiologists' scores (CSV); phantoms' own truth is used without them.
        config: The configuration, kept in the manifest.
        progress: Called with (done, total) while images are analysed.

    Returns:
        The ensemble's fit, with its figures on each part.

    Raises:
        DataError: If the data set is too small, or an image cannot be read.
    """
    roles = choose_images(records, severity_scores, config.other_pneumonia)
    folder = run / "bundle" / target.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    part = _write_networks(run, folder, trained, config)
    networks = load_networks(folder)
    outputs = run_networks(roles.records, data, networks, progress)
    fitted = fit_on_validation(roles, outputs, trained.operating_points)
    ensemble.save(folder / "ensemble.skops", fitted.classifier, fitted.calibration)
    decisions = fitted.ensemble.probabilities(outputs.features(trained.operating_points))
    write_predictions(
        folder / "predictions.csv",
        [roles.records[i] for i in roles.evaluated],
        roles.scores[roles.evaluated],
        outputs.take(roles.evaluated),
        decisions[roles.evaluated],
    )
    trials = Trials(
        left_out=read_left_out(run),
        source_classifier=classify_sources(roles.records, outputs),
        covered_lungs=cover_all_lungs(roles.records, outputs, fitted.ensemble, data, networks, progress),
    )
    write_trials(folder / "trials.json", trials)
    answer = raw_outputs(_write_reference(folder / "reference.png"), networks)
    manifest = _manifest(folder, part, trained, roles, outputs, fitted, answer, data, config)
    write_manifest(folder, add_cards(folder, manifest))
    _put(folder, target)
    return fitted


def _put(folder: Path, target: Path) -> None:
    """Copies beside the target, then swaps: names that begin with a dot are no bundles to the app."""
    new, old = (target.parent / f".{target.name}.{state}" for state in ("new", "old"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _write_networks(run: Path, folder: Path, trained: Trained, config: TrainConfig) -> NetworksManifest:
    for file in (*(f"{backbone.key}.safetensors" for backbone in BACKBONES), FINDINGS_FILE, LUNGS_FILE):
        shutil.copyfile(run / file, folder / file)
    part = NetworksManifest(
        preprocessing=config.preprocessing,
        pooling=config.pooling,
        backbones={
            backbone.key: BackboneFile(
                **_entry(folder, f"{backbone.key}.safetensors"),
                initialisation=trained.began(backbone.key),
            )
            for backbone in BACKBONES
        },
        findings=FindingsFile(
            **_entry(folder, FINDINGS_FILE),
            preprocessing=config.preprocessing,
            operating_points=list(trained.operating_points),
            roc_auc=trained.findings_auc,
        ),
        lungs=LungsFile(
            **_entry(folder, LUNGS_FILE),
            size_px=config.lungs.size_px,
            **{name: value for name, value in trained.figures["lungs"].items() if name != "worst"},
        ),
    )
    write_manifest(folder, part)
    return part


def fit_on_validation(roles: Roles, outputs: Outputs, operating_points: Sequence[float]) -> EnsembleFit:
    """Fits the SVM to images that no network has learnt from.

    Two thirds of the validation split's groups train it, one third calibrates it and sets its threshold,
    and the test split measures it.
    """
    features = outputs.features(operating_points)
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for index, record in enumerate(roles.records):
        if record.label != "pneumonia" and record.split in ("val", "test"):
            parts["test" if record.split == "test" else ensemble.validation_part(record.group)].append(index)
    chosen = {name: _part(roles.records, features, rows) for name, rows in parts.items()}
    return fit_ensemble(chosen["train"], chosen["validation"], chosen["test"])


def _part(records: Sequence[Record], features: NDArray[np.float32], rows: list[int]) -> Part:
    return Part(
        features=features[rows],
        labels=np.array([int(records[row].label == "covid") for row in rows]),
        groups=np.array([records[row].group for row in rows]),
    )


def _write_reference(path: Path) -> NDArray[np.float32]:
    """A COVID-like phantom as PNG; returns its pixels as they are read back."""
    from core.phantom import draw_spec, render

    grey = to_bytes(render(draw_spec(REFERENCE_SEED, label="covid", size_px=256)).pixels)
    Image.fromarray(grey).save(path)
    return grey.astype(np.float32) / np.float32(255)
