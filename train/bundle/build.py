"""Building a bundle: networks, severity, ensemble, predictions, and a manifest that vouches for them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.evaluation.predictions import Predictions, write_predictions
from core.evaluation.trials import Trials, write_trials
from core.models import ensemble, ensemble_files
from core.models.bundle.files import write_manifest
from core.models.bundle.manifest import (
    BackboneFile,
    BundleFile,
    FindingsFile,
    LungsFile,
    NetworksManifest,
)
from core.models.inference import Networks, load_networks, raw_outputs
from core.phantom import draw_spec, render
from core.phantom.seeds import take_seeds
from core.vocabulary import ENSEMBLE, TASK
from train.bundle.faster import add_precisions
from train.bundle.heads import split_head
from train.bundle.manifest import Evaluated, choose_thresholds, describe, file_entry, fit_severities
from train.bundle.material import Material
from train.bundle.predictions import tabulate
from train.bundle.roles import Roles, choose_images
from train.cards.write import add_cards
from train.data.images import to_bytes
from train.fitting.ensemble import EnsembleFit, Part, fit_ensemble
from train.fitting.smaller_svms import fit_smaller_svms, save_smaller_svms
from train.fitting.third_answer import fit_third_answers
from train.outputs import Outputs, run_networks
from train.tools.progress import Tally
from train.trials.framing import measure_framing
from train.trials.held_out import classify_sources, cover_all_lungs
from train.trials.kept import read_left_out
from train.trials.people import check_severity, measure_people

FINDINGS_FILE, LUNGS_FILE = "findings.safetensors", "lungs.safetensors"


def build_bundle(material: Material, target: Path, progress: Tally | None = None) -> EnsembleFit:
    """Evaluates trained networks and writes a whole bundle, at once or not at all.

    Args:
        material: What it is built from.
        target: The bundle's folder; its name becomes the bundle's. Replaced if it exists.
        progress: Called with (done, total) while images are analysed.

    Returns:
        The ensemble's fit, with its figures on each part.

    Raises:
        DataError: If the data set is too small, or an image cannot be read.
    """
    trained = material.trained
    roles = choose_images(material.records, material.severity_scores, material.config.other_pneumonia)
    folder = material.weights / "bundle" / target.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    part = _write_networks(folder, material)
    networks = load_networks(folder)
    outputs = run_networks(roles.records, material.data, networks, progress)
    fitted = fit_on_validation(roles, outputs, trained.operating_points)
    svm = fitted.fit.svm
    ensemble_files.save(folder / "ensemble.skops", fitted.fit.classifier, svm.calibration, svm.inputs)
    evaluated = Evaluated(
        roles, outputs, fitted, choose_thresholds(roles, outputs), fit_severities(roles, outputs)
    )
    predictions = _tabulate(evaluated, trained.operating_points)
    write_predictions(folder / "predictions.csv", predictions)
    third_answers = fit_third_answers(predictions)
    smaller = save_smaller_svms(folder, fit_smaller_svms(predictions, trained.operating_points))
    write_trials(folder / "trials.json", _try(evaluated, predictions, material, networks, progress))
    answer = raw_outputs(_write_reference(folder / "reference.png"), networks)
    manifest = describe(folder, part, material, evaluated, answer)
    manifest = manifest.model_copy(update={"smaller_svms": smaller, "third_answers": third_answers})
    write_manifest(folder, add_cards(folder, manifest))
    if material.config.calibration:
        add_precisions(folder, material.records, material.data, progress, material.config.calibration)
    _put(folder, target)
    return fitted


def _tabulate(evaluated: Evaluated, operating_points: tuple[float, ...]) -> Predictions:
    roles, rows = evaluated.roles, evaluated.roles.evaluated
    outputs, svm = evaluated.outputs.take(rows), evaluated.fitted.fit.svm
    return tabulate(
        [roles.records[row] for row in rows],
        roles.scores[rows],
        outputs,
        svm.probabilities(outputs.features(operating_points)),
        _thresholds(evaluated),
    )


def _thresholds(evaluated: Evaluated) -> dict[str, float]:
    backbones = {key: each.threshold for key, each in evaluated.validation.items()}
    return backbones | {ENSEMBLE: evaluated.fitted.fit.svm.threshold}


def _try(
    evaluated: Evaluated,
    predictions: Predictions,
    material: Material,
    networks: Networks,
    progress: Tally | None,
) -> Trials:
    roles, outputs = evaluated.roles, evaluated.outputs
    records = roles.records
    return Trials(
        left_out=read_left_out(material.weights),
        source_classifier=classify_sources(records, outputs),
        covered_lungs=cover_all_lungs(
            records, outputs, evaluated.fitted.fit.svm, material.data, networks, progress
        ),
        framing=measure_framing(
            records,
            outputs,
            (evaluated.fitted.fit.svm, predictions.thresholds),
            material.data,
            networks,
            material.config.framed,
            progress,
        ),
        people=measure_people([records[row] for row in roles.evaluated], predictions),
        severity_checks=check_severity(records, outputs.logits, evaluated.severity, roles.severity.tolist()),
    )


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


def _write_networks(folder: Path, material: Material) -> NetworksManifest:
    trained, config = material.trained, material.config
    for key in trained.backbones:
        network = material.weights / f"{key}.safetensors"
        split_head(network, *(folder / file for file in _backbone_files(key)))
    for file in (FINDINGS_FILE, LUNGS_FILE):
        shutil.copyfile(material.weights / file, folder / file)
    part = NetworksManifest(
        preprocessing=config.preprocessing,
        pooling=config.pooling,
        backbones={
            key: BackboneFile(
                **file_entry(folder, base),
                head=BundleFile(**file_entry(folder, head)),
                initialisation=trained.began(key),
            )
            for key in trained.backbones
            for base, head in [_backbone_files(key)]
        },
        findings=FindingsFile(
            **file_entry(folder, FINDINGS_FILE),
            preprocessing=config.preprocessing,
            operating_points=list(trained.operating_points),
            roc_auc=trained.findings_auc,
        ),
        lungs=LungsFile(
            **file_entry(folder, LUNGS_FILE),
            size_px=config.lungs.size_px,
            **{name: value for name, value in trained.figures["lungs"].items() if name != "worst"},
        ),
    )
    write_manifest(folder, part)
    return part


def _backbone_files(key: str) -> tuple[str, str]:
    """Names of the files of a backbone's base and head."""
    return f"{key}.safetensors", f"{key}.head.safetensors"


def fit_on_validation(roles: Roles, outputs: Outputs, operating_points: tuple[float, ...]) -> EnsembleFit:
    """Fits the SVM to the validation images, from which no network has learnt; the test split measures it."""
    features = outputs.features(operating_points)
    inputs = ensemble.input_names(outputs.backbones, outputs.findings)

    def part(split: str) -> Part:
        chosen = [(row, each) for row, each in enumerate(roles.records) if each.split == split]
        rows, records = zip(*((row, each) for row, each in chosen if each.label in TASK), strict=True)
        return Part(
            features=features[list(rows)],
            labels=np.array([int(record.label == "covid") for record in records]),
            groups=np.array([record.group for record in records]),
            inputs=inputs,
        )

    return fit_ensemble(part("val"), part("test"))


def _write_reference(path: Path) -> NDArray[np.float32]:
    """A COVID-like phantom as PNG; returns its pixels as they are read back."""
    (seed,) = take_seeds("reference", 1)
    grey = to_bytes(render(draw_spec(seed, label="covid", size_px=256)).pixels)
    Image.fromarray(grey).save(path)
    return grey.astype(np.float32) / np.float32(255)
