"""Networks that learn beside each other; whole runs of it are killed and resumed in test_interrupted."""

from multiprocessing import get_context
from pathlib import Path

import pytest

from core.backbones import BACKBONES
from core.errors import DataError
from train import beside
from train.config import TINY
from train.pipeline import Run


def test_every_network_is_learnt() -> None:
    assert sorted(beside.NETWORKS) == sorted([*(each.key for each in BACKBONES), "findings", "lungs"])


def test_what_the_processes_say_is_passed_on_and_no_sentence_twice() -> None:
    told = get_context("spawn").SimpleQueue()
    for message in ("left out 4", ("VGG16: steps", 1, 2), "left out 4", ("VGG16: steps", 2, 2), None):
        told.put(message)
    said: list[object] = []
    bars: list[str] = []

    def watch(title: str):  # type: ignore[no-untyped-def]
        bars.append(title)
        return lambda done, total: said.append((title, done, total))

    run = Run(Path(), TINY, None, "scratch", None, watch, said.append)
    beside._retell(run, told)
    assert said == ["left out 4", ("VGG16: steps", 1, 2), ("VGG16: steps", 2, 2)]
    assert bars == ["VGG16: steps"]


def test_an_error_of_ours_comes_back_from_a_process(tmp_path: Path) -> None:
    """There is no bundle whose bases could be taken, which only the processes find out."""
    run = Run(
        tmp_path, TINY, None, "bundled", None, lambda title: lambda done, total: None, lambda text: None
    )
    with pytest.raises(DataError, match="no bundle to start from"):
        beside.learn(run, None, at_once=2)
