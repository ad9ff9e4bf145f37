"""Measures what faster arithmetic changes in a bundle's answers, and records what may serve.

Both ways are held against float32 on the images of `val` and `test`. Only `val` chooses, by the rule of
`core.models.bundle.precisions`; `test` is reported. The lung network stays in float32, for it takes a
millisecond, and so do the gate and torchxrayvision's official network, which no bundle vouches for.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import openvino
from numpy.typing import NDArray

from core.analysis.load import read_reference
from core.errors import DataError
from core.evaluation.metrics import roc_auc
from core.evaluation.predictions import Predictions, read_predictions
from core.explain.gradcam import gradcam
from core.models import ensemble_files
from core.models.bundle.files import bundle_path, read_manifest, verify_files, write_manifest
from core.models.bundle.manifest import BackboneFile, BundleFile, BundleManifest, FindingsFile
from core.models.bundle.network_files import bundle_sources
from core.models.bundle.precisions import (
    CHOOSING_SPLIT,
    Combination,
    Difference,
    Faster,
    Precision,
    Precisions,
    PrecisionTrial,
    verified_choices,
    whole_speedup,
)
from core.models.engine.openvino import Network, prepare, processor_precisions
from core.models.ensemble import Ensemble
from core.models.findings import op_norm, sigmoid
from core.models.inference import (
    Networks,
    RawOutputs,
    ensemble_features,
    load_networks,
    network_inputs,
    raw_outputs,
)
from core.vocabulary import TASK
from train.bundle.calibrate import find_ranges
from train.bundle.manifest import file_entry
from train.bundle.predictions import records_of
from train.cards.write import add_cards
from train.data.images import read_inside
from train.data.records import Record
from train.outputs import AT_ONCE
from train.tools.progress import Tally

FASTER: tuple[Faster, ...] = get_args(Faster)
FINDINGS = "findings"
MEASURED = (CHOOSING_SPLIT, "test")
CALIBRATION_IMAGES = 200  # of the training split
ROUNDS = 15  # of timing

Row = tuple[list[float], NDArray[np.float32], list[float]]  # probabilities, raw outputs, correlations


@dataclass(frozen=True, eq=False)
class Answers:
    """What the networks say about n images in one precision.

    Attributes:
        probabilities: (n, backbones), in [0, 1].
        scores: (n, findings), in [0, 1], 0.5 at the operating point.
        heat: (n, backbones), correlation of the heatmaps with those in float32; NaN where neither has heat.
    """

    probabilities: NDArray[np.float64]
    scores: NDArray[np.float64]
    heat: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measured:
    """Everything from which precisions are chosen.

    Attributes:
        manifest: The bundle's.
        svm: Its ensemble.
        split: (n,), of the images.
        label: (n,).
        answers: To them, by precision.
        reference: Answers to the reference image, by precision.
        milliseconds: Of each network for one image, by precision and key.
    """

    manifest: BundleManifest
    svm: Ensemble
    split: NDArray[np.str_]
    label: NDArray[np.str_]
    answers: Mapping[Precision, Answers]
    reference: Mapping[Precision, RawOutputs]
    milliseconds: Mapping[Precision, Mapping[str, float]]


def add_precisions(
    folder: Path,
    records: Sequence[Record],
    data: Path | None,
    progress: Tally | None = None,
    images: int = CALIBRATION_IMAGES,
) -> BundleManifest:
    """Measures a whole bundle in faster precisions; writes what int8 needs, its manifest and its cards.

    What this processor has no instructions for is not measured, and so not used elsewhere.

    Args:
        folder: The bundle's.
        records: Of the data set that it was measured on, training images among them.
        data: The data folder; phantoms need none.
        progress: Called with (done, total) while images are analysed.
        images: Training images from which int8's ranges are found.

    Raises:
        DataError: If the data set lacks images that the bundle was measured on, or any to learn from.
        BundleError: If the bundle is damaged.
    """
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    predictions = read_predictions(folder, manifest)
    predictions = predictions.take(np.flatnonzero(np.isin(predictions.split, MEASURED)))
    measured = records_of(predictions, records)
    precisions = [each for each in FASTER if each in processor_precisions()]
    manifest = _without_ranges(manifest)
    if "int8" in precisions:
        manifest = _calibrate(folder, manifest, _to_calibrate(records, images), data)
    write_manifest(folder, manifest)
    every: list[Precision] = ["f32", *precisions]
    networks = {each: _in_one(folder, manifest, each) for each in every}
    found = _measure(folder, manifest, predictions, networks, measured, data, progress)
    manifest = manifest.model_copy(update={"precisions": choose(found, precisions)})
    manifest = add_cards(folder, _keep_used(folder, manifest))
    write_manifest(folder, manifest)
    return manifest


def _to_calibrate(records: Sequence[Record], images: int, seed: int = 0) -> list[Record]:
    learnt = [record for record in records if record.split == "train"]
    if not learnt:
        raise DataError("The data have no training images, from which int8's ranges are found.")
    drawn = np.random.default_rng(seed).permutation(len(learnt))[:images]
    return [learnt[index] for index in drawn]


def _calibrate(
    folder: Path, manifest: BundleManifest, records: Sequence[Record], data: Path | None
) -> BundleManifest:
    """Writes the ranges of every network that may run in int8."""

    def inputs(record: Record) -> dict[str, NDArray[np.float32]]:
        return network_inputs(read_inside(record, data, manifest.preprocessing), manifest)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        batches = list(pool.map(inputs, records))
    write_manifest(folder, manifest)
    derived = prepare(bundle_sources(folder), [str(folder.resolve())])
    engine = openvino.Core()
    files = {}
    for key in (*manifest.backbones, FINDINGS):
        ranges = find_ranges(engine.read_model(derived[key] / "model.xml"), [each[key] for each in batches])
        path = folder / f"{key}.ranges.json"
        path.write_text(ranges.model_dump_json() + "\n", encoding="utf-8")
        files[key] = BundleFile(**file_entry(folder, path.name))
    return _with_ranges(manifest, files)


def _with_ranges(manifest: BundleManifest, files: Mapping[str, BundleFile]) -> BundleManifest:
    backbones = {
        key: entry.model_copy(update={"ranges": files.get(key)}) for key, entry in manifest.backbones.items()
    }
    findings = manifest.findings.model_copy(update={"ranges": files.get(FINDINGS)})
    return manifest.model_copy(update={"backbones": backbones, "findings": findings})


def _without_ranges(manifest: BundleManifest) -> BundleManifest:
    return _with_ranges(manifest.model_copy(update={"precisions": None}), {})


def _keep_used(folder: Path, manifest: BundleManifest) -> BundleManifest:
    """Drops the ranges of networks that never run in int8."""
    combinations = manifest.precisions.combinations if manifest.precisions else []
    used = {key for each in combinations for key, precision in each.precisions.items() if precision == "int8"}
    entries: dict[str, BackboneFile | FindingsFile] = {**manifest.backbones, FINDINGS: manifest.findings}
    files = {key: entry.ranges for key, entry in entries.items() if entry.ranges}
    for key in files.keys() - used:
        bundle_path(folder, files[key]).unlink()
    return _with_ranges(manifest, {key: file for key, file in files.items() if key in used})


def _in_one(folder: Path, manifest: BundleManifest, precision: Precision) -> Networks:
    return load_networks(folder, dict.fromkeys((*manifest.backbones, FINDINGS), precision))


def _measure(
    folder: Path,
    manifest: BundleManifest,
    predictions: Predictions,
    networks: Mapping[Precision, Networks],
    records: Sequence[Record],
    data: Path | None,
    progress: Tally | None,
) -> Measured:
    image = read_reference(bundle_path(folder, manifest.reference))
    inputs = network_inputs(image, manifest)
    return Measured(
        manifest=manifest,
        svm=ensemble_files.load_bundled(folder, manifest),
        split=predictions.split,
        label=predictions.label,
        answers=_ask(networks, records, data, progress),
        reference={precision: raw_outputs(image, each) for precision, each in networks.items()},
        milliseconds=_time(networks, inputs),
    )


def _ask(
    networks: Mapping[Precision, Networks],
    records: Sequence[Record],
    data: Path | None,
    progress: Tally | None,
) -> dict[Precision, Answers]:
    exact = networks["f32"]
    rows: list[dict[Precision, Row]] = []

    def run(record: Record) -> dict[Precision, Row]:
        pixels = read_inside(record, data, exact.manifest.preprocessing)
        answers = {precision: raw_outputs(pixels, each) for precision, each in networks.items()}
        return {
            precision: (
                list(each.probabilities.values()),
                each.logits,
                [
                    _correlate(*(gradcam(found.feature_maps[key], head) for found in (answers["f32"], each)))
                    for key, head in exact.heads.items()
                ],
            )
            for precision, each in answers.items()
        }

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for row in pool.map(run, records):
            rows.append(row)
            if progress:
                progress(len(rows), len(records))
    points = exact.manifest.findings.operating_points
    found = {}
    for precision in networks:
        probabilities, logits, heat = zip(*(row[precision] for row in rows), strict=True)
        scores = op_norm(sigmoid(np.array(logits)), points)
        found[precision] = Answers(np.array(probabilities), scores.astype(np.float64), np.array(heat))
    return found


def _correlate(first: NDArray[np.float32], second: NDArray[np.float32]) -> float:
    """Pearson's correlation of two maps: 0 where one alone is even, NaN where both are."""
    even = (not first.std() > 0) + (not second.std() > 0)
    if even:
        return 0.0 if even == 1 else float("nan")
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1].clip(-1, 1))


