"""Clicks that people make on Analyse and Compare, each with how long it took and how much it sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from streamlit.proto.Common_pb2 import DoubleArray, StringArray

from core.phantom.samples import list_samples

if TYPE_CHECKING:
    from tests.visitor import Visitor

SAMPLES = "Or a sample: rendered phantoms, whose truth is known"
DAY = "Radiograph of"
RATE, OWN_THRESHOLDS = "Wrong on at most", "Each model's own threshold"
AGAINST, ONE_POINT, POINT, INTERVALS = (
    "COVID-19 against",
    "One threshold for all",
    "Threshold",
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
    other = names[1]
    while True:
        for name in (other, names[0]):
            yield Click("Analyse: sample", visitor.widget("button_group", SAMPLES).id, _chosen(name))
            for on in (False, True):
                switch = visitor.widget("checkbox", OWN_THRESHOLDS).id
                yield Click("Analyse: threshold", switch, {"bool_value": on})
            for rate in ("10 %", "5 %"):
                yield Click("Analyse: third answer", visitor.widget("button_group", RATE).id, _chosen(rate))


def course_clicks(visitor: Visitor) -> Iterator[Click]:
    """Clicks on a patient over time, on Analyse, which is open, without end: from day to day."""
    series = next(each.series for each in list_samples() if each.series)
    yield Click("Over time: opened", visitor.widget("button_group", SAMPLES).id, _chosen(series))
    while True:
        for day in ("Day 3", "Day 7", "Day 14", "Day 0"):
            yield Click("Over time: day", visitor.widget("button_group", DAY).id, _chosen(day))
        switch = visitor.widget("checkbox", OWN_THRESHOLDS).id
        yield Click("Over time: threshold", switch, {"bool_value": True})


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
        for name in ("Agreement", "ROC"):
            yield Click("Compare: tab", visitor.tabs(), {"string_value": name})
        slider = visitor.widget("slider", POINT).id
        point = DoubleArray(data=[(7 * step % 98 + 1) / 100])
        yield Click("Compare: slider", slider, {"double_array_value": point})


def use(
    open_visitor: Callable[[], Visitor], users: int, seconds: float, pause_s: float
) -> tuple[list[Made], list[BaseException]]:
    """Has people use the app beside each other, every second one Analyse and the others Compare.

    Args:
        open_visitor: A browser for each.
        users: How many.
        seconds: For how long.
        pause_s: From when a page is there until its user clicks again.

    Returns:
        Their clicks, the first view of the page among them; and what went wrong.
    """
    made: list[Made] = []
    errors: list[BaseException] = []
    until = time.monotonic() + seconds

    def be(place: int) -> None:
        try:
            time.sleep(pause_s * place / users)
            with open_visitor() as visitor:
                page, clicks = ((ANALYSE, analyse_clicks), (COMPARE, compare_clicks))[place % 2]
                made.append(
                    timed(visitor, f"{page or 'analyse'}: opened".capitalize(), lambda: visitor.run(page))
                )
                for click in clicks(visitor):
                    if time.monotonic() + pause_s > until:
                        return
                    time.sleep(pause_s)
                    made.append(make(visitor, click))
        except BaseException as error:  # noqa: BLE001  # whatever it is, the caller has to see it
            errors.append(error)

    threads = [threading.Thread(target=be, args=(place,)) for place in range(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made, errors


def percentile(made: Sequence[Made], percent: int) -> float:
    """Milliseconds within which that share of the clicks was answered."""
    times = sorted(each.ms for each in made)
    return times[min(len(times) * percent // 100, len(times) - 1)]
