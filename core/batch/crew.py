"""Workers on a Ray cluster that is there already: given work a few at a time, replaced when they are lost.

Ray is an optional extra, and is imported only where it is asked for. Its use is not reported.
"""

from __future__ import annotations

import importlib
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from core.errors import EngineError, ProcessLostError

TRIES = 3  # workers that a task may be given to, should it take them down with it
PATIENCE_S = 300.0  # without any worker that is ready
WAIT_S = 5.0
LOSSES = (
    "RayActorError",
    "WorkerCrashedError",
    "NodeDiedError",
    "OutOfMemoryError",
)  # of a worker, as Ray says

REPORTS = "RAY_USAGE_STATS_ENABLED"  # whether Ray tells its makers how it is used
MISSING = "Ray is not installed; install it with `pip install -r requirements-ray.txt` on every machine."
ALL_LOST = "No worker of the Ray cluster is ready; look at `ray status`, then give the same command to go on."


class Numbered(Protocol):
    """A task: it has a place among all of them."""

    @property
    def place(self) -> int:
        """From 0."""


Work = TypeVar("Work", bound=Numbered)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Trade(Generic[Work, Result]):
    """What workers do.

    Attributes:
        worker: Their class; `load(kit)` returns the reason, in a sentence, why one cannot be of use, or None.
        kit: What each of them loads once; it travels to each machine once.
        ahead: Tasks that one is given at a time: the one in work, and those that wait beside it.
        give: Sends a task to an actor of the class, and returns Ray's reference to the result.
        lost: The result of a task whose worker was lost so often; may raise.
        naming: Lets an error that leaves the block say which task it is about.
    """

    worker: type
    kit: object
    ahead: int
    give: Callable[[Any, Work], Any]
    lost: Callable[[Work], Result]
    naming: Callable[[Work], AbstractContextManager[None]]


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Ray, connected to a cluster until the block ends.

    Args:
        address: The cluster's, or "auto" for the one that this machine belongs to.

    Raises:
        EngineError: If Ray is not installed, or no cluster answers.
    """
    ray = _import_ray()
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError):
        raise EngineError(
            f"No Ray cluster answers at '{address}'; start one with `{REPORTS}=0 ray start --head`, or name "
            "another --ray-address."
        ) from None
    try:
        yield ray
    finally:
        ray.shutdown()


def _import_ray() -> Any:
    os.environ[REPORTS] = "0"
    try:
        return importlib.import_module("ray")
    except ImportError:
        raise EngineError(MISSING) from None


@dataclass(eq=False)
class _Hired:
    """A worker, whether it has loaded its kit, how many tasks it has, and whether one is to be alone."""

    actor: Any
    ready: bool = False
    tasks: int = 0
    alone: bool = False
    lost: bool = False


class _Crew(Generic[Work, Result]):
    """The workers, and what each of them has been given."""

    def __init__(self, ray: Any, trade: Trade[Work, Result], size: int) -> None:
        self._ray, self._trade, self._kit = ray, trade, ray.put(trade.kit)
        self._remote = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(trade.worker)
        self._hired: list[_Hired] = []
        self._loading: dict[Any, _Hired] = {}
        self._working: dict[Any, tuple[_Hired, Work]] = {}
        self._since = time.monotonic()
        self._losses = tuple(getattr(ray.exceptions, name) for name in LOSSES)
        for _ in range(size):
            self._hire()

    @property
    def busy(self) -> bool:
        """Whether anybody is at work."""
        return bool(self._working)

    def free(self, *, alone: bool) -> _Hired | None:
        """The worker with the fewest tasks, if it can have another one.

        Args:
            alone: Whether that has to be its only one.
        """
        most = 1 if alone else self._trade.ahead
        ready = [each for each in self._hired if each.ready and not each.alone and each.tasks < most]
        return min(ready, key=lambda each: each.tasks, default=None)

    def give(self, worker: _Hired, task: Work, *, alone: bool) -> None:
        """Sends a task to a worker, which gets no other one before that is done if it is to be alone."""
        worker.tasks, worker.alone = worker.tasks + 1, alone
        self._working[self._trade.give(worker.actor, task)] = worker, task

    def wait(self) -> Iterator[tuple[Work, Result | None]]:
        """Waits a while; gives back what was done, and with None what was lost with its worker.

        Raises:
            ThoraxLensError: If a worker cannot be of use, or no worker is ready for long.
        """
        given = [*self._working, *self._loading]
        done, _ = self._ray.wait(given, num_returns=1, timeout=WAIT_S) if given else ([], [])
        for reference in done:
            if reference in self._loading:
                self._take_on(reference)
            else:
                yield self._take_back(reference)
        if any(each.ready for each in self._hired):
            self._since = time.monotonic()
        elif time.monotonic() - self._since > PATIENCE_S:
            raise ProcessLostError(ALL_LOST)

    def _hire(self) -> None:
        worker = _Hired(self._remote.remote())
        self._hired.append(worker)
        self._loading[worker.actor.load.remote(self._kit)] = worker

    def _take_on(self, reference: Any) -> None:
        worker = self._loading.pop(reference)
        try:
            problem = self._ray.get(reference)
        except self._losses:
            self._replace(worker)
            return
        if problem:
            raise EngineError(problem)
        worker.ready = True

    def _take_back(self, reference: Any) -> tuple[Work, Result | None]:
        worker, task = self._working.pop(reference)
        worker.tasks, worker.alone = worker.tasks - 1, False
        try:
            with self._trade.naming(task):
                return task, self._ray.get(reference)
        except self._losses:
            self._replace(worker)
            return task, None

    def _replace(self, worker: _Hired) -> None:
        """Hires another one, unless loading its kit took the worker down where others are left."""
        if worker.lost:
            return
        worker.lost = True
        self._hired.remove(worker)
        if worker.ready or not self._hired:
            self._hire()


def work_off(
    ray: Any, trade: Trade[Work, Result], size: int | None, tasks: Iterable[Work]
) -> Iterator[tuple[Work, Result]]:
    """Gives tasks to workers as they get to them.

    Args:
        ray: From `connected`.
        trade: What the workers do.
        size: How many workers; None for as many as the cluster has cores.
        tasks: Taken from as workers are free.

    Yields:
        Each with its result, in the order in which they are done.

    Raises:
        ThoraxLensError: If a worker cannot be of use, or no worker is ready for long.
        Exception: What a worker raises.
    """
    coming = iter(tasks)
    waiting = deque(islice(coming, 1))
    if not waiting:
        return
    size = size or int(ray.cluster_resources().get("CPU", 1))
    crew, losses = _Crew(ray, trade, size), Counter[int]()
    while waiting or crew.busy:
        while waiting:
            again = waiting[0].place in losses  # then alone, or it could take others down with it
            worker = crew.free(alone=again)
            if worker is None:
                break
            crew.give(worker, waiting.popleft(), alone=again)
            waiting.extend(islice(coming, not waiting))
        for task, result in crew.wait():
            if result is not None:
                yield task, result
                continue
            losses[task.place] += 1
            if losses[task.place] < TRIES:
                waiting.append(task)
            else:
                yield task, trade.lost(task)