def _time(
    networks: Mapping[Precision, Networks], inputs: Mapping[str, NDArray[np.float32]]
) -> dict[Precision, dict[str, float]]:
    """The median of each network's passes; precisions take turns, so that all meet the same load."""
    times: dict[tuple[Precision, str], list[float]] = {}
    for key, batch in inputs.items():
        for _ in range(ROUNDS):
            for precision, each in networks.items():
                start = time.perf_counter()
                _network(each, key)(batch)
                times.setdefault((precision, key), []).append(time.perf_counter() - start)
    return {
        precision: {key: statistics.median(times[precision, key]) * 1000 for key in inputs}
        for precision in networks
    }


def _network(networks: Networks, key: str) -> Network:
    return networks.findings if key == FINDINGS else networks.backbones[key]


def choose(found: Measured, precisions: Sequence[Faster]) -> Precisions:
    """Holds every network against itself in float32, and chooses what may serve together.

    Args:
        found: What was measured.
        precisions: Those that were.
    """
    trials = [
        PrecisionTrial(
            network=key,
            precision=precision,
            milliseconds=found.milliseconds[precision][key],
            float32_milliseconds=found.milliseconds["f32"][key],
            reference=_reference(found.reference[precision], key),
            splits={split: _difference(found, precision, key, split) for split in MEASURED},
        )
        for key in (*found.manifest.backbones, FINDINGS)
        for precision in precisions
    ]
    combinations: list[Combination] = []
    for allowed in (precisions, *([each] for each in precisions)):
        combination = _combine(found, trials, allowed)
        if combination and combination not in combinations:
            combinations.append(combination)
    fastest_first = sorted(combinations, key=lambda each: -each.speedup)
    return Precisions(processor=processor_name(), trials=trials, combinations=fastest_first)


