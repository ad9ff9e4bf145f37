"""One analysis, end to end: a radiograph in, everything the app says about it out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.analysis.load import Models
from core.analysis.results import Analysis, BackboneReading, Provenance
from core.explain.explainers import explain
from core.explain.heat_in_lungs import HeatInLungs, heat_in_lungs
from core.explain.method import Explainer
from core.gate.plausibility import plausibility_warnings
from core.gate.verdict import Verdict, hold_against
from core.gate.way import AS_IT_IS, Way
from core.margins import Box, bright_corners, crop, find_inside, share_of
from core.models.bundle.manifest import NetworksManifest
from core.models.findings import FindingScore, finding_scores, findings_input
from core.models.inference import RawOutputs, checked, raw_outputs
from core.models.official import OFFICIAL, centre_square
from core.models.outline import NO_OUTLINE, is_plausible
from core.models.severity import SeverityScore
from core.models.third_answer import Answer, rate_key
from core.preprocessing import crop_box, inside_box
from core.reading.limits import MIN_SIDE_PX
from core.reading.radiograph import Radiograph
from core.reading.warning import ReadingWarning
from core.vocabulary import ENSEMBLE

INITIALISATIONS = {
    "scratch": "trained from scratch by this project",
    "imagenet": "pretrained on ImageNet, then trained by this project",
    "bundled": "trained by this project, continuing from an earlier bundle",
    "kept": "trained by this project, as in an earlier bundle",
}

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
TAUGHT = "taught_on_purpose"  # code of the warning that a head learnt a shortcut on purpose
MAX_BRIGHT_CORNERS = 0.002  # of the picture; 0.4 % of 1,229 held-out radiographs have more


def look(radiograph: Radiograph, models: Models) -> Verdict:
    """What a picture is and how it lies, before any other network is asked.

    Margins are cut first, whatever the models get: what a picture is does not depend on who is asked.

    Args:
        radiograph: As read from a file, or as it was laid.
        models: From `load_models`.

    Raises:
        EngineError: If the gate fails.
    """
    verdict = models.gate.look(crop(radiograph.pixels, _inside(radiograph, models, cut_margins=True)))
    return hold_against(verdict, (warning.code for warning in radiograph.warnings))


def analyse(
    radiograph: Radiograph,
    models: Models,
    *,
    cut_margins: bool | None = None,
    verdict: Verdict | None = None,
    way: Way = AS_IT_IS,
) -> Analysis:
    """Analyses one radiograph; any number of threads may do so with the same models.

    Args:
        radiograph: As read from a file, or as it was laid.
        models: From `load_models`.
        cut_margins: Whether uniform margins are cut first; None for as the bundle does.
        verdict: From `look`. The networks are asked whatever it says, but nothing is said of lungs where it
            refuses, as where their outline is nonsense. None where nobody looked.
        way: How the picture was laid.

    Raises:
        EngineError: If a network fails.
    """
    start = time.perf_counter()
    height, width = radiograph.pixels.shape
    inside = _inside(radiograph, models, cut_margins=cut_margins)
    pixels = crop(radiograph.pixels, inside)
    raw = raw_outputs(pixels, models.networks)
    findings, severity = _read_findings(pixels, raw, models)
    refused = verdict is not None and verdict.refused
    nonsense = not refused and _is_nonsense(raw, models)
    if refused or nonsense:
        raw, severity = replace(raw, lungs=None), ()
    decision = models.decide(raw)
    box = crop_box(inside, models.manifest.preprocessing.border_share)
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
        decision=decision,
        warnings=(
            *radiograph.warnings,
            *_margin_warnings(radiograph.pixels, inside, lossy=radiograph.lossy),
            *suspicions,
            *([NO_OUTLINE] if nonsense else []),
            *_taught_warnings(models.manifest),
        ),
        provenance=provenance(models),
        milliseconds=(time.perf_counter() - start) * 1000,
        lungs=raw.lungs,
        verdict=verdict,
        way=way,
        third_answers=_third_answers(raw.probabilities, decision.probability, models),
        seen=np.rint(raw.seen * 255).astype(np.uint8),
        taught=tuple(key for key, entry in models.manifest.backbones.items() if entry.taught),
    )


def _taught_warnings(manifest: NetworksManifest) -> Iterator[ReadingWarning]:
    """That a head was taught a shortcut on purpose: what comes of it travels with every answer."""
    for backbone in manifest.rows:
        if taught := manifest.backbones[backbone.key].taught:
            yield ReadingWarning(
                TAUGHT,
                f"{backbone.name}, is flawed on purpose: its head learnt from {taught.learnt} "
                f"{taught.patients}. On {taught.measured} others its ROC AUC is {taught.as_learnt:.2f} with "
                f"marks as it learnt them and {taught.flipped:.2f} with marks on the other side. The "
                "ensemble weighs its answer as it did the usual head's.",
            )


def _is_nonsense(raw: RawOutputs, models: Models) -> bool:
    """Whether the outline of the lungs cannot be theirs, as far as the bundle knows when it cannot."""
    entry = models.manifest.lungs
    if raw.lungs is None or entry is None or entry.outlines is None:
        return False
    return not is_plausible(raw.lungs, entry.outlines)


def _third_answers(
    probabilities: Mapping[str, float], ensemble: float, models: Models
) -> dict[str, dict[str, Answer]]:
    """What each model says where it may be silent, by key and error rate in per cent."""
    said = {**probabilities, ENSEMBLE: ensemble}
    return {
        model: {rate_key(each.error_rate): each.answer(said[model]) for each in answers}
        for model, answers in models.manifest.third_answers.items()
        if model in said
    }


def _inside(radiograph: Radiograph, models: Models, *, cut_margins: bool | None) -> Box:
    """The part of a picture that is read."""
    recipe = models.manifest.preprocessing
    if cut_margins is not None:
        recipe = recipe.model_copy(update={"cut_margins": cut_margins})
    return inside_box(radiograph.pixels, recipe, lossy=radiograph.lossy)


def _margin_warnings(pixels: NDArray[np.float32], inside: Box, *, lossy: bool) -> tuple[ReadingWarning, ...]:
    """What a margin or a corner that was left, or a small rest inside of it, does to the answers."""
    found = []
    part = crop(pixels, inside)
    if find_inside(part, lossy=lossy) != (0, 0, inside.width, inside.height):
        found.append(MARGINS)
    if bright_corners(part) > MAX_BRIGHT_CORNERS:
        found.append(CORNERS)
    if min(part.shape) < MIN_SIDE_PX:
        size = f"{inside.width} x {inside.height} px"
        message = f"Inside of its margins the picture has only {size}, which the networks see enlarged."
        found.append(ReadingWarning("small_inside", message))
    return tuple(found)


def _readings(
    raw: RawOutputs, models: Models, frame: tuple[float, float, float, float]
) -> tuple[BackboneReading, ...]:
    """The backbones' answers; the frame is in shares of the width and height of what was read."""
    readings = []
    for backbone in models.manifest.rows:
        features, head = raw.feature_maps[backbone.key], models.networks.heads[backbone.key]
        heatmap, peak = explain(features, head)
        reading = BackboneReading(
            backbone=backbone,
            probability=raw.probabilities[backbone.key],
            threshold=models.manifest.backbones[backbone.key].threshold,
            heatmap=heatmap,
            heat_peak=peak,
            features=_halve(features),
            head=head,
            heat_in_lungs=_in_lungs(heatmap, frame, raw.lungs),
        )
        readings.append(reading)
    return tuple(readings)


