"""Measurements on the page Phantoms: begun by a click, stopped by another, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ThoraxLensError
from core.progress import time_left
from pages.widgets.common import refusals

Found = TypeVar("Found")
SAID_EVERY_S = 0.25
WAITS = "waits until the other one on this page is done or stopped"
_GOING = "measurements going on"  # key of the session
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Measurement(Generic[Found]):
    """What is to be measured.

    Attributes:
        key: Of the session.
        of: What it depends on: another one begins anew.
        wanted: How many steps there are.
        begin: Label of the button that begins it.
        unit: Of a step, in the plural.
        step: Measures one, by its number from 0; it may tell in between what it does.
        main: Whether it is what the page is for; else it is one thing more.
    """

    key: str
    of: object
    wanted: int
    begin: str
    unit: str
    step: Callable[[int, Tell], Found]
    main: bool = True


@dataclass
class Run(Generic[Found]):
    """A measurement, whole or begun.

    Attributes:
        of: As of `Measurement`.
        wanted: How many steps are to be done.
        found: Of the steps done so far.
        since: When it was last begun, on a clock that never goes back.
    """

    of: object
    wanted: int
    found: list[Found] = field(default_factory=list)
    since: float = 0.0


@dataclass(frozen=True)
class _Going:
    """A measurement that goes on once the page is drawn.

    Attributes:
        run: How far it is.
        asked: What is measured.
        bar: Says how far.
    """

    run: Run[Any]
    asked: Measurement[Any]
    bar: DeltaGenerator


@contextmanager
def in_turn() -> Iterator[None]:
    """Draws a page, then goes on with the measurement that was begun first; others wait, and say so."""
    going = st.session_state[_GOING] = []
    yield
    if going:
        first = min(going, key=lambda each: each.run.since)
        with refusals():
            _go_on(first.run, first.asked, first.bar)
            st.rerun()


def measured(asked: Measurement[Found]) -> list[Found]:
    """The button, or the bar of what it began, which goes on below `in_turn`; then what is measured so far.

    Args:
        asked: What is measured.
    """
    now: Run[Found] | None = st.session_state.get(asked.key)
    if now and now.of != asked.of:
        now = None
    with st.container(horizontal=True, vertical_alignment="center"):
        if now and len(now.found) < now.wanted:
            bar = st.progress(_share(now), f"{_count(now, asked)}: {WAITS}")
            label = "Stop, and keep what is measured"
            st.button(label, icon=":material/stop:", on_click=_stop, args=(now,), key=f"stop {asked.key}")
            st.session_state[_GOING].append(_Going(now, asked, bar))
        else:
            _offer(asked, len(now.found) if now else 0)
    return now.found if now else []


def _offer(asked: Measurement[Any], begun: int) -> None:
    """The button that begins it or goes on, while anything is left to measure."""
    if begun < asked.wanted:
        st.button(
            f"Go on: {begun} of {asked.wanted} {asked.unit} are done" if begun else asked.begin,
            icon=":material/play_arrow:",
            type="primary" if asked.main else "secondary",
            on_click=_begin,
            args=(asked.key, asked.of, asked.wanted),
        )


def _begin(key: str, of: object, wanted: int) -> None:
    now: Run[object] | None = st.session_state.get(key)
    if now is None or now.of != of:
        now = st.session_state[key] = Run(of, wanted)
    now.wanted, now.since = wanted, time.monotonic()


def _stop(now: Run[Found]) -> None:
    """What is measured stays."""
    now.wanted = len(now.found)


def _share(now: Run[Any]) -> float:
    return len(now.found) / now.wanted


def _count(now: Run[Any], asked: Measurement[Any]) -> str:
    return f"{len(now.found)} of {now.wanted} {asked.unit}"


def _go_on(now: Run[Found], asked: Measurement[Found], bar: DeltaGenerator) -> None:
    """The steps that are left; a click anywhere stops it between two of them."""
    before, start, said = len(now.found), time.monotonic(), 0.0
    wanted = now.wanted  # who stops wants no more than there is, while this run still ends its step
    bar.progress(_share(now), _count(now, asked))

    def tell(what: str) -> None:
        nonlocal said
        if time.monotonic() - said > SAID_EVERY_S:
            bar.progress(len(now.found) / wanted, f"{len(now.found)} of {wanted} {asked.unit}: {what}")
            said = time.monotonic()

    while (done := len(now.found)) < now.wanted:
        try:
            now.found.append(asked.step(done, tell))
        except ThoraxLensError:
            _stop(now)
            raise
        done += 1
        left = time_left(done - before, wanted - before, time.monotonic() - start)
        bar.progress(done / wanted, f"{done} of {wanted} {asked.unit}{left}")
