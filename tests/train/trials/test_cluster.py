"""Sources left out on a Ray cluster: workers load once, teach as it is done here, and may be lost."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.errors import EngineError, ProcessLostError
from core.evaluation.trials import LeftOutSources, MeasuredAuc
from core.models.backbones import BACKBONES
from core.preprocessing import Preprocessing
from tests.ray_nodes import NODES, address, workers_of
from train.config import TINY
from train.data.images import Images
from train.data.records import Record
from train.trials import cluster
from train.trials.cluster import Teacher, ray_teaching
from train.trials.left_out import Classroom, Lesson, SourceTrial

__all__ = ["address"]

TRIAL = SourceTrial("a", "x")


def row_of(lesson: Lesson, positives: int) -> LeftOutSources:
    measured = MeasuredAuc(images=9, positives=positives, roc_auc=0.5, low=None, high=None)
    return LeftOutSources(
        model=lesson.backbone, base=lesson.base, covid_source="a", normal_source="x", measured=measured
    )


class Quick(Teacher):
    """Teaches nothing, and says how many images it has and which base it was sent."""

    loads = 0

    def load(self, room: Classroom) -> None:
        super().load(room)
        self.loads += 1

    def teach(self, lesson: Lesson, base: bytes | None) -> tuple[LeftOutSources, ...]:
        assert self._room is not None and self.loads == 1
        assert base == (None if lesson.base == "retrained" else lesson.backbone.encode())
        time.sleep(0.3)
        return (row_of(lesson, len(self._room.pool.records)),)


@pytest.fixture
def room() -> Classroom:
    records = [Record(f"{index}.png", "covid", "train", "a", str(index)) for index in range(7)]
    return Classroom(Images(np.zeros((7, 8, 8), np.uint8), records, Preprocessing()), TINY)


@pytest.fixture
def lessons() -> list[Lesson]:
    heads = [Lesson(place, each.key, each.key, "frozen", (TRIAL,)) for place, each in enumerate(BACKBONES)]
    return [*heads, Lesson(len(heads), "whole", BACKBONES[0].key, "retrained", (TRIAL,))]


def weights_in(folder: Path, lessons: Sequence[Lesson]) -> dict[int, Path | None]:
    """A file for each base that heads are put on; it holds the backbone's key."""
    found: dict[int, Path | None] = {}
    for each in lessons:
        file = folder / f"{each.backbone}.base"
        file.write_text(each.backbone)
        found[each.place] = None if each.base == "retrained" else file
    return found


def test_two_nodes_teach_every_lesson_though_a_worker_is_lost(
    address: str, room: Classroom, lessons: list[Lesson], tmp_path: Path
) -> None:
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the nodes know nothing of tests
    files, said = weights_in(tmp_path, lessons), []
    with ray_teaching(address, said.append, worker=Quick) as teaching:
        coming = teaching(room, lessons, lambda lesson: files[lesson.place])
        found = [next(coming)]
        running = workers_of(Quick, tmp_path)
        assert 1 <= len(running) <= NODES
        os.kill(running[0], signal.SIGKILL)
        found += coming
    taught = sorted(found, key=lambda each: each[0].place)
    assert taught == [(lesson, (row_of(lesson, 7),)) for lesson in lessons]
    assert len(said) == len(lessons) and said[-1].endswith(f"done, {len(lessons)} of {len(lessons)}")


def test_a_worker_teaches_what_is_taught_here(
    room: Classroom, lessons: list[Lesson], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    def measure(base, kind, pool, trials, training, tally):
        tally(1, 2)
        seen.append(base.weights.read_bytes())
        return (row_of(lessons[0], len(pool.records)),)

    monkeypatch.setattr("train.trials.left_out.measure_heads", measure)
    teacher = Teacher()
    with pytest.raises(EngineError, match="has no images"):
        teacher.teach(lessons[0], b"base")
    teacher.load(room)
    assert teacher.teach(lessons[0], b"base") == (row_of(lessons[0], 7),) and seen == [b"base"]


def test_a_lesson_that_takes_workers_down_says_what_to_do(lessons: list[Lesson]) -> None:
    with pytest.raises(ProcessLostError, match=r"taught VGG16 without a and x was lost 3 times"):
        cluster._give_up(cluster._Sent(lessons[-1], None))


def test_without_ray_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(EngineError, match="Ray is not installed"), ray_teaching("auto", print):
        pass
