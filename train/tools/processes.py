"""Processes that work beside this one, and end with it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

from core.errors import ProcessLostError

LOST = (
    "A process was ended, most likely for want of memory; close other programs, or have fewer networks learn "
    "beside each other (--at-once 1), and give the command again."
)

Result = TypeVar("Result")


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def side_by_side(
    function: Callable[..., Result],
    jobs: Sequence[tuple[Any, ...]],
    at_once: int,
    begin: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[tuple[int, Result]]:
    """Calls a function for each job, in processes of their own.

    Args:
        function: Of the module level.
        jobs: Its arguments.
        at_once: Processes.
        begin: Called once in each process, before any job.
        given: Its arguments.

    Yields:
        The place of a job and its result, in the order in which they are done.

    Raises:
        ProcessLostError: If a process ended in the middle of its job.
        Exception: The first that a job raises. The others are ended then, as when this one is interrupted.
    """
    others = set(active_children())
    waiting = iter(enumerate(jobs))
    running: dict[Future[Result], int] = {}
    workers = max(1, min(at_once, len(jobs)))
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (begin, given)) as pool:

        def start(count: int) -> None:
            running.update((pool.submit(function, *job), place) for place, job in islice(waiting, count))

        try:
            start(at_once)
            while running:
                for job in wait(running, return_when=FIRST_COMPLETED).done:
                    place, result = running.pop(job), job.result()
                    start(1)
                    yield place, result
        except BaseException as error:
            for process in set(active_children()) - others:
                process.terminate()
            if isinstance(error, BrokenProcessPool):
                raise ProcessLostError(LOST) from error
            raise


def _begin(begin: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts means the one that has started it
    end_with_parent()
    if begin is not None:
        begin(*given)


def end_with_parent() -> None:
    """Has this process, one of a pool, end at once when the one that has started it ends.

    It waits for work in a pipe that it holds open itself: once its parent is killed, it would wait for ever.
    """
    Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
