"""One analysis, end to end: a radiograph in, everything the app says about it out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.errors import BundleError, EngineError, SelfTestError
from core.explain.gradcam import gradcam, normalise
from core.explain.heat_in_lungs import heat_in_lungs
from core.gate.plausibility import plausibility_warnings
from core.margins import Box, bright_corners, crop, find_inside, share_of
from core.models import ensemble
from core.models.backbones import BACKBONES
from core.models.bundle.files import REMEDY, bundle_path, read_manifest, verify_files
from core.models.bundle.manifest import BundleManifest, Precision
from core.models.bundle.network_files import official_source
from core.models.engine.openvino import Network, Progress, load_network, prepare
from core.models.findings import FindingScore, finding_scores, findings_input
from core.models.inference import (
    Networks,
    RawOutputs,
    checked,
    compile_networks,
    ensemble_features,
    raw_outputs,
)
from core.models.official import OFFICIAL, centre_square, official_file
from core.models.severity import SeverityScore
from core.preprocessing import crop_box, inside_box
from core.reading.limits import SHORTEST_SIDE_PX
from core.reading.warning import ReadingWarning
from core.results import Analysis, BackboneReading, Provenance

if TYPE_CHECKING:
    from core.reading.radiograph import Radiograph

INITIALISATIONS = {
    "scratch": "trained from scratch by this project",
    "imagenet": "pretrained on ImageNet, then trained by this project",
    "bundled": "trained by this project, continuing from an earlier bundle",
}
STAND_IN = (
    "From the stand-in that this project trained; torchxrayvision's official weights are not installed "
    "(`make official` downloads them)."
)
UNUSABLE = "From the stand-in that this project trained, because the official weights are unusable:"
OFFICIAL_NOTE = (
    f"From torchxrayvision's official {OFFICIAL.name}; the ensemble uses the stand-in that it was trained on."
)

MARGINS = ReadingWarning(
    "uniform_margins",
    "The picture has uniform margins, which the networks see as if they belonged to the chest; "
    "cut them to ask about the radiograph alone.",
)
CORNERS = ReadingWarning(
    "bright_corners",
    "Corners of the picture are blank and bright, as of a film on a page; they move the answers, so crop the "
    "picture to the film.",
)
MAX_BRIGHT_CORNERS = 0.002  # of the picture; 0.4 % of 1,229 held-out radiographs have more

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
    """

    manifest: BundleManifest
    networks: Networks
    ensemble: ensemble.Ensemble
    official: Network | None
    findings_note: str


def load_models(folder: Path, precision: Precision = "f32", progress: Progress | None = None) -> Models:
    """Loads a whole bundle, and torchxrayvision's official findings network when it is installed.

    Args:
        folder: The bundle's.
        precision: "f32", or another one that the bundle's manifest lists as verified.
        progress: Called with a sentence and the share done in [0, 1] when files must be derived first.

    Raises:
        BundleError: If anything of it is missing or damaged, or (SelfTestError) answers otherwise than
            when it was built.
        EngineError: If the networks cannot be prepared, or the precision was not verified.
    """
    manifest = read_manifest(folder)
    if precision not in manifest.verified_precisions:
        raise EngineError(f"The bundle '{manifest.name}' was not verified in {precision}; run it in f32.")
    verify_files(folder, manifest)
    networks = compile_networks(folder, manifest, precision, progress)
    svm = ensemble.load(bundle_path(folder, manifest.ensemble), manifest.ensemble.threshold)
    official, note = _load_official(precision, progress)
    models = Models(manifest, networks, svm, official, note)
    run_self_test(folder, models)
    return models


def _load_official(precision: Precision, progress: Progress | None) -> tuple[Network | None, str]:
    weights = official_file()
    if weights is None:
        return None, STAND_IN
    try:
        source = official_source(weights)
        if OFFICIAL.sha256 not in (None, source.sha256):
            return None, f"{UNUSABLE} the file is not the published one (its SHA-256 differs)."
        folders = prepare([source], ["--official", str(weights)], progress)
        return load_network(folders[source.key], precision), OFFICIAL_NOTE
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
    decision = models.ensemble.decide(_features(raw, models))
    near, near_raw = TOLERANCES[models.networks.precision]
    expected = {key: entry.reference_probability for key, entry in manifest.backbones.items()}
    expected["ensemble"] = manifest.ensemble.reference_probability
    answers = {**raw.probabilities, "ensemble": decision.probability}
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