def _reference(raw: RawOutputs, key: str) -> list[float]:
    return [float(value) for value in raw.logits] if key == FINDINGS else [raw.probabilities[key]]


def _difference(found: Measured, precision: Precision, key: str, split: str) -> Difference:
    rows = found.split == split
    exact, other = found.answers["f32"], found.answers[precision]
    if key == FINDINGS:
        return difference(exact.scores[rows], other.scores[rows], 0.5)
    column = list(found.manifest.backbones).index(key)
    return difference(
        exact.probabilities[rows, column],
        other.probabilities[rows, column],
        found.manifest.backbones[key].threshold,
        found.label[rows],
        other.heat[rows, column],
    )


def difference(
    exact: NDArray[np.float64],
    other: NDArray[np.float64],
    threshold: float,
    labels: NDArray[np.str_] | None = None,
    heat: NDArray[np.float64] | None = None,
) -> Difference:
    """How answers differ from those in float32.

    Args:
        exact: (n, ...), probabilities in float32.
        other: The same in another precision.
        threshold: From which on they are positive.
        labels: (n,), of the images, for ROC AUC; None without.
        heat: (n,), correlation of the heatmaps; NaN where there are none.
    """
    areas: dict[str, float] = {}
    if labels is not None:
        task = np.isin(labels, TASK)
        truth = labels[task] == "covid"
        areas["auc_change"] = roc_auc(truth, other[task]) - roc_auc(truth, exact[task])
    if heat is not None and np.isfinite(heat).any():
        areas["heat_correlation"] = float(np.nanmedian(heat))
        areas["lowest_heat_correlation"] = float(np.nanmin(heat))
    return Difference(
        images=len(exact),
        decisions=exact.size,
        flips=int(((exact >= threshold) != (other >= threshold)).sum()),
        largest_change=float(np.abs(exact - other).max()),
        **areas,
    )


def _combine(
    found: Measured, trials: Sequence[PrecisionTrial], allowed: Sequence[Faster]
) -> Combination | None:
    """The fastest choice of verified precisions that the ensemble bears by the same rule."""
    exact = _decide(found, {})
    for chosen in verified_choices(trials, allowed):
        other = _decide(found, chosen)
        splits = {
            split: difference(exact[rows], other[rows], found.svm.threshold, found.label[rows])
            for split in MEASURED
            for rows in [found.split == split]
        }
        if splits[CHOOSING_SPLIT].kept:
            return Combination(
                precisions=chosen,
                speedup=whole_speedup(trials, chosen),
                reference_probability=_decide_reference(found, chosen),
                splits=splits,
            )
    return None


def _decide(found: Measured, chosen: Mapping[str, Faster]) -> NDArray[np.float64]:
    """(n,), the ensemble's probabilities with networks in precisions of their own."""
    columns = [
        found.answers[chosen.get(key, "f32")].probabilities[:, column]
        for column, key in enumerate(found.manifest.backbones)
    ]
    scores = found.answers[chosen.get(FINDINGS, "f32")].scores
    features = np.column_stack([*columns, scores]).astype(np.float32)
    return np.asarray(found.svm.probabilities(features), dtype=np.float64)


def _decide_reference(found: Measured, chosen: Mapping[str, Faster]) -> float:
    probabilities = {
        key: found.reference[chosen.get(key, "f32")].probabilities[key] for key in found.manifest.backbones
    }
    logits = found.reference[chosen.get(FINDINGS, "f32")].logits
    points = found.manifest.findings.operating_points
    return found.svm.decide(ensemble_features(probabilities, logits, points)).probability


def processor_name() -> str:
    """The processor's name, as Linux has it; on other systems what Python says."""
    import platform

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