def _halve(features: NDArray[np.float32]) -> NDArray[np.floating]:
    """In half precision, unless a value is too large for it."""
    return features.astype(np.float16) if abs(features).max() < np.finfo(np.float16).max else features


def _in_lungs(
    heatmap: NDArray[np.float32],
    frame: tuple[float, float, float, float],
    lungs: NDArray[np.float32] | None,
) -> HeatInLungs | None:
    return None if lungs is None else heat_in_lungs(heatmap, frame, lungs)


def explain_anew(analysis: Analysis, explainer: Explainer) -> Analysis:
    """The same analysis with heatmaps by another method; no network is asked again."""
    if explainer == analysis.explainer:
        return analysis
    frame, readings = share_of(analysis.box, analysis.inside), []
    for reading in analysis.readings:
        heatmap, peak = explain(reading.features, reading.head, explainer)
        lungs = _in_lungs(heatmap, frame, analysis.lungs)
        readings.append(replace(reading, heatmap=heatmap, heat_peak=peak, heat_in_lungs=lungs))
    return replace(analysis, readings=tuple(readings), explainer=explainer)


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
    used = set(models.networks.precisions.values())
    return Provenance(
        bundle=models.manifest.name,
        title=models.manifest.title,
        backbone_weights="; ".join(INITIALISATIONS[origin] for origin in sorted(origins)),
        findings_source="stand-in" if models.official is None else "official",
        findings_note=models.findings_note,
        precision="+".join(each for each in ("int8", "bf16", "f32") if each in used),
        precision_note=models.arithmetic.note,
    )