def analyse(radiograph: Radiograph, models: Models, *, cut_margins: bool | None = None) -> Analysis:
    """Analyses one radiograph; any number of threads may do so with the same models.

    Args:
        radiograph: As read from a file.
        models: From `load_models`.
        cut_margins: Whether uniform margins are cut first; None for as the bundle does.

    Raises:
        EngineError: If a network fails.
    """
    start = time.perf_counter()
    height, width = radiograph.pixels.shape
    recipe = models.manifest.preprocessing
    if cut_margins is not None:
        recipe = recipe.model_copy(update={"cut_margins": cut_margins})
    inside = inside_box(radiograph.pixels, recipe, lossy=radiograph.lossy)
    pixels = crop(radiograph.pixels, inside)
    raw = raw_outputs(pixels, models.networks)
    findings, severity = _read_findings(pixels, raw, models)
    box = crop_box(inside, recipe.border_share)
    suspicions = plausibility_warnings(raw.statistics, models.manifest.training_statistics)
    return Analysis(
        name=radiograph.name,
        width_px=width,
        height_px=height,
        inside=inside,
        box=box,
        readings=_readings(raw, models, share_of(box, inside)),
        findings=findings,
        severity=severity,
        decision=models.ensemble.decide(_features(raw, models)),
        warnings=(
            *radiograph.warnings,
            *_margin_warnings(radiograph.pixels, inside, lossy=radiograph.lossy),
            *suspicions,
        ),
        provenance=provenance(models),
        milliseconds=(time.perf_counter() - start) * 1000,
        lungs=raw.lungs,
    )


def _features(raw: RawOutputs, models: Models) -> NDArray[np.float32]:
    return ensemble_features(raw.probabilities, raw.logits, models.manifest.findings.operating_points)


def _margin_warnings(pixels: NDArray[np.float32], inside: Box, *, lossy: bool) -> tuple[ReadingWarning, ...]:
    """What a margin or a corner that was left, or a small rest inside of it, does to the answers."""
    found = []
    part = crop(pixels, inside)
    if find_inside(part, lossy=lossy) != (0, 0, inside.width, inside.height):
        found.append(MARGINS)
    if bright_corners(part) > MAX_BRIGHT_CORNERS:
        found.append(CORNERS)
    if min(part.shape) < SHORTEST_SIDE_PX:
        size = f"{inside.width} x {inside.height} px"
        message = f"Inside of its margins the picture has only {size}, which the networks see enlarged."
        found.append(ReadingWarning("small_inside", message))
    return tuple(found)


def _readings(
    raw: RawOutputs, models: Models, frame: tuple[float, float, float, float]
) -> tuple[BackboneReading, ...]:
    """The backbones' answers; the frame is in shares of the width and height of what was read."""
    readings = []
    for backbone in BACKBONES:
        heat = gradcam(raw.feature_maps[backbone.key], models.networks.heads[backbone.key])
        heatmap, peak = normalise(heat)
        threshold = models.manifest.backbones[backbone.key].threshold
        probability = raw.probabilities[backbone.key]
        lungs = heat_in_lungs(heatmap, frame, raw.lungs) if raw.lungs is not None else None
        readings.append(BackboneReading(backbone, probability, threshold, heatmap, peak, lungs))
    return tuple(readings)


def _read_findings(
    pixels: NDArray[np.float32], raw: RawOutputs, models: Models
) -> tuple[tuple[FindingScore, ...], tuple[SeverityScore, ...]]:
    """Findings and severity: the official network's where it is installed, else the stand-in's."""
    aucs: dict[str, float] = {}
    if models.official is None:
        logits, points = raw.logits, models.manifest.findings.operating_points
        aucs = models.manifest.findings.roc_auc
        severity = tuple(fit.model(name) for name, fit in sorted(models.manifest.severity.items()))
    else:
        image = findings_input(centre_square(pixels), OFFICIAL.preprocessing)
        logits = checked(models.official(image)[0][0], "The official findings network")
        points = list(OFFICIAL.operating_points)
        severity = OFFICIAL.severity
    return finding_scores(logits, points, aucs), tuple(model.score(logits) for model in severity)


def provenance(models: Models) -> Provenance:
    """Where the numbers of these models come from."""
    origins = {entry.initialisation for entry in models.manifest.backbones.values()}
    return Provenance(
        bundle=models.manifest.name,
        title=models.manifest.title,
        backbone_weights="; ".join(INITIALISATIONS[origin] for origin in sorted(origins)),
        findings_source="stand-in" if models.official is None else "official",
        findings_note=models.findings_note,
        precision=models.networks.precision,
    )
