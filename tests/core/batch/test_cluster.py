"""A Ray cluster of two local nodes: rows as of one machine, a worker lost, and what is said without Ray."""

from __future__ import annotations

import csv
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.batch import cluster
from core.batch.analyst import Settings
from core.batch.cluster import ray_engine
from core.batch.command import main
from core.errors import EngineError
from tests.core.batch.conftest import started

NODES = 2
FILES = 24


@pytest.fixture
def many(tmp_path: Path, chests: dict[str, bytes], noise: bytes) -> Path:
    """A folder of files that are all different, one of them refused, one damaged."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02d}.png").write_bytes(list(chests.values())[number % len(chests)])
    (folder / "noise.png").write_bytes(noise)
    (folder / "cut.png").write_bytes(noise[:500])
    return folder


@pytest.fixture
def address(random_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cluster of two nodes of one core each, which finds the random bundle."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(NODES - 1):
        nodes.add_node(num_cpus=1)
    try:
        yield nodes.address
    finally:
        nodes.shutdown()


def workers(home: Path) -> list[int]:
    """The processes of workers that run here now, of the cluster that was started with a home of its own."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            ours = f"HOME={home}\0".encode() in (process / "environ").read_bytes()
            if ours and (process / "cmdline").read_bytes().startswith(b"ray::Worker"):
                found.append(int(process.name))
    return found


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["file"]: {**row, "seconds": ""} for row in csv.DictReader(file)}


def test_two_nodes_say_what_one_machine_says_though_a_worker_is_lost(
    address: str, random_bundle: Path, many: Path, tmp_path: Path
) -> None:
    given = [str(many), "--bundle", random_bundle.name, "--out"]
    ray = ["--engine", "ray", "--ray-address", address]
    process = started([*given, str(tmp_path / "ray.csv"), *ray], tmp_path / "ray.csv.partial", rows=3)
    running = workers(tmp_path)
    assert 1 <= len(running) <= NODES
    os.kill(running[0], signal.SIGKILL)  # with the files that it was given
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3, said
    assert f"{FILES + 2} files: {FILES} answered, 1 refused by the gate, 1 not readable" in said
    assert main([*given, str(tmp_path / "local.csv")]) == 3
    assert rows(tmp_path / "ray.csv") == rows(tmp_path / "local.csv")


def test_a_cluster_that_is_not_there_is_said(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install -r requirements-ray.txt")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(EngineError, match="No Ray cluster answers at 'auto'"), ray_engine(settings, "auto"):
        pass


def test_without_ray_it_is_said_how_to_get_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match="Ray is not installed"), ray_engine(settings, "auto"):
        pass


def test_a_machine_with_another_bundle_says_so(
    random_bundle: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    problem = cluster.Worker().load(settings)
    assert problem and "has another bundle 'random', gate or findings network than this one" in problem
