"""What an analysis runs on: a whole bundle, loaded and held against what it recorded of itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.analysis.arithmetic import AS_ASKED, Arithmetic, choose_arithmetic
from core.errors import BundleError, EngineError, SelfTestError
from core.models import ensemble, ensemble_files
from core.models.bundle.files import REMEDY, bundle_path, read_manifest, verify_files
from core.models.bundle.manifest import BundleManifest
from core.models.bundle.network_files import official_source
from core.models.bundle.precisions import Combination, Precision
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

FAILED = "float32, because faster arithmetic failed here:"
FINDINGS_KEY = "findings"

# How far an answer may lie from the recorded one: probabilities, then raw outputs of the findings network.
# Another processor adds in another order, which moves float32 less than what is rounded on the way.
TOLERANCES: dict[Precision, tuple[float, float]] = {
    "f32": (1e-3, 1e-2),
    "bf16": (5e-2, 0.5),
    "int8": (5e-2, 0.5),
}


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
        arithmetic: In what precision the networks run, and why.
    """

    manifest: BundleManifest
    networks: Networks
    ensemble: ensemble.Ensemble
    official: Network | None
    findings_note: str
    gate: Gate
    arithmetic: Arithmetic

    def decide(self, raw: RawOutputs) -> EnsembleDecision:
        """What the ensemble makes of the networks' answers to one image."""
        points = self.manifest.findings.operating_points
        return self.ensemble.decide(ensemble_features(raw.probabilities, raw.logits, points))


def load_models(
    folder: Path,
    progress: Progress | None = None,
    *,
    exact: bool = False,
    side_by_side: bool = False,
) -> Models:
    """Loads a whole bundle, the gate, and torchxrayvision's official findings network when it is installed.

    The networks run in the fastest precision that the bundle verified and this processor has. Should they
    answer otherwise in it than when it was measured, they run in float32.

    Args:
        folder: The bundle's.
        progress: Called with a sentence and the share done in [0, 1] when files must be derived first.
        exact: Whether the networks run in float32, whatever was verified.
        side_by_side: Whether many threads will analyse at once, each on one core; else one analysis at a time
            has all cores.

    Raises:
        BundleError: If anything of it or of the gate is missing or damaged, or (SelfTestError) answers
            otherwise than when it was built.
        EngineError: If the networks cannot be prepared.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    arithmetic = AS_ASKED if exact else choose_arithmetic(manifest.precisions)
    if arithmetic.combination:
        try:
            return _load(folder, manifest, arithmetic, progress, side_by_side=side_by_side)
        except (SelfTestError, EngineError) as error:
            arithmetic = Arithmetic(None, f"{FAILED} {error}")
    return _load(folder, manifest, arithmetic, progress, side_by_side=side_by_side)


def _load(
    folder: Path,
    manifest: BundleManifest,
    arithmetic: Arithmetic,
    progress: Progress | None,
    *,
    side_by_side: bool,
) -> Models:
    networks = compile_networks(folder, manifest, arithmetic.precisions, progress, side_by_side=side_by_side)
    svm = ensemble_files.load_bundled(folder, manifest)
    official, note = _load_official(progress, side_by_side=side_by_side)
    gate = load_gate(gate_folder(), progress, side_by_side=side_by_side)
    models = Models(manifest, networks, svm, official, note, gate, arithmetic)
    run_self_test(folder, models)
    return models


def _load_official(progress: Progress | None, *, side_by_side: bool) -> tuple[Network | None, str]:
    weights = official_file()
    if weights is None:
        return None, STAND_IN
    try:
        source = official_source(weights)
        if OFFICIAL.sha256 not in (None, source.sha256):
            return None, f"{UNUSABLE} the file is not the published one (its SHA-256 differs)."
        folders = prepare([source], ["--official", str(weights)], progress)
        return load_network(folders[source.name], side_by_side=side_by_side), OFFICIAL_NOTE
    except (EngineError, OSError) as error:
        return None, f"{UNUSABLE} {error}"


def run_self_test(folder: Path, models: Models) -> None:
    """Compares the answers to the reference image with those recorded when the bundle was built.

    Raises:
        SelfTestError: Names the first network whose answer differs.
    """
    manifest = models.manifest
    try:
        raw = raw_outputs(read_reference(bundle_path(folder, manifest.reference)), models.networks)
    except EngineError as error:
        raise SelfTestError(f"The bundle '{manifest.name}' fails its self-test: {error}") from error
    expected = _expected(manifest, models.arithmetic.combination)
    answers = {key: np.array([value]) for key, value in raw.probabilities.items()}
    answers |= {FINDINGS_KEY: raw.logits, ENSEMBLE: np.array([models.decide(raw).probability])}
    used = models.networks.precisions
    rounded: Precision = next((each for each in used.values() if each != "f32"), "f32")
    near = {key: TOLERANCES[used.get(key, rounded)] for key in answers}
    wrong = [
        "the findings network" if key == FINDINGS_KEY else key
        for key, answer in answers.items()
        if np.abs(answer - expected[key]).max() > near[key][key == FINDINGS_KEY]
    ]
    if wrong:
        answer = "answers" if len(wrong) == 1 else "answer"
        raise SelfTestError(
            f"The bundle '{manifest.name}' fails its self-test: {', '.join(wrong)} {answer} otherwise than "
            f"when it was built; {REMEDY}."
        )


def _expected(manifest: BundleManifest, combination: Combination | None) -> dict[str, NDArray[np.float64]]:
    """What was recorded of the reference image: in float32, or in the precisions of a combination."""
    found: dict[str, list[float]] = {
        key: [entry.reference_probability] for key, entry in manifest.backbones.items()
    }
    found |= {
        FINDINGS_KEY: manifest.findings.reference_logits,
        ENSEMBLE: [manifest.ensemble.reference_probability],
    }
    if combination and manifest.precisions:
        found[ENSEMBLE] = [combination.reference_probability]
        found |= {
            key: trial.reference
            for key, precision in combination.precisions.items()
            if (trial := manifest.precisions.trial(key, precision))
        }
    return {key: np.array(values) for key, values in found.items()}


def read_reference(path: Path) -> NDArray[np.float32]:
    """A bundle's reference image, (height, width), float32 in [0, 1].

    Raises:
        BundleError: If it cannot be read.
    """
    try:
        with Image.open(path, formats=["PNG"]) as image:
            return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255)
    except (OSError, UnidentifiedImageError):
        raise BundleError(f"The reference image {path.name} cannot be read; {REMEDY}.") from None
