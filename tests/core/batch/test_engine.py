"""Threads that make rows: all of them, each file's own, a few in memory at a time, and bugs by name."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from core.batch.engine import Task, local_engine, usable_cores
from core.pool import AHEAD
from tests.core.batch.conftest import Stub

THREADS = 2


def tasks(count: int, name: str = "file") -> list[Task]:
    return [Task(place, f"{name}{place}", f"key{place}", str(place).encode()) for place in range(count)]


def test_each_task_comes_back_with_its_own_row(stub: Stub) -> None:
    found = list(local_engine(stub, THREADS)(tasks(25)))
    assert sorted(task.place for task, _ in found) == list(range(25))
    assert all(row["gate"] == str(task.place) for task, row in found)


def test_only_a_few_files_are_in_memory_at_a_time(stub: Stub) -> None:
    held, most = 0, 0

    def coming() -> Iterator[Task]:
        nonlocal held, most
        for task in tasks(30):
            held += 1
            most = max(most, held)
            yield task

    for _ in local_engine(stub, THREADS)(coming()):
        held -= 1
    assert held == 0 and most <= AHEAD * THREADS + 1


def test_rows_are_made_side_by_side() -> None:
    meeting = threading.Barrier(THREADS)

    class Waiting:
        def row(self, name: str, data: bytes) -> dict[str, object]:
            meeting.wait(30)
            return {"status": "answered"}

    assert len(list(local_engine(Waiting(), THREADS)(tasks(2 * THREADS)))) == 2 * THREADS


def test_a_bug_ends_the_batch_and_names_the_file(stub: Stub) -> None:
    with pytest.raises(ZeroDivisionError, match="a bug") as caught:
        list(local_engine(stub, THREADS)([*tasks(3), Task(3, "bug.png", "k", b""), *tasks(50)]))
    assert caught.value.__notes__ == ["This happened with the file bug.png, the batch's number 4."]
    assert len(stub.asked) < 20


def test_who_stops_listening_stops_the_work(stub: Stub) -> None:
    rows = local_engine(stub, THREADS)(tasks(1000))
    next(rows)
    rows.close()
    assert len(stub.asked) <= AHEAD * THREADS


def test_a_core_is_a_core_that_may_be_used() -> None:
    assert usable_cores() >= 1
