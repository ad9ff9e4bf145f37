"""A bundle's networks, and what they say about one image: the path of serving and evaluation alike."""

from __future__ import annotations

import statistics as summary
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.errors import EngineError
from core.gate.plausibility import statistics
from core.models.backbones import scale_pixels
from core.models.bundle.files import bundle_path, read_networks, verify_files
from core.models.bundle.manifest import NetworksManifest
from core.models.bundle.network_files import bundle_sources, network_name
from core.models.bundle.precisions import Precision
from core.models.engine.openvino import Network, load_network, prepare
from core.models.findings import findings_input, op_norm, sigmoid
from core.models.head import Head
from core.models.lungs import find_lungs
from core.preprocessing import network_input
from core.progress import Progress

COMPILED_AT_ONCE = 2  # networks; alone, each leaves a core idle for a part of the time


@dataclass(frozen=True, eq=False)
class Networks:
    """A bundle's networks, compiled; threads may share them.

    Attributes:
        manifest: The part of the manifest that describes them.
        backbones: By key, in the table's order.
        heads: Each backbone's head, for the heatmaps.
        findings: The stand-in that the ensemble is trained on.
        lungs: The lung network; None in a bundle without one.
        precisions: Of inference, by backbone key and "findings"; the lung network is always in float32.
    """

    manifest: NetworksManifest
    backbones: Mapping[str, Network]
    heads: Mapping[str, Head]
    findings: Network
    lungs: Network | None
    precisions: Mapping[str, Precision]


@dataclass(frozen=True, eq=False)
class RawOutputs:
    """What the networks say about one image, before anything is made of it.

    Attributes:
        probabilities: P(COVID-19) by backbone key, in the table's order.
        logits: (findings,), float32: the stand-in's raw outputs, in the order of `FINDINGS`.
        feature_maps: A, (h, w, channels), by backbone key: about 1.5 MB an image, so let go of them.
        statistics: For `plausibility.fit_limits`.
        lungs: (size, size), each place's probability of lung field; None without a lung network.
        seen: (size, size), float32 in [0, 1]: what the backbones were shown.
    """

    probabilities: dict[str, float]
    logits: NDArray[np.float32]
    feature_maps: dict[str, NDArray[np.float32]]
    statistics: dict[str, float]
    lungs: NDArray[np.float32] | None
    seen: NDArray[np.float32]


def load_networks(
    folder: Path, precisions: Mapping[str, Precision] | None = None, progress: Progress | None = None
) -> Networks:
    """Loads the networks of a bundle whose other files need not exist yet.

    Args:
        folder: The bundle's; its `bundle.json` holds at least what `NetworksManifest` names.
        precisions: Of inference, by backbone key and "findings"; float32 where nothing is said.
        progress: Called with a sentence and the share done in [0, 1] when files must be derived first.

    Raises:
        BundleError: If the manifest or a weight file is missing or damaged.
        EngineError: If the networks cannot be prepared.
    """
    manifest = read_networks(folder)
    verify_files(folder, manifest)
    return compile_networks(folder, manifest, precisions or {}, progress)


def compile_networks(
    folder: Path,
    manifest: NetworksManifest,
    precisions: Mapping[str, Precision],
    progress: Progress | None,
    *,
    side_by_side: bool = False,
) -> Networks:
    """The same, of files that have been verified.

    NumPy keeps to one thread from here on: the threads of its matrix products go on spinning for a
    while after each, on the cores that the next network needs (260 ms an analysis, instead of 190).
    """
    threadpool_limits(1, user_api="blas")
    used: dict[str, Precision] = {
        key: precisions.get(key, "f32") for key in (*manifest.backbones, "findings")
    }
    names = {network_name(key, precision) for key, precision in used.items()} | {"lungs"}
    sources = {each.name: each for each in bundle_sources(folder) if each.name in names}
    folders = prepare(list(sources.values()), [str(folder.resolve())], progress)
    heads = {backbone: manifest.backbones[backbone.key].parts[-1] for backbone in manifest.rows}
    files = {backbone: bundle_path(folder, head) for backbone, head in heads.items()}
    with ThreadPoolExecutor(COMPILED_AT_ONCE) as pool:
        keys = [sources[name].key for name in folders]
        load = partial(load_network, side_by_side=side_by_side)
        loaded = pool.map(load, folders.values(), [used.get(key, "f32") for key in keys])
        compiled = dict(zip(keys, loaded, strict=True))
    return Networks(
        manifest=manifest,
        backbones={each.key: compiled[each.key] for each in manifest.rows},
        heads={each.key: Head.from_file(file, manifest.pooling, each.pool) for each, file in files.items()},
        findings=compiled["findings"],
        lungs=compiled.get("lungs"),
        precisions=used,
    )


