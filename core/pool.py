"""Work on several things at once: a few threads, and few of the things in memory."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

AHEAD = 2  # things in memory for each thread or worker: the one that it works on, and the next

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def work_on(
    things: Iterable[Thing], work: Callable[[Thing], Result], threads: int
) -> Generator[tuple[Thing, Result]]:
    """Works on things side by side. Whoever closes the iterator waits for those that were begun, no more.

    Args:
        things: Taken as the threads get to them.
        work: What is done with each; an error in it ends the work on all.
        threads: How many work.

    Yields:
        Each thing with what came of it, as it is done.
    """
    with ThreadPoolExecutor(threads) as pool:
        running: dict[Future[Result], Thing] = {}
        try:
            for thing in things:
                running[pool.submit(work, thing)] = thing
                if len(running) >= AHEAD * threads:
                    yield from _done(running)
            while running:
                yield from _done(running)
        finally:
            pool.shutdown(cancel_futures=True)


def _done(running: dict[Future[Result], Thing]) -> Iterator[tuple[Thing, Result]]:
    """Waits for at least one of the results, and takes those that are there out."""
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        yield running.pop(future), future.result()
