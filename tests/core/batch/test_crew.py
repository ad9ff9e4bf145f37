"""How files are given to workers of a cluster, and what becomes of those that are lost; without a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from core.batch import crew
from core.batch.analyst import Settings
from core.batch.cluster import ray_engine
from core.batch.columns import BatchRow
from core.batch.engine import Task
from core.errors import EngineError, ProcessLostError
from core.pool import AHEAD

CORES = 2
Run = Callable[[Iterable[Task]], list[tuple[Task, BatchRow]]]


class LostError(Exception):
    """What Ray raises of a worker that is gone."""


@dataclass(eq=False)
class Reference:
    """What a call on a worker gives back: its result, and whether it is a file's."""

    result: object
    row: bool


class Ray(SimpleNamespace):
    """As much of Ray as a batch needs; a file called `deadly` takes its worker down, a `bug` raises.

    Attributes:
        hired: How many workers there were.
        problem: What they say after loading.
        loads: How many of them get that far.
        most: Files that were out at the same time, at most.
    """

    def __init__(self) -> None:
        super().__init__(hired=0, problem=None, loads=100, most=0, out=0, tried=Counter())
        losses = dict.fromkeys(crew.LOSSES, LostError)
        self.exceptions = SimpleNamespace(**losses)

    def init(self, **settings: object) -> None: ...

    def shutdown(self) -> None: ...

    def put(self, kit: object) -> object:
        return kit

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(CORES)}

    def remote(self, **settings: object) -> Callable[[type], Any]:
        return lambda kind: SimpleNamespace(remote=self._hire)

    def _hire(self) -> SimpleNamespace:
        self.hired += 1
        dead: list[bool] = []

        def load(settings: Settings) -> object:
            self.loads -= 1
            return LostError() if self.loads < 0 else self.problem

        def row(name: str, data: bytes) -> object:
            self.tried[name] += 1
            self.out += 1
            self.most = max(self.most, self.out)
            if name == "bug":
                return ZeroDivisionError("a bug")
            dead.extend([True] * (name == "deadly"))
            return LostError() if dead else {"status": "answered", "gate": name}

        return SimpleNamespace(load=self._call(load), row=self._call(row))

    def _call(self, work: Callable[..., object]) -> SimpleNamespace:
        return SimpleNamespace(remote=lambda *given: Reference(work(*given), len(given) > 1))

    def wait(self, given: list[Any], num_returns: int, timeout: float) -> tuple[list[Any], list[Any]]:
        loads_first = sorted(given, key=lambda reference: reference.row)
        return loads_first[:num_returns], loads_first[num_returns:]

    def get(self, reference: Any) -> object:
        self.out -= reference.row
        if isinstance(reference.result, Exception):
            raise reference.result
        return reference.result


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> Ray:
    stand_in = Ray()
    monkeypatch.setattr(crew, "_import_ray", lambda: stand_in)
    return stand_in


@pytest.fixture
def run(ray: Ray, settings: Settings) -> Run:
    def answer(tasks: Iterable[Task]) -> list[tuple[Task, BatchRow]]:
        with ray_engine(settings, "auto") as engine:
            return list(engine(tasks))

    return answer


def named(*names: str) -> list[Task]:
    return [Task(place, name, name, b"") for place, name in enumerate(names)]


def test_every_file_gets_its_row_and_few_are_out_at_a_time(ray: Ray, run: Run) -> None:
    tasks = named(*(f"file{number}" for number in range(20)))
    assert {task.name: row["gate"] for task, row in run(tasks)} == {task.name: task.name for task in tasks}
    assert ray.hired == CORES and ray.most == AHEAD * CORES


def test_a_cluster_that_is_not_there_is_said(ray: Ray, settings: Settings) -> None:
    def fail(**settings: object) -> None:
        raise ConnectionError

    ray.init = fail
    with pytest.raises(EngineError, match="No Ray cluster answers at 'host:1'"):
        ray_engine(settings, "host:1").__enter__()


def test_without_files_nobody_is_hired(ray: Ray, run: Run) -> None:
    assert run([]) == [] and ray.hired == 0


def test_a_file_that_takes_workers_down_fails_and_the_others_are_tried_again(ray: Ray, run: Run) -> None:
    found = {task.name: row for task, row in run(named("a", "deadly", *(f"file{each}" for each in range(9))))}
    assert len(found) == 11 and found["deadly"]["status"] == "failed"
    assert "was lost 3 times" in found["deadly"]["error"] and ray.tried["deadly"] == crew.TRIES
    assert all(row["status"] == "answered" for name, row in found.items() if name != "deadly")
    assert ray.hired == CORES + crew.TRIES


def test_a_bug_ends_the_batch_and_names_the_file(run: Run) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run(named("a", "bug"))
    assert caught.value.__notes__ == ["This happened with the file bug, the batch's number 2."]


def test_a_worker_that_cannot_be_of_use_ends_the_batch_with_its_reason(ray: Ray, run: Run) -> None:
    ray.problem = "It has another bundle."
    with pytest.raises(EngineError, match="It has another bundle"):
        run(named("a"))


def test_one_worker_that_loads_is_enough(ray: Ray, run: Run) -> None:
    ray.loads = 1
    assert len(run(named("a", "b", "c"))) == 3


def test_without_any_worker_for_long_the_batch_ends(
    ray: Ray, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "PATIENCE_S", 0.0)
    ray.loads = 0
    with pytest.raises(ProcessLostError, match="No worker of the Ray cluster is ready"):
        run(named("a"))
