"""A Ray cluster of two local nodes: rows as of one machine, a worker lost, and what is said without Ray."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.batch import cluster, crew
from core.batch.analyst import Analyst, Settings, identify
from core.batch.cluster import Worker, ray_engine
from core.batch.engine import Task
from core.errors import EngineError
from core.project import PROJECT
from tests.ray_nodes import NODES, address, workers_of

__all__ = ["address"]

FILES = 12


@pytest.fixture
def tasks(chests: dict[str, bytes], noise: bytes) -> list[Task]:
    """Chests, a picture that is refused, and a damaged one."""
    files = [*(list(chests.values()) * FILES)[:FILES], noise, noise[:500]]
    return [Task(place, f"{place}.png", str(place), data) for place, data in enumerate(files)]


def test_two_nodes_say_what_one_machine_says_though_a_worker_is_lost(
    address: str, random_bundle: Path, tasks: list[Task], tmp_path: Path, analyst_of: Callable[..., Analyst]
) -> None:
    with ray_engine(identify(random_bundle, ask_all=False), address) as engine:
        coming = engine(tasks)
        found = [next(coming)]
        running = workers_of(Worker, tmp_path)
        assert 1 <= len(running) <= NODES
        os.kill(running[0], signal.SIGKILL)  # with the files that it was given
        found += coming
    analyst = analyst_of()
    assert len(found) == len(tasks)
    for task, row in found:
        assert row | {"seconds": 0} == analyst.row(task.name, task.data) | {"seconds": 0}


def test_ray_is_told_not_to_report_its_use_before_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.setattr("importlib.import_module", lambda name: (name, os.environ["RAY_USAGE_STATS_ENABLED"]))
    assert crew._import_ray() == ("ray", "0")


def test_the_documentation_starts_ray_without_reports() -> None:
    text = (PROJECT / "docs/batch.md").read_text("utf-8")
    starts = [line for line in text.splitlines() if "/ray start" in line]
    assert starts and all(line.startswith("RAY_USAGE_STATS_ENABLED=0 ") for line in starts)


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
