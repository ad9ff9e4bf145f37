"""A Ray cluster of two local nodes: rows as of one machine, a worker lost, and what is said without Ray."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.batch import cluster
from core.batch.analyst import Analyst, Settings, identify
from core.batch.cluster import ray_engine
from core.batch.engine import Task
from core.errors import EngineError

NODES = 2
FILES = 24


@pytest.fixture
def tasks(chests: dict[str, bytes], noise: bytes) -> list[Task]:
    """Chests, a picture that is refused, and a damaged one."""
    files = [*(list(chests.values()) * FILES)[:FILES], noise, noise[:500]]
    return [Task(place, f"{place}.png", str(place), data) for place, data in enumerate(files)]


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


def test_two_nodes_say_what_one_machine_says_though_a_worker_is_lost(
    address: str, random_bundle: Path, tasks: list[Task], tmp_path: Path, analyst_of: Callable[..., Analyst]
) -> None:
    with ray_engine(identify(random_bundle, ask_all=False), address) as engine:
        coming = engine(tasks)
        found = [next(coming)]
        running = workers(tmp_path)
        assert 1 <= len(running) <= NODES
        os.kill(running[0], signal.SIGKILL)  # with the files that it was given
        found += coming
    analyst = analyst_of()
    assert len(found) == len(tasks)
    for task, row in found:
        assert row | {"seconds": 0} == analyst.row(task.name, task.data) | {"seconds": 0}


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
