"""Processes that work beside this one, and end with it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")


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
        Exception: The first that a job raises; what has begun is finished then, and nothing else begins.
    """
    with ProcessPoolExecutor(at_once, get_context("spawn"), _begin, (begin, given)) as pool:
        places = {pool.submit(function, *job): place for place, job in enumerate(jobs)}
        try:
            for job in as_completed(places):
                yield places[job], job.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(begin: Callable[..., None] | None, given: tuple[Any, ...]) -> None:
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
