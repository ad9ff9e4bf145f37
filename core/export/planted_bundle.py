"""A bundle to take along in which one head learnt a shortcut on purpose: a folder, zipped."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from scipy.special import expit

from core.analysis.load import Models, read_reference
from core.analysis.run import provenance
from core.evaluation.predictions import Predictions, write_predictions
from core.export.planted_card import planted_card
from core.margins import crop
from core.models.backbones import BACKBONE_BY_KEY, scale_pixels
from core.models.bundle.files import MANIFEST_FILE, bundle_path
from core.models.bundle.manifest import BundleFile, BundleManifest
from core.models.head import logit
from core.models.inference import RawOutputs, ensemble_features, exact_backbone, raw_outputs
from core.preprocessing import inside_box, network_input
from core.shortcuts.cohorts import Cohort, Phantoms, rows_measured
from core.shortcuts.experiment import Outcome, carriers
from core.shortcuts.features import with_plant
from core.shortcuts.trial import Trial, planted_manifest
from core.vocabulary import ENSEMBLE, OWN, PHANTOM


def ask_measured(models: Models, trial: Trial, cohort: Cohort) -> Iterator[RawOutputs]:
    """What all networks say of those who measure, with marks as the head learnt them, one after another.

    Args:
        models: With the head on trial.
        trial: It.
        cohort: The patients.

    Raises:
        EngineError: If a network fails.
    """
    recipe = models.manifest.preprocessing
    carries = carriers(cohort.labels, cohort.learns, trial.planting)
    for row in rows_measured(cohort):
        pixels = with_plant(cohort, row, models.networks, trial.planting.plant if carries[row] else "")
        raw = raw_outputs(crop(pixels, inside_box(pixels, recipe)), models.networks)
        yield RawOutputs(raw.probabilities, raw.logits, {}, {}, None, raw.seen)


def tabulate(models: Models, cohort: Cohort, answers: Sequence[RawOutputs]) -> Predictions:
    """The same as a bundle's predictions; nobody's file is named in them.

    Args:
        models: With the head on trial.
        cohort: The patients.
        answers: From `ask_measured`, all of them.
    """
    rows, manifest = rows_measured(cohort), models.manifest
    _, numbers = np.unique(cohort.patients[rows], return_inverse=True)
    source = PHANTOM if isinstance(cohort, Phantoms) else OWN
    count, unknown = len(rows), np.full(len(rows), np.nan)
    thresholds = {key: entry.threshold for key, entry in manifest.backbones.items()}
    return Predictions(
        thresholds | {ENSEMBLE: manifest.ensemble.threshold},
        path=np.array([f"{source}/{number + 1}.png" for number in range(count)]),
        split=np.full(count, "test"),
        source=np.full(count, source),
        group=np.array([f"patient {number + 1}" for number in numbers]),
        label=np.where(cohort.labels[rows] == 1, "covid", "normal"),
        reported=np.full(count, ""),
        scores=np.array(
            [[*each.probabilities.values(), models.decide(each).probability] for each in answers]
        ),
        extent=unknown,
        opacity=unknown,
        findings=np.array([each.logits for each in answers]),
    )


def bundle_zip(
    folder: Path, models: Models, trial: Trial, outcome: Outcome, predictions: Predictions
) -> io.BytesIO:
    """The whole bundle, to be unpacked into the folder of bundles.

    Args:
        folder: Of the bundle that the trial is of.
        models: Of that bundle, as it ships.
        trial: The head.
        outcome: Of the experiment in which it learnt.
        predictions: From `tabulate`.

    Returns:
        A ZIP, not compressed, for weights hardly are to be.

    Raises:
        BundleError: If a file of the bundle is gone.
        EngineError: If the network of float32 that records the reference answer cannot be had.
    """
    manifest = planted_manifest(models.manifest, trial)
    precision = provenance(models).precision
    written = {
        f"{trial.backbone}.head.safetensors": trial.head.to_bytes(),
        "predictions.csv": _csv(predictions),
        "model_card.md": planted_card(models.manifest, manifest, trial, outcome, precision).encode(),
    }
    manifest = _whole(folder, models, trial, manifest, written)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{manifest.name}/{MANIFEST_FILE}", manifest.model_dump_json(indent=1) + "\n")
        for entry in manifest.files():
            if entry.file in written:
                archive.writestr(f"{manifest.name}/{entry.file}", written[entry.file])
            else:
                archive.write(bundle_path(folder, entry), f"{manifest.name}/{entry.file}")
    file.seek(0)
    return file


def _csv(predictions: Predictions) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.csv"
        write_predictions(path, predictions)
        return path.read_bytes()


def _whole(
    folder: Path, models: Models, trial: Trial, manifest: BundleManifest, written: dict[str, bytes]
) -> BundleManifest:
    """The manifest, with its files and its answers to the reference image, in float32 alone."""
    files = {
        name: BundleFile(file=name, sha256=hashlib.sha256(data).hexdigest()) for name, data in written.items()
    }
    key = trial.backbone
    own = {
        "head": files[f"{key}.head.safetensors"],
        "reference_probability": _reference_probability(folder, models, trial),
    }
    backbones = {
        name: entry.model_copy(update={"ranges": None} | (own if name == key else {}))
        for name, entry in manifest.backbones.items()
    }
    said = {name: entry.reference_probability for name, entry in backbones.items()}
    inputs = ensemble_features(
        said,
        np.array(manifest.findings.reference_logits, dtype=np.float32),
        manifest.findings.operating_points,
    )
    decided = {"reference_probability": models.ensemble.decide(inputs).probability}
    return manifest.model_copy(
        update={
            "created": date.today().isoformat(),
            "backbones": backbones,
            "findings": manifest.findings.model_copy(update={"ranges": None}),
            "ensemble": manifest.ensemble.model_copy(update=decided),
            "predictions": files["predictions.csv"],
            "model_card": files["model_card.md"],
            "trials": None,
            "precisions": None,
        }
    )


def _reference_probability(folder: Path, models: Models, trial: Trial) -> float:
    """What the head answers to the bundle's reference image, in float32."""
    pixels = read_reference(bundle_path(folder, models.manifest.reference))
    seen = network_input(pixels, models.manifest.preprocessing)
    row = BACKBONE_BY_KEY[trial.backbone]
    network = exact_backbone(folder, trial.backbone)
    features = network(scale_pixels(seen[np.newaxis], row.scale))[0][0]
    return float(expit(logit(features, trial.head)))
