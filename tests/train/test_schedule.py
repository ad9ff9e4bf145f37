"""Networks that learn beside each other; whole runs of it are killed and resumed in test_interrupted."""

from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from threading import Thread

import pytest

from core.errors import DataError
from core.models.backbones import BACKBONES
from train import schedule as beside
from train.config import TINY
from train.run import Run
from train.tools.processes import side_by_side
from train.tools.progress import Tally


def test_every_network_is_learnt() -> None:
    assert sorted(beside.NETWORKS) == sorted([*(each.key for each in BACKBONES), "findings", "lungs"])


def test_what_the_processes_say_is_passed_on() -> None:
    said: list[object] = []
    bars: list[str] = []
    told = get_context("spawn").SimpleQueue()
    for _ in side_by_side(beside._say, [("one",), ("two",)], 1, beside._begin, (told, 1)):
        pass
    for message in (("VGG16: steps", 1, 2), ("VGG16: steps", 2, 2), None):
        told.put(message)
    beside._retell(spoken_to(said, bars), told)
    assert said == ["one", "two", ("VGG16: steps", 1, 2), ("VGG16: steps", 2, 2)]
    assert bars == ["VGG16: steps"]


def test_who_is_not_heard_does_not_wait() -> None:
    """Far more than a pipe holds: whoever puts it would wait for ever if nobody took it."""
    told = get_context("spawn").SimpleQueue()
    teller = Thread(target=teller_that_fails, args=(told,))
    teller.start()
    putter = Thread(target=put_much, args=(told,), daemon=True)
    putter.start()
    putter.join(20)
    assert not putter.is_alive()
    teller.join(20)
    assert not teller.is_alive()


def put_much(told: SimpleQueue) -> None:
    for _ in range(2_000):
        told.put("x" * 100)
    told.put(None)


def teller_that_fails(told: SimpleQueue) -> None:
    with pytest.raises(ZeroDivisionError):
        beside._retell(Run(Path(), TINY, None, "scratch", None, no_bar, lambda sentence: 1 // 0), told)


@pytest.mark.parametrize("at_once", [1, 2])
def test_an_error_of_ours_comes_back(tmp_path: Path, at_once: int) -> None:
    """There is no bundle whose bases could be taken, which only the first backbone finds out."""
    for name in ("findings", "lungs"):
        (tmp_path / f"{name}.json").write_text("{}", encoding="utf-8")
    run = Run(tmp_path, TINY, None, "bundled", None, no_bar, lambda sentence: None)
    with pytest.raises(DataError, match="no bundle to start from"):
        beside.learn(run, None, at_once)


def test_a_single_core_does_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, expected in ((1, 1), (2, 2), (16, 2)):
        monkeypatch.setattr(beside, "cores", lambda cores=cores: cores)
        assert beside.choose_at_once() == expected


def spoken_to(said: list[object], bars: list[str]) -> Run:
    def watch(title: str) -> Tally:
        bars.append(title)
        return lambda done, total: said.append((title, done, total))

    return Run(Path(), TINY, None, "scratch", None, watch, said.append)


def no_bar(title: str) -> Tally:
    return lambda done, total: None
