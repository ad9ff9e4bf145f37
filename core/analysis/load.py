"""What an analysis runs on: a whole bundle, loaded and held against what it recorded of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.errors import BundleError, EngineError, SelfTestError
from core.models import ensemble, ensemble_files
from core.models.bundle.files import REMEDY, bundle_path, read_manifest, verify_files
from core.models.bundle.manifest import BundleManifest, Precision
from core.models.bundle.network_files import official_source
from core.models.engine.openvino import Network, load_network, prepare
from core.models.ensemble import EnsembleDecision
from core.models.gate import Gate, load_gate
from core.models.inference import Networks, RawOutputs, compile_networks, ensemble_features, raw_outputs
from core.models.official import OFFICIAL, official_file
from core.progress import Progress
from core.project import gate_folder
from core.vocabulary import ENSEMBLE

STAND_IN = (
    "From the stand-in that this project trained; torchxrayvision's official weights are not installed "
    "(`make official` downloads them)."
)

UNUSABLE = "From the stand-in that this project trained, because the official weights are unusable:"

OFFICIAL_NOTE = (
    f"From torchxrayvision's official {OFFICIAL.name}; the ensemble uses the stand-in that it was trained on."
)

# How far an answer may lie from the recorded one: probabilities, then raw outputs of the findings network.
TOLERANCES: dict[Precision, tuple[float, float]] = {"f32": (1e-3, 1e-2), "bf16": (5e-2, 0.5)}


@dataclass(frozen=True, eq=False)
class Models:
    """Everything an analysis needs; threads may share it.

    Attributes:
        manifest: The bundle's.
        networks: Its networks.
        ensemble: Its SVM.
        official: torchxrayvision's official findings network, when it is installed.
        findings_note: Where the findings shown come from, in a sentence.
        gate: What is asked first: whether they can be asked at all.
    """

    manifest: BundleManifest
    networks: Networks
    ensemble: ensemble.Ensemble
    official: Network | None
    findings_note: str
    gate: Gate

    def decide(self, raw: RawOutputs) -> EnsembleDecision:
        """What the ensemble makes of the networks' answers to one image."""
        points = self.manifest.findings.operating_points
        return self.ensemble.decide(ensemble_features(raw.probabilities, raw.logits, points))


def load_models(
    folder: Path,
    precision: Precision = "f32",
    progress: Progress | None = None,
    *,
    side_by_side: bool = False,
) -> Models:
    """Loads a whole bundle, the gate, and torchxrayvision's official findings network when it is installed.

    Args:
        folder: The bundle's.
        precision: "f32", or another one that the bundle's manifest lists as verified.
        progress: Called with a sentence and the share done in [0, 1] when files must be derived first.
        side_by_side: Whether many threads will analyse at once, each on one core; else one analysis at a time
            has all cores.

    Raises:
        BundleError: If anything of it or of the gate is missing or damaged, or (SelfTestError) answers
            otherwise than when it was built.
        EngineError: If the networks cannot be prepared, or the precision was not verified.
    """
    manifest = read_manifest(folder)
    if precision not in manifest.verified_precisions:
        raise EngineError(f"The bundle '{manifest.name}' was not verified in {precision}; run it in f32.")
    verify_files(folder, manifest)
    networks = compile_networks(folder, manifest, precision, progress, side_by_side=side_by_side)
    svm = ensemble_files.load_bundled(folder, manifest)
    official, note = _load_official(precision, progress, side_by_side=side_by_side)
    gate = load_gate(gate_folder(), progress, side_by_side=side_by_side)
    models = Models(manifest, networks, svm, official, note, gate)
    run_self_test(folder, models)
    return models


def _load_official(
    precision: Precision, progress: Progress | None, *, side_by_side: bool
) -> tuple[Network | None, str]:
    weights = official_file()
    if weights is None:
        return None, STAND_IN
    try:
        source = official_source(weights)
        if OFFICIAL.sha256 not in (None, source.sha256):
            return None, f"{UNUSABLE} the file is not the published one (its SHA-256 differs)."
        folders = prepare([source], ["--official", str(weights)], progress)
        network = load_network(folders[source.key], precision, side_by_side=side_by_side)
        return network, OFFICIAL_NOTE
    except (EngineError, OSError) as error:
        return None, f"{UNUSABLE} {error}"


def run_self_test(folder: Path, models: Models) -> None:
    """Compares the answers to the reference image with those recorded when the bundle was built.

    Raises:
        SelfTestError: Names the first network whose answer differs.
    """
    manifest = models.manifest
    try:
        raw = raw_outputs(_reference_pixels(bundle_path(folder, manifest.reference)), models.networks)
    except EngineError as error:
        raise SelfTestError(f"The bundle '{manifest.name}' fails its self-test: {error}") from error
    decision = models.decide(raw)
    near, near_raw = TOLERANCES[models.networks.precision]
    expected = {key: entry.reference_probability for key, entry in manifest.backbones.items()}
    expected[ENSEMBLE] = manifest.ensemble.reference_probability
    answers = {**raw.probabilities, ENSEMBLE: decision.probability}
    wrong = [name for name, answer in answers.items() if abs(answer - expected[name]) > near]
    if np.abs(raw.logits - np.array(manifest.findings.reference_logits)).max() > near_raw:
        wrong.append("the findings network")
    if wrong:
        raise SelfTestError(
            f"The bundle '{manifest.name}' fails its self-test: {', '.join(wrong)} answers otherwise than "
            f"when it was built; {REMEDY}."
        )


def _reference_pixels(path: Path) -> NDArray[np.float32]:
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError):
        raise BundleError(f"The reference image {path.name} cannot be read; {REMEDY}.") from None
