"""Derives OpenVINO networks from a bundle's weights.

`python -m core.models.engine.derive BUNDLE [--cache FOLDER] [--json]`; `--all` for all bundles and the gate

A process of its own, because it needs Keras and torch, which an analysis never loads. It says how far it
is in words for people, and with `--json` in lines for the server that started it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import EngineError, ThoraxLensError
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.files import MANIFEST_FILE, file_sha256, list_bundles
from core.models.bundle.network_files import (
    DIGESTS_FILE,
    NetworkSource,
    bundle_sources,
    derived,
    official_source,
)
from core.models.engine.openvino import STORAGE_FAILED
from core.models.engine.report import Words, reporting
from core.models.gate_files import gate_source
from core.project import bundles_folder, default_cache, gate_folder

UNFINISHED = ".deriving-"  # what the folder of an entry that is not whole yet begins with
INTERRUPTED = 130  # the exit status of what Ctrl+C ended
ABANDONED_S = 3600.0  # a network takes seconds: what has lain so long was left by a process that was killed


def convert_backbone(source: NetworkSource) -> Any:
    """An `openvino.Model` of a backbone and its head.

    Input (1, size, size, 3), scaled; outputs the feature map A (1, h, w, channels) and the
    probability (1, 1), all float32.
    """
    from core.models.engine.keras import build_network

    network = build_network(BACKBONE_BY_KEY[source.key], source.size_px, source.pooling or "average")
    return _convert_keras(network, source)


def convert_lungs(source: NetworkSource) -> Any:
    """An `openvino.Model` of a lung network: (1, size, size, 1) in, probabilities of the same shape out."""
    from core.models.engine.keras import build_lungs

    return _convert_keras(build_lungs(source.size_px), source)


def convert_gate(source: NetworkSource) -> Any:
    """An `openvino.Model` of the gate: (1, size, size, 1) in, raw outputs and features out."""
    from core.models.engine.keras import build_gate

    return _convert_keras(build_gate(source.size_px, source.members), source)


def _convert_keras(network: Any, source: NetworkSource) -> Any:
    import openvino
    import tensorflow as tf

    from core.models.engine.keras import load_weights

    load_weights(network, *filter(None, (source.weights, source.head)))

    def answer(image: Any) -> Any:
        found = network(image, training=False)
        return tuple(found) if isinstance(found, list) else found

    signature = [tf.TensorSpec((1, *network.input_shape[1:]), tf.float32)]
    function = tf.function(answer, input_signature=signature)
    return openvino.convert_model(function.get_concrete_function())


def convert_findings(source: NetworkSource) -> Any:
    """An `openvino.Model` of a findings network: (1, 1, size, size) in, raw outputs (1, findings) out."""
    import openvino
    import torch

    from core.models.engine.keras import read_tensors
    from core.models.engine.torchxrayvision import load_findings_network, read_official_weights

    read = read_official_weights if source.kind == "official" else read_tensors
    network = load_findings_network(read(source.weights))
    example = torch.zeros(1, 1, source.size_px, source.size_px)
    with (
        torch.no_grad()
    ):  # without gradients, and without a second trace to check the first, a third of the time
        traced = torch.jit.trace(network, example, check_trace=False)  # type: ignore[no-untyped-call]
    return openvino.convert_model(traced, example_input=example, input=list(example.shape))


CONVERTERS = {
    "backbone": convert_backbone,
    "findings": convert_findings,
    "official": convert_findings,
    "lungs": convert_lungs,
    "gate": convert_gate,
}


def derive(source: NetworkSource, folder: Path) -> None:
    """Writes a network's entry into a cache, at once or not at all.

    Args:
        source: The network.
        folder: The cache.

    Raises:
        OSError: If the cache cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=UNFINISHED) as temporary:
        entry = Path(temporary) / source.entry
        entry.mkdir()
        _save(_round(source, folder) if source.ranges else _convert(source), entry)
        shutil.rmtree(folder / source.entry, ignore_errors=True)
        try:
            entry.replace(folder / source.entry)
        except OSError:  # another process was quicker, unless the entry is still not there
            if not derived(source, folder):
                raise


def _round(source: NetworkSource, folder: Path) -> Any:
    """An `openvino.Model` in int8, of the one in float32, which is derived first where it is not there."""
    import openvino

    from core.models.engine.int8 import quantise, read_ranges

    exact = source.exact
    if not derived(exact, folder):
        derive(exact, folder)
    model = openvino.Core().read_model(folder / exact.entry / "model.xml")
    quantise(model, read_ranges(source.ranges or Path()))
    return model


