"""When a server says that it could analyse, and what it says where it could not."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from core import readiness
from core.models.bundle.files import read_networks
from core.models.bundle.network_files import DIGESTS_FILE, bundle_sources, file_sha256
from core.models.gate_files import gate_source
from core.project import bundles_folder, gate_folder
from core.readiness import Readiness


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the shipped bundle, the gate, and a cache whose entries hold a word each."""
    for name, source in (("BUNDLES", bundles_folder()), ("GATE", gate_folder())):
        shutil.copytree(source, tmp_path / name)
        monkeypatch.setenv(f"THORAXLENS_{name}", str(tmp_path / name))
    monkeypatch.setenv("THORAXLENS_CACHE", str(tmp_path / "cache"))
    for source in (*bundle_sources(bundle(tmp_path)), gate_source(tmp_path / "GATE")):
        entry = tmp_path / "cache" / source.entry
        entry.mkdir(parents=True)
        (entry / "model.bin").write_text(source.key)
        (entry / DIGESTS_FILE).write_text(json.dumps({"model.bin": file_sha256(entry / "model.bin")}))
    return tmp_path


def bundle(server: Path) -> Path:
    return next(path for path in (server / "BUNDLES").iterdir() if path.is_dir())


def entry(server: Path, key: str) -> Path:
    return next((server / "cache").glob(f"{key}-[0-9a-f]*"))


def test_whole_files_are_ready_and_are_hashed_once(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = Readiness()
    assert checked.problem() is None
    monkeypatch.setattr(readiness, "_look", lambda: "looked again")
    assert checked.problem() is None
    os.utime(entry(server, "findings") / "model.bin", (0, 0))
    assert checked.problem() == "looked again"


@pytest.mark.parametrize("key", ["findings", "gate", "lungs"])
def test_a_network_that_is_not_prepared_is_named_until_it_is(server: Path, key: str) -> None:
    checked, folder = Readiness(), entry(server, key)
    folder.rename(server / "away")
    problem = checked.problem()
    assert problem and f": {key}; prepare" in problem and str(server / "cache") in problem
    (server / "away").rename(folder)
    assert checked.problem() is None


def test_a_damaged_entry_is_not_prepared(server: Path) -> None:
    checked = Readiness()
    assert checked.problem() is None
    (entry(server, "lungs") / "model.bin").write_text("other")
    assert "lungs" in str(checked.problem())


def test_a_bundle_that_is_not_whole_is_named(server: Path) -> None:
    checked, folder = Readiness(), bundle(server)
    weights = folder / read_networks(folder).findings.file
    weights.write_bytes(b"damaged")
    assert f"'{folder.name}'" in str(checked.problem())
    weights.unlink()
    assert "lacks" in str(checked.problem())


def test_a_damaged_bundle_beside_a_whole_one_keeps_nobody_waiting(server: Path) -> None:
    (server / "BUNDLES" / "a-damaged-one").mkdir()
    assert Readiness().problem() is None


def test_without_models_or_gate_nothing_is_ready(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(server / "GATE")
    assert "gate" in str(Readiness().problem())
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(server / "nowhere"))
    assert Readiness().problem() == f"There are no models in {server / 'nowhere'}."


def test_files_that_have_not_changed_are_not_hashed_again(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, look = [], readiness._look
    monkeypatch.setattr(readiness, "_look", lambda: looks.append(1) or look())
    checked = Readiness()
    assert checked.problem() is None and checked.problem() is None and len(looks) == 1
    shutil.rmtree(server / "GATE")
    assert "gate" in str(checked.problem()) and "gate" in str(checked.problem()) and len(looks) == 2
