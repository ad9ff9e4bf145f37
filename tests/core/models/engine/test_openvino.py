"""The engine on a network small enough to build on the spot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openvino
import openvino.opset13 as operators
import pytest

from core.errors import EngineError
from core.models.bundle.files import file_sha256
from core.models.bundle.network_files import DIGESTS_FILE, NetworkSource, derived
from core.models.engine import openvino as engine
from core.models.engine.openvino import Network, load_network, prepare
from core.project import PROJECT, default_cache


@pytest.fixture
def source(tmp_path: Path) -> NetworkSource:
    return NetworkSource("toy", "backbone", tmp_path / "toy.safetensors", "a" * 64, 8, "average")


@pytest.fixture
def cache(tmp_path: Path, source: NetworkSource, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache that holds y = 2x + 1 and the sum of x for x (1, 8)."""
    folder = tmp_path / "cache"
    entry = folder / source.entry
    entry.mkdir(parents=True)
    x = operators.parameter([1, 8], np.float32)
    y = operators.add(operators.multiply(x, np.float32(2)), np.float32(1))
    model = openvino.Model([y, operators.reduce_sum(x, np.array([1]), keep_dims=True)], [x])
    openvino.save_model(model, entry / "model.xml", compress_to_fp16=False)
    digests = {file.name: file_sha256(file) for file in entry.iterdir()}
    (entry / DIGESTS_FILE).write_text(json.dumps(digests))
    monkeypatch.setenv("THORAXLENS_CACHE", str(folder))
    return folder


@pytest.fixture
def network(cache: Path, source: NetworkSource) -> Network:
    return load_network(cache / source.entry)


TOLD = """
import core.models.engine.openvino
from importlib.metadata import version
from openvino.tools.ovc.telemetry_utils import tm
version("openvino-telemetry")  # there is something to be silenced
print(tm.__name__)
"""


def test_nobody_is_told_that_it_runs(tmp_path: Path) -> None:
    """With the first import OpenVINO would report, and keep a number for this computer in the home folder."""
    # where CI is set it reports nothing anyway
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {
        "HOME": str(tmp_path)
    }
    command = [sys.executable, "-c", TOLD]
    said = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "openvino.tools.ovc.telemetry_stub"
    assert not list(tmp_path.iterdir())


def test_outputs_come_in_order(network: Network) -> None:
    doubled, total = network(np.ones((1, 8), np.float32))
    np.testing.assert_array_equal(doubled, np.full((1, 8), 3, np.float32))
    assert total.item() == 8 and doubled.dtype == np.float32


def test_threads_share_a_network(network: Network) -> None:
    def call(value: int) -> float:
        return float(network(np.full((1, 8), value, np.float32))[1].item())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(200))) == [8 * value for value in range(200)]


def test_wrong_shape_is_our_error(network: Network) -> None:
    with pytest.raises(EngineError, match="refused the image"):
        network(np.ones((1, 9), np.float32))


def test_prepared_networks_are_found_without_deriving(cache: Path, source: NetworkSource) -> None:
    assert prepare([source], ["/nowhere"]) == {"toy": cache / source.entry}


@pytest.mark.parametrize("damage", ["flipped", "missing", "digests"])
def test_damaged_entries_count_as_absent(cache: Path, source: NetworkSource, damage: str) -> None:
    entry = cache / source.entry
    assert derived(source, cache)
    if damage == "flipped":
        content = bytearray((entry / "model.bin").read_bytes())
        content[0] ^= 1
        (entry / "model.bin").write_bytes(content)
    elif damage == "missing":
        (entry / "model.xml").unlink()
    else:
        (entry / DIGESTS_FILE).write_text("[]")
    assert not derived(source, cache)


def test_entry_depends_on_all_that_the_graph_depends_on(source: NetworkSource) -> None:
    from dataclasses import replace

    changes = [
        {"sha256": "b" * 64},
        {"size_px": 9},
        {"pooling": "flatten"},
        {"kind": "findings"},
        {"key": "x"},
    ]
    entries = {source.entry, *(replace(source, **change).entry for change in changes)}
    assert len(entries) == 6
    assert replace(source, weights=Path("elsewhere")).entry == source.entry


def test_failed_derivation_says_why(
    tmp_path: Path, source: NetworkSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_CACHE", str(tmp_path / "empty"))
    with pytest.raises(
        EngineError, match=r"could not be prepared: The bundle 'gone' has no readable bundle\.json"
    ):
        prepare([source], [str(tmp_path / "gone")])


def test_unreadable_file_is_our_error(tmp_path: Path) -> None:
    (tmp_path / "model.xml").write_text("<html>")
    with pytest.raises(EngineError, match="cannot be compiled"):
        load_network(tmp_path)


def test_cache_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THORAXLENS_CACHE", "/elsewhere")
    assert default_cache() == Path("/elsewhere")
    monkeypatch.delenv("THORAXLENS_CACHE")
    assert default_cache().parts[-2:] == (".cache", "openvino")


@pytest.mark.parametrize(
    ("listed", "flags", "expected"),
    [
        (["FP32", "INT8"], {"avx2"}, {"f32"}),
        (["FP32", "INT8"], {"avx512_vnni"}, {"f32", "int8"}),
        (["FP32", "BF16", "INT8"], {"avx_vnni"}, {"f32", "bf16", "int8"}),
        (["FP32", "BF16"], set(), {"f32", "bf16"}),
    ],
)
def test_a_processor_computes_in_what_it_has_instructions_for(
    listed: list[str], flags: set[str], expected: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    core = SimpleNamespace(get_property=lambda device, name: listed)
    monkeypatch.setattr(engine, "_openvino", lambda: core)
    monkeypatch.setattr(engine, "_processor_flags", lambda: flags)
    engine.processor_precisions.cache_clear()
    try:
        assert engine.processor_precisions() == expected
    finally:
        engine.processor_precisions.cache_clear()
