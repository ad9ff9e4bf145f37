"""A table that fills by itself: every file once, stopped and resumed, and a bad file is a row like others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from core import filling as module
from core.analysis.load import Models
from core.display.picture import Picture
from core.display.wavelet import pack
from core.errors import DecoderError, RadiographError
from core.filling import Filling, Wanted
from core.gate.kinds import KINDS, TURNS
from core.gate.verdict import Verdict
from core.gate.way import AS_IT_IS, Way
from core.service import Case, File, Loaded, Reading
from tests.drawn_analysis import drawn_analysis

SECONDS = 30
PASSED = Verdict(KINDS[0], 0.9, 0.9, TURNS[0], 0.9, 0.0, 0.9, 0.0, 0.0, 0.5, (), ("mirrored",))
NO_PICTURE = Picture(pack(np.zeros((8, 8), np.uint8), 8, 1000), own=True)


class Reader:
    """A service that says of a file what its name asks for, once it may."""

    def __init__(self) -> None:
        self.read: list[tuple[str, bool]] = []
        self.begun = threading.Event()
        self.may = threading.Semaphore(1000)

    def read_among_many(self, file: File, loaded: Loaded, reading: Reading) -> Case:
        self.begun.set()
        assert self.may.acquire(timeout=SECONDS)
        self.read.append((file.name, reading.insist))
        if file.name.startswith("bad"):
            raise RadiographError("The file is damaged.")
        if file.name.startswith("busy") and len(self.read) < 3:
            raise DecoderError("The file takes too long.")
        if file.name.startswith("bug"):
            raise ZeroDivisionError("a bug")
        refused = file.name.startswith("knee")
        verdict = replace(PASSED, reasons=("unlike",), hints=()) if refused else PASSED
        analysis = None if refused and not reading.insist else replace(drawn_analysis(), verdict=verdict)
        return Case(file.name, NO_PICTURE, None, verdict, reading.way, (), analysis, b"small")


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def filling(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> Iterator[Filling]:
    monkeypatch.setattr(module, "HEAD_START_S", 0)
    made = Filling(reader)
    yield made
    made.end()
    reader.may.release(1000)
    until(lambda: not made.pace().running)


@pytest.fixture
def loaded(random_models: Models) -> Loaded:
    return SimpleNamespace(version="v", models=random_models)


def until(there: Callable[[], bool]) -> None:
    late = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < late
        time.sleep(0.005)


def files(*names: str) -> list[Wanted]:
    return [Wanted(str(place), File(name.encode(), name), Reading()) for place, name in enumerate(names)]


def whole(filling: Filling) -> bool:
    pace = filling.pace()
    return pace.done == pace.total and not pace.running


def test_every_file_becomes_a_row_once_and_bad_ones_say_why(
    filling: Filling, reader: Reader, loaded: Loaded, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = files("a", "bad", "knee", "bug", "b")
    filling.want(wanted, loaded, ask_all=False)
    until(lambda: whole(filling))
    rows = filling.rows()
    assert [row.cells["status"] for row in rows.values()] == [
        "answered",
        "unreadable",
        "refused",
        "failed",
        "answered",
    ]
    assert rows["0"].cells["ensemble_probability"] == 0.35 and rows["0"].thumbnail == b"small"
    assert rows["0"].cells["sha256"] == wanted[0].file.sha256 and rows["0"].cells["seconds"] >= 0
    assert rows["0"].notes[0].startswith("Left and right seem exchanged") and "Dim." in rows["0"].notes
    assert rows["1"].cells["error"] == "The file is damaged." and rows["3"].cells["error"] == module.NO_REASON
    assert "a bug" in caplog.text and rows["2"].unasked and not rows["0"].unasked
    filling.want(wanted, loaded, ask_all=False)
    assert not filling.pace().running and len(reader.read) == 5


def test_it_stops_after_the_row_in_work_and_goes_on_where_it_was(
    filling: Filling, reader: Reader, loaded: Loaded
) -> None:
    reader.may = threading.Semaphore(0)
    filling.want(files("a", "b", "c"), loaded, ask_all=False)
    assert filling.pace().running and filling.pace().seconds_left is None
    assert reader.begun.wait(SECONDS)
    filling.stop()
    reader.may.release(1000)
    until(lambda: not filling.pace().running)
    assert (filling.pace().done, filling.pace().total, len(reader.read)) == (1, 3, 1)
    assert filling.pace().seconds_left is not None
    filling.want(files("a", "b", "c"), loaded, ask_all=False)
    assert not filling.pace().running, "a page that runs again does not resume"
    filling.resume()
    until(lambda: whole(filling))
    assert [name for name, _ in reader.read] == ["a", "b", "c"]


def test_it_ends_with_its_session_and_goes_on_when_that_comes_back(
    filling: Filling, reader: Reader, loaded: Loaded
) -> None:
    reader.may = threading.Semaphore(0)
    filling.want(files("a", "b"), loaded, ask_all=False)
    assert reader.begun.wait(SECONDS)
    filling.end()
    reader.may.release(1000)
    until(lambda: not filling.pace().running)
    assert len(reader.read) == 1
    filling.want(files("a", "b"), loaded, ask_all=False)
    until(lambda: whole(filling))


def test_what_failed_is_tried_again_when_somebody_asks(
    filling: Filling, reader: Reader, loaded: Loaded
) -> None:
    filling.want(files("busy", "a"), loaded, ask_all=False)
    until(lambda: whole(filling))
    assert filling.pace().failed == 1
    filling.resume()
    until(lambda: whole(filling) and not filling.pace().failed)
    assert [name for name, _ in reader.read] == ["busy", "a", "busy"]


def test_refused_ones_alone_are_asked_all_the_same(filling: Filling, reader: Reader, loaded: Loaded) -> None:
    wanted = files("a", "knee")
    filling.want(wanted, loaded, ask_all=False)
    until(lambda: whole(filling))
    filling.want(wanted, loaded, ask_all=True)
    until(lambda: whole(filling))
    row = filling.rows()["1"]
    assert (
        row.cells["status"] == "refused" and row.cells["gate"] and row.cells["ensemble_probability"] == 0.35
    )
    filling.want(wanted, loaded, ask_all=False)
    assert filling.rows()["1"].unasked, "the refusal stands alone again"
    filling.want(wanted, loaded, ask_all=True)
    assert reader.read == [("a", False), ("knee", False), ("knee", True)]


def test_a_picture_that_is_laid_otherwise_is_read_again_and_what_is_put_away_is_forgotten(
    filling: Filling, reader: Reader, loaded: Loaded
) -> None:
    wanted = files("a", "b")
    filling.want(wanted, loaded, ask_all=False)
    until(lambda: whole(filling))
    turned = replace(wanted[0], reading=Reading(way=Way(quarters=1)))
    filling.want([turned], loaded, ask_all=False)
    until(lambda: whole(filling))
    assert list(filling.rows()) == ["0"] and len(reader.read) == 3
    filling.want(wanted, loaded, ask_all=False)
    until(lambda: whole(filling))
    assert [name for name, _ in reader.read] == ["a", "b", "a", "b"]
    assert wanted[0].reading.way == AS_IT_IS
