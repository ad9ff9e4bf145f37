"""Clicks that people make on Analyse and Compare, each with how long it took and how much it sent."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from streamlit.proto.Common_pb2 import DoubleArray, StringArray

if TYPE_CHECKING:
    from tests.visitor import Visitor

SAMPLES = "Or a sample: rendered phantoms, whose truth is known"
RATE, OWN_THRESHOLDS = "Wrong on at most", "Each model's own threshold"
AGAINST, ONE_POINT, POINT, INTERVALS = (
    "COVID-19 against",
    "One operating point for all",
    "Operating point",
    "Intervals",
)
ANALYSE, COMPARE = "", "compare"


@dataclass(frozen=True)
class Click:
    """A click to make.

    Attributes:
        name: Of its kind.
        widget: Id of what is clicked.
        value: What that holds from then on, as a field of the protocol's WidgetState.
    """

    name: str
    widget: str
    value: dict[str, object]


@dataclass(frozen=True)
class Made:
    """A click that was made.

    Attributes:
        name: Of the click.
        ms: From the message that asks for the run until the server says that it is over.
        sent_bytes: By the server, over the WebSocket.
    """

    name: str
    ms: float
    sent_bytes: int


def timed(visitor: Visitor, name: str, run: Callable[[], object]) -> Made:
    """Times a run, which has to end without an exception on the page."""
    start = time.perf_counter()
    run()
    ms = (time.perf_counter() - start) * 1000
    shown = {each.WhichOneof("type") for each in visitor.elements.values()}
    assert "exception" not in shown, f"{name}: the page shows an exception"
    return Made(name, ms, visitor.received_bytes)


def make(visitor: Visitor, click: Click) -> Made:
    """Makes a click."""
    return timed(visitor, click.name, lambda: visitor.click(click.widget, **click.value))


def analyse_clicks(visitor: Visitor) -> Iterator[Click]:
    """Clicks on Analyse, which is open, without end: samples in turn, thresholds, the third answer."""
    names = [each.content for each in visitor.widget("button_group", SAMPLES).options]
    while True:
        for name in (names[-1], names[0]):
            yield Click("Analyse: sample", visitor.widget("button_group", SAMPLES).id, _chosen(name))
            for on in (False, True):
                switch = visitor.widget("checkbox", OWN_THRESHOLDS).id
                yield Click("Analyse: threshold", switch, {"bool_value": on})
            for rate in ("10 %", "5 %"):
                yield Click("Analyse: third answer", visitor.widget("button_group", RATE).id, _chosen(rate))


def _chosen(name: str) -> dict[str, object]:
    return {"string_array_value": StringArray(data=[name])}


def compare_clicks(visitor: Visitor) -> Iterator[Click]:
    """Clicks on Compare, which is open, without end: another question and back, a switch, a new threshold."""
    yield Click("Compare: other", visitor.widget("checkbox", ONE_POINT).id, {"bool_value": True})
    for step in count():
        for against in ("Other pneumonia", "Normal"):
            box = visitor.widget("selectbox", AGAINST).id
            yield Click("Compare: question", box, {"string_value": against})
            for on in (False, True):
                switch = visitor.widget("checkbox", INTERVALS).id
                yield Click("Compare: switch", switch, {"bool_value": on})
        slider = visitor.widget("slider", POINT).id
        point = DoubleArray(data=[(7 * step % 98 + 1) / 100])
        yield Click("Compare: slider", slider, {"double_array_value": point})


def cpu_s(process_id: int) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def median(made: list[Made]) -> tuple[float, float]:
    """Median milliseconds, and median bytes."""
    return statistics.median(each.ms for each in made), statistics.median(each.sent_bytes for each in made)