def exact_backbone(folder: Path, key: str) -> Network:
    """One backbone of a bundle in float32, whatever the others run in.

    Args:
        folder: The bundle's, whose files have been verified.
        key: Of the backbone.

    Raises:
        BundleError: If a file is missing.
        EngineError: If the network cannot be prepared.
    """
    source = next(each for each in bundle_sources(folder) if each.name == key)
    return load_network(prepare([source], [str(folder.resolve())])[source.name])


def raw_outputs(pixels: NDArray[np.float32], networks: Networks) -> RawOutputs:
    """Runs all networks on one image.

    Args:
        pixels: (height, width), float32 in [0, 1], bright where dense; margins that are to be cut are cut.
        networks: From `load_networks`, or a loaded bundle's.

    Raises:
        EngineError: If a network fails, or answers with something that is not a number.
    """
    manifest = networks.manifest
    seen = network_input(pixels, manifest.preprocessing)
    inputs = network_inputs(pixels, manifest, seen)
    feature_maps, probabilities = {}, {}
    for backbone in manifest.rows:
        features, probability = networks.backbones[backbone.key](inputs[backbone.key])
        feature_maps[backbone.key] = checked(features[0], backbone.name)
        probabilities[backbone.key] = float(checked(probability, backbone.name).item())
    (logits,) = networks.findings(inputs["findings"])
    return RawOutputs(
        probabilities=probabilities,
        logits=checked(logits[0], "The findings network"),
        feature_maps=feature_maps,
        statistics=statistics(pixels, feature_maps),
        lungs=_lungs(pixels, networks),
        seen=seen,
    )


def network_inputs(
    pixels: NDArray[np.float32], manifest: NetworksManifest, seen: NDArray[np.float32] | None = None
) -> dict[str, NDArray[np.float32]]:
    """What each backbone and the findings network are given of one image, by key and "findings".

    Args:
        pixels: As for `raw_outputs`.
        manifest: Of the bundle.
        seen: What `network_input` makes of them for the backbones, where that is known already.
    """
    grey = network_input(pixels, manifest.preprocessing) if seen is None else seen
    inputs = {each.key: scale_pixels(grey[np.newaxis], each.scale) for each in manifest.rows}
    return inputs | {"findings": findings_input(pixels, manifest.findings.preprocessing)}


def _lungs(pixels: NDArray[np.float32], networks: Networks) -> NDArray[np.float32] | None:
    if networks.lungs is None or networks.manifest.lungs is None:
        return None
    return checked(find_lungs(pixels, networks.lungs, networks.manifest.lungs.size_px), "The lung network")


def checked(values: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    """The same values.

    Raises:
        EngineError: Naming the network, if any of them is not a number.
    """
    if not np.isfinite(values).all():
        raise EngineError(f"{name} answers with values that are not numbers; restore the bundle's weights.")
    return values


def ensemble_features(
    probabilities: Mapping[str, float], logits: NDArray[np.float32], operating_points: Sequence[float]
) -> NDArray[np.float32]:
    """The ensemble's inputs.

    Args:
        probabilities: By backbone key, in the table's order.
        logits: (findings,), the stand-in's raw outputs.
        operating_points: As many probabilities, the stand-in's.

    Returns:
        (backbones + findings,), float32, in the order of `core.models.ensemble.input_names`.
    """
    scores = op_norm(sigmoid(logits), operating_points)
    return np.array([*probabilities.values(), *scores], dtype=np.float32)


def time_networks(networks: Networks, runs: int = 5) -> dict[str, float]:
    """How long each network takes for one image, on this machine, nothing else asked of it.

    Args:
        networks: The bundle's.
        runs: How many are timed, after one that warms up.

    Returns:
        Milliseconds, the median, by backbone key and "findings".

    Raises:
        EngineError: If a network fails.
    """
    manifest = networks.manifest
    side = manifest.preprocessing.size_px
    grey = np.linspace(0, 1, side * side, dtype=np.float32).reshape(side, side)
    inputs = network_inputs(grey, manifest)
    timed = {**networks.backbones, "findings": networks.findings}
    return {key: _median_ms(network, inputs[key], runs) for key, network in timed.items()}


def _median_ms(network: Network, batch: NDArray[np.float32], runs: int) -> float:
    network(batch)
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        network(batch)
        taken.append((time.perf_counter() - start) * 1e3)
    return summary.median(taken)
