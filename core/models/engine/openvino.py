"""Inference with OpenVINO, on files derived once from a bundle's weights and kept in a cache.

Deriving needs Keras and torch, which an analysis must never load, so `core.models.engine.derive` runs in
a process of its own. Everything here works with files that it left behind.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import openvino
import openvino.properties as properties
import openvino.properties.hint as hints
from numpy.typing import NDArray

from core.errors import EngineError
from core.models.bundle.network_files import NetworkSource, derived
from core.models.bundle.precisions import Precision
from core.progress import Progress
from core.project import PROJECT, default_cache

STORAGE_FAILED = 3  # the exit status of core.models.engine.derive when the cache cannot be written
# What an int8 network does not round is float32.
_TYPES = {"f32": openvino.Type.f32, "bf16": openvino.Type.bf16, "int8": openvino.Type.f32}
_INT8_FLAGS = {"avx512_vnni", "avx_vnni", "amx_int8"}  # without them int8 saturates, and is no faster
_MADV_DONTNEED = 4
_ALL_CORES = {hints.performance_mode: hints.PerformanceMode.LATENCY}
_ONE_CORE = {properties.inference_num_threads: 1, properties.streams.num: 0}  # of 0, the caller's own thread
_starting = threading.Lock()


class Network:
    """A compiled network that any number of threads may call at once.

    The compiled model is shared; every call makes a request of its own, because one request
    shared by threads fails with "busy".
    """

    def __init__(self, compiled: openvino.CompiledModel) -> None:
        self._compiled = compiled

    def __call__(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """Runs the network once.

        Args:
            batch: (1, ...), float32, contiguous, of the network's input shape.

        Returns:
            Its outputs, float32, in the order of derivation.

        Raises:
            EngineError: If the shape is not the network's, or OpenVINO fails.
        """
        try:
            results = self._compiled.create_infer_request().infer([batch])
        except RuntimeError as error:
            raise EngineError(
                f"The inference engine refused the image ({_line(error)}); try again, or restart the server."
            ) from error
        return tuple(np.asarray(results[output], dtype=np.float32) for output in self._compiled.outputs)


def prepare(
    sources: Sequence[NetworkSource], command: Sequence[str], progress: Progress | None = None
) -> dict[str, Path]:
    """Makes sure that every network is derived, and says where.

    Args:
        sources: The networks.
        command: Arguments of `core.models.engine.derive` that derive them.
        progress: Called with a sentence and the share done in [0, 1].

    Returns:
        For each source's name, the folder that holds `model.xml`. It is in the cache, or, when the
        cache cannot be written, in a temporary folder that goes when the process ends.

    Raises:
        EngineError: If they cannot be derived.
    """
    found = _locate(sources, default_cache())
    for folder in (default_cache, _temporary_cache):
        if len(found) < len(sources) and _derive(command, folder(), progress):
            found |= _locate(sources, folder())
    if len(found) < len(sources):
        raise EngineError(
            "There is no room for the prepared models (about 500 MB); free disk space and restart."
        )
    return found


def _locate(sources: Sequence[NetworkSource], folder: Path) -> dict[str, Path]:
    with ThreadPoolExecutor(2) as pool:  # hashing 500 MB takes long enough for two cores
        whole = pool.map(lambda source: derived(source, folder), sources)
        return {
            source.name: folder / source.entry for source, found in zip(sources, whole, strict=True) if found
        }


@cache
def _temporary_cache() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="thoraxlens-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _derive(command: Sequence[str], folder: Path, progress: Progress | None) -> bool:
    """Runs core.models.engine.derive, passing its progress on; False when the folder cannot be written."""
    module = ["-m", "core.models.engine.derive"]
    arguments = [sys.executable, *module, *command, "--cache", str(folder), "--json"]
    problem = ""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as log,
        subprocess.Popen(arguments, cwd=PROJECT, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        for line in process.stdout or ():
            event = _event(line)
            problem = event.get("error", problem)
            if progress and "message" in event:
                progress(event["message"], float(event["done"]))
        status = process.wait()
        log.seek(0)
        problem = problem or log.read().strip().rpartition("\n")[2]
    if status not in (0, STORAGE_FAILED):
        raise EngineError(f"The models could not be prepared: {problem or f'exit status {status}'}")
    return status == 0


def _event(line: str) -> dict[str, str]:
    """One line of core.models.engine.derive; libraries that print there too are ignored."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def load_network(folder: Path, precision: Precision = "f32", *, side_by_side: bool = False) -> Network:
    """Compiles a derived network.

    Args:
        folder: Holds `model.xml` and `model.bin`; of a network with ranges where the precision is "int8".
        precision: Always set, since OpenVINO picks bfloat16 by itself where the processor has it.
        side_by_side: Whether each call keeps to one core, as suits many threads that call at once; else each
            takes all of them. The answers are the same to the last digit.

    Raises:
        EngineError: If OpenVINO cannot read or compile it.
    """
    settings = {hints.inference_precision: _TYPES[precision], **(_ONE_CORE if side_by_side else _ALL_CORES)}
    try:
        with _starting:
            engine = _openvino()
        compiled = engine.compile_model(folder / "model.xml", "CPU", settings)
    except RuntimeError as error:
        raise EngineError(f"{folder.name} cannot be compiled ({_line(error)}); delete {folder}.") from error
    _release_pages(folder / "model.bin")
    return Network(compiled)


@cache
def processor_precisions() -> frozenset[Precision]:
    """In what this processor computes at full speed: float32, bfloat16 and int8 where it has instructions."""
    found: set[Precision] = {"f32"}
    with _starting:
        if "BF16" in _openvino().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            found.add("bf16")
    if _INT8_FLAGS & _processor_flags():
        found.add("int8")
    return frozenset(found)


def _processor_flags() -> set[str]:
    """Names of instruction sets, as Linux has them; none on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())


@cache
def _openvino() -> openvino.Core:
    """The engine, with its bindings ready for threads.

    The first look at any tensor's data runs a C++ initialiser that needs the interpreter's lock. Two threads
    that take it at once can wait for each other for ever, each with one of the two in hand.
    """
    _ = openvino.Tensor(np.zeros(1, dtype=np.float32)).data
    return openvino.Core()


def _release_pages(weights: Path) -> None:
    """Hands the pages of a mapped weight file back: compiling has made a copy in its own layout.

    They would count as resident until memory runs short (350 MB of them). The mapping
    stays, so a later access reads the file again. Does nothing where there is no /proc.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    madvise = ctypes.CDLL(None).madvise
    for line in maps.read_text(encoding="utf-8").splitlines():
        if line.endswith(str(weights.resolve())):
            first, last = (int(address, 16) for address in line.split(" ", 1)[0].split("-"))
            madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), _MADV_DONTNEED)


def _line(error: Exception) -> str:
    """The last line of a message of OpenVINO, where the cause stands."""
    return str(error).strip().rpartition("\n")[2][:200]
