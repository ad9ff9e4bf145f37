"""Where rows are made: what every engine is, and the one of this machine, whose threads share a bundle."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.batch.analyst import Analyst
from core.batch.columns import BatchRow
from core.pool import work_on


@dataclass(frozen=True, eq=False)
class Task:
    """A file that is to become a row.

    Attributes:
        place: In the table, from 0.
        name: The file's, without its folders.
        key: Tells it from files of other content or name.
        data: All of it.
    """

    place: int
    name: str
    key: str
    data: bytes


# Takes tasks as it gets to them, and gives each back with its row as it is done.
Engine = Callable[[Iterable[Task]], Iterator[tuple[Task, BatchRow]]]


def usable_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1


def local_engine(analyst: Analyst, threads: int) -> Engine:
    """An engine of threads, each of which keeps a core busy, while the decoders beside it take turns with it.

    A file whose row cannot be made for any other reason than one of our own errors ends the batch with that
    error, which then names the file.

    Args:
        analyst: For all of them.
        threads: How many.
    """

    def answer(task: Task) -> BatchRow:
        with naming(task):
            return analyst.row(task.name, task.data)

    return lambda tasks: work_on(tasks, answer, threads)


@contextmanager
def naming(task: Task) -> Iterator[None]:
    """Lets an error that leaves the block say which file it is about."""
    try:
        yield
    except Exception as error:
        error.add_note(f"This happened with the file {task.name}, the batch's number {task.place + 1}.")
        raise
