"""The engine of many machines: workers on a Ray cluster that is there already, each with a bundle of its own.

Files travel as bytes from the machine that runs the command, a few for each worker at a time, so workers need
no shared disk. Ray is an optional extra, and is imported only where it is asked for.
"""

from __future__ import annotations

import importlib
import os
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from core.batch.analyst import Analyst, Settings, identify, open_analyst, problem_row
from core.batch.columns import BatchRow
from core.batch.engine import Engine, Task, naming
from core.errors import BundleError, EngineError, ProcessLostError, ThoraxLensError
from core.pool import AHEAD
from core.project import bundles_folder

TRIES = 3  # workers that a file may be given to, should it take them down with it
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
LOST = f"The worker that had the file was lost {TRIES} times; give the same command to try again."


class Worker:
    """What runs on the cluster: one core, with a bundle of its own, which lies on its machine."""

    def __init__(self) -> None:
        self._analyst: Analyst | None = None

    def load(self, settings: Settings) -> str | None:
        """Loads the bundle; the reason, in a sentence, why it cannot be of use."""
        folder = bundles_folder() / settings.bundle
        try:
            here = identify(folder, ask_all=settings.ask_all, precision=settings.choice)
            if here != settings:
                raise BundleError(
                    f"A machine of the Ray cluster has another bundle '{settings.bundle}', gate or findings "
                    "network than this one; give all of them the same."
                )
            self._analyst = open_analyst(folder, settings, threads=1)
        except ThoraxLensError as error:
            return str(error)
        return None

    def row(self, name: str, data: bytes) -> BatchRow:
        """One file's row, once the bundle is loaded."""
        if self._analyst is None:
            raise EngineError("The worker has no bundle.")
        return self._analyst.row(name, data)


@contextmanager
def ray_engine(settings: Settings, address: str, workers: int | None = None) -> Iterator[Engine]:
    """An engine of workers on a Ray cluster, which are let go when the block ends. Its use is not reported.

    Args:
        settings: The batch's; its bundle has to be on every machine.
        address: The cluster's, or "auto" for the one that this machine belongs to.
        workers: How many; None for as many as the cluster has cores.

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
        count = workers or int(ray.cluster_resources().get("CPU", 1))
        yield partial(_answer, ray, settings, count)
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
    """A worker, whether it has loaded the bundle, how many files it has, and whether one is to be alone."""

    actor: Any
    ready: bool = False
    files: int = 0
    alone: bool = False
    lost: bool = False


class _Crew:
    """The workers of one batch, and what each of them has been given."""

    def __init__(self, ray: Any, settings: Settings, size: int) -> None:
        self._ray, self._settings = ray, settings
        self._remote = ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(Worker)
        self._hired: list[_Hired] = []
        self._loading: dict[Any, _Hired] = {}
        self._reading: dict[Any, tuple[_Hired, Task]] = {}
        self._since = time.monotonic()
        self._losses = tuple(getattr(ray.exceptions, name) for name in LOSSES)
        for _ in range(size):
            self._hire()

    @property
    def busy(self) -> bool:
        """Whether anybody reads a file."""
        return bool(self._reading)

    def free(self, *, alone: bool) -> _Hired | None:
        """The worker with the fewest files, if it can have another one.

        Args:
            alone: Whether that has to be its only one.
        """
        most = 1 if alone else AHEAD
        ready = [each for each in self._hired if each.ready and not each.alone and each.files < most]
        return min(ready, key=lambda each: each.files, default=None)

    def give(self, worker: _Hired, task: Task, *, alone: bool) -> None:
        """Sends a file to a worker, which gets no other one before that is done if it is to be alone."""
        worker.files, worker.alone = worker.files + 1, alone
        self._reading[worker.actor.row.remote(task.name, task.data)] = worker, task

    def wait(self) -> Iterator[tuple[Task, BatchRow | None]]:
        """Waits a while; gives back what was done, and with None what was lost with its worker.

        Raises:
            ThoraxLensError: If a worker cannot be of use, or no worker is ready for long.
        """
        given = [*self._reading, *self._loading]
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
        self._loading[worker.actor.load.remote(self._settings)] = worker

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

    def _take_back(self, reference: Any) -> tuple[Task, BatchRow | None]:
        worker, task = self._reading.pop(reference)
        worker.files, worker.alone = worker.files - 1, False
        try:
            with naming(task):
                return task, self._ray.get(reference)
        except self._losses:
            self._replace(worker)
            return task, None

    def _replace(self, worker: _Hired) -> None:
        """Hires another one, unless loading the bundle took the worker down where others are left."""
        if worker.lost:
            return
        worker.lost = True
        self._hired.remove(worker)
        if worker.ready or not self._hired:
            self._hire()


def _answer(
    ray: Any, settings: Settings, size: int, tasks: Iterable[Task]
) -> Iterator[tuple[Task, BatchRow]]:
    coming = iter(tasks)
    waiting = deque(islice(coming, 1))
    if not waiting:
        return
    crew, losses = _Crew(ray, settings, size), Counter[int]()
    while waiting or crew.busy:
        while waiting:
            again = waiting[0].place in losses  # then alone, or it could take others down with it
            worker = crew.free(alone=again)
            if worker is None:
                break
            crew.give(worker, waiting.popleft(), alone=again)
            waiting.extend(islice(coming, not waiting))
        for task, row in crew.wait():
            if row is not None:
                yield task, row
                continue
            losses[task.place] += 1
            if losses[task.place] < TRIES:
                waiting.append(task)
            else:
                yield task, problem_row(ProcessLostError(LOST))