def _convert(source: NetworkSource) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the frameworks, about their own deprecations
        try:
            return CONVERTERS[source.kind](source)
        except OSError as error:
            raise EngineError(f"{source.weights.name} cannot be read ({error}); check the bundle.") from error


def _save(model: Any, entry: Path) -> None:
    import openvino
    from openvino._offline_transformations import compress_quantize_weights_transformation

    compress_quantize_weights_transformation(model)  # rounded weights are kept as int8
    try:
        openvino.save_model(model, entry / "model.xml", compress_to_fp16=False)
    except RuntimeError as error:
        raise OSError(f"{entry} cannot be written") from error
    digests = {path.name: file_sha256(path) for path in sorted(entry.iterdir())}
    (entry / DIGESTS_FILE).write_text(json.dumps(digests), encoding="utf-8")


def _name(source: NetworkSource) -> str:
    if source.ranges:
        return f"{_name(source.exact)} in int8"
    if source.kind == "backbone":
        return BACKBONE_BY_KEY[source.key].name
    return {"lungs": "the lung network", "gate": "the gate"}.get(source.kind, "the findings network")


def derive_missing(sources: Sequence[NetworkSource], folder: Path, report: Words | None = None) -> bool:
    """Derives what a cache lacks, and clears what killed processes left there.

    A network that cannot be derived ends its own bundle's turn, and no other's.

    Args:
        sources: The networks, of any number of bundles.
        folder: The cache.
        report: Hears of each step and each problem.

    Returns:
        Whether the cache holds them all now.

    Raises:
        OSError: If the cache cannot be written.
    """
    report = report or Words()
    _sweep(folder)
    missing = [source for source in sources if not derived(source, folder)]
    damaged: set[Path] = set()
    for index, source in enumerate(missing):
        if source.weights.parent in damaged or derived(source, folder):  # bundles may share a network
            continue
        report.step(f"Preparing {_name(source)} ({index + 1} of {len(missing)})", index / len(missing))
        try:
            with report.framework():
                derive(source, folder)
        except ThoraxLensError as error:
            report.problem(_problem(source, error))
            damaged.add(source.weights.parent)
    return not damaged


def _problem(source: NetworkSource, error: ThoraxLensError) -> str:
    if source.kind in ("official", "gate"):
        return str(error)
    return f"The bundle '{source.weights.parent.name}' is unusable: {error}"


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):  # another process may be sweeping too
            if time.time() - left.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)


def _bundles() -> list[Path]:
    """All folders with a manifest; training may be filling another."""
    listed = (each.folder for each in list_bundles(bundles_folder()))
    return [folder for folder in listed if (folder / MANIFEST_FILE).is_file()]


def _sources(bundles: Sequence[Path], gate: Path | None, report: Words) -> tuple[list[NetworkSource], bool]:
    """The networks of all bundles and of the gate that can be read, and whether all could."""
    sources: list[NetworkSource] = []
    whole = True
    readers = [partial(bundle_sources, bundle) for bundle in bundles]
    readers += [partial(_gate_sources, gate)] if gate else []
    for read in readers:
        try:
            sources += read()
        except ThoraxLensError as error:
            report.problem(str(error))
            whole = False
    return sources, whole


def _gate_sources(folder: Path) -> tuple[NetworkSource, ...]:
    return (gate_source(folder),)


def _prepare(options: argparse.Namespace, report: Words) -> bool:
    """Derives what the command line asks for; whether all of it is there now."""
    if options.official:
        sources, whole = [official_source(options.official)], True
    else:
        bundles = _bundles() if options.all else [options.bundle] if options.bundle else []
        gate = gate_folder() if options.all else options.gate
        sources, whole = _sources(bundles, gate, report)
    whole = derive_missing(sources, options.cache, report) and whole
    if whole and sources:
        report.step("All models are prepared", 1.0)
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m core.models.engine.derive", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("bundle", type=Path, nargs="?", help="the bundle's folder")
    what.add_argument("--all", action="store_true", help="every bundle that the app would find, and the gate")
    what.add_argument("--gate", type=Path, help="the gate's folder")
    what.add_argument("--official", type=Path, help="torchxrayvision's official weights")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="report in JSON, for another program")
    options = parser.parse_args(arguments)
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with reporting(options.json) as report:
        try:
            return 0 if _prepare(options, report) else 1
        except OSError as error:
            report.problem(
                f"The prepared models cannot be kept in {options.cache} ({error.strerror or error})."
            )
            return STORAGE_FAILED
        except KeyboardInterrupt:
            return INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
