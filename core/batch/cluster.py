"""The engine of many machines: workers on a Ray cluster that is there already, each with a bundle of its own.

Files travel as bytes from the machine that runs the command, a few for each worker at a time, so workers need
no shared disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from core.batch.analyst import Analyst, Settings, identify, open_analyst
from core.batch.columns import BatchRow
from core.batch.crew import TRIES, Trade, connected, work_off
from core.batch.engine import Engine, Task, naming
from core.batch.rows import problem_row
from core.errors import BundleError, EngineError, ProcessLostError, ThoraxLensError
from core.pool import AHEAD
from core.project import bundles_folder

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
    trade: Trade[Task, BatchRow] = Trade(
        worker=Worker,
        kit=settings,
        ahead=AHEAD,
        give=lambda actor, task: actor.row.remote(task.name, task.data),
        lost=lambda task: problem_row(ProcessLostError(LOST)),
        naming=naming,
    )
    with connected(address) as ray:
        yield partial(work_off, ray, trade, workers)
