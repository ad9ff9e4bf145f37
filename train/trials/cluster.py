"""Sources left out on many machines: workers on a Ray cluster that is there already teach lesson by lesson.

The images travel to each machine once, bases and rows as bytes, so workers need no shared disk. The project
itself has to be there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from core.batch.crew import TRIES, Trade, connected, work_off
from core.errors import EngineError, ProcessLostError
from core.evaluation.trials import LeftOutSources
from train.tools.progress import Report, Reporter
from train.trials.left_out import Classroom, Lesson, Teaching

AHEAD = 1  # lessons of a worker: they take long, and one that waits beside another could be elsewhere

Rows = tuple[LeftOutSources, ...]


class Teacher:
    """What runs on the cluster: one core, with the classroom that all lessons share."""

    def __init__(self) -> None:
        self._room: Classroom | None = None

    def load(self, room: Classroom) -> None:
        """Takes over what the lessons share."""
        self._room = room

    def teach(self, lesson: Lesson, base: bytes | None) -> Rows:
        """Teaches one lesson, with the weights of the base that its heads are put on."""
        if self._room is None:
            raise EngineError("The worker has no images.")
        with TemporaryDirectory() as name:
            folder, weights = Path(name), None
            if base is not None:
                weights = folder / f"{lesson.backbone}.base.safetensors"
                weights.write_bytes(base)
            quiet = Reporter(lambda title: lambda done, total: None, lambda sentence: None)
            return self._room.teach(lesson, weights, folder, quiet)


@dataclass(frozen=True)
class _Sent:
    """A lesson on its way to a worker."""

    lesson: Lesson
    base: Path | None

    @property
    def place(self) -> int:
        """Among all lessons."""
        return self.lesson.place


@contextmanager
def ray_teaching(
    address: str, report: Report, workers: int | None = None, worker: type = Teacher
) -> Iterator[Teaching]:
    """Teaching by workers on a Ray cluster, which are let go when the block ends. Its use is not reported.

    Args:
        address: The cluster's, or "auto" for the one that this machine belongs to.
        report: Told of each lesson that is done.
        workers: How many; None for as many as the cluster has cores.
        worker: Their class.

    Raises:
        EngineError: If Ray is not installed, or no cluster answers.
    """
    with connected(address) as ray:
        yield partial(_teach, ray, report, workers, worker)


def _teach(
    ray: Any,
    report: Report,
    workers: int | None,
    worker: type,
    room: Classroom,
    lessons: Sequence[Lesson],
    weights: Callable[[Lesson], Path | None],
) -> Iterator[tuple[Lesson, Rows]]:
    trade: Trade[_Sent, Rows] = Trade(worker, room, AHEAD, _send, _give_up, lambda sent: nullcontext())
    count = min(workers or int(ray.cluster_resources().get("CPU", 1)), len(lessons))
    sent = (_Sent(lesson, weights(lesson)) for lesson in lessons)
    for done, (each, rows) in enumerate(work_off(ray, trade, count, sent), start=1):
        report(f"{each.lesson}: done, {done} of {len(lessons)}")
        yield each.lesson, rows


def _send(actor: Any, sent: _Sent) -> Any:
    return actor.teach.remote(sent.lesson, sent.base.read_bytes() if sent.base else None)


def _give_up(sent: _Sent) -> NoReturn:
    raise ProcessLostError(
        f"The worker that taught {sent.lesson} was lost {TRIES} times, most likely for want of memory; what "
        "is measured is kept, so give the same command to go on."
    )
