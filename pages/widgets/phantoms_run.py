"""A measurement on the page Phantoms: begun by a click, stopped by another, and what is done stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import streamlit as st

from core.errors import ThoraxLensError
from core.progress import time_left
from pages.widgets.common import refusals

Found = TypeVar("Found")
SAID_EVERY_S = 0.25
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Measurement(Generic[Found]):
    """What is to be measured.

    Attributes:
        key: Of the session.
        of: What it hangs on: another one begins anew.
        wanted: How many steps there are.
        begin: Label of the button that begins it.
        unit: Of a step, in the plural.
        step: Measures one, by its number from 0; it may tell in between what it does.
    """

    key: str
    of: object
    wanted: int
    begin: str
    unit: str
    step: Callable[[int, Tell], Found]


@dataclass
class Run(Generic[Found]):
    """A measurement, whole or begun.

    Attributes:
        of: As of `Measurement`.
        wanted: How many steps are to be done.
        found: Of the steps done so far.
    """

    of: object
    wanted: int
    found: list[Found] = field(default_factory=list)


def measured(asked: Measurement[Found]) -> list[Found]:
    """The button, or what it began, with its progress; then what is measured so far.

    Args:
        asked: What is measured.
    """
    now: Run[Found] | None = st.session_state.get(asked.key)
    if now and now.of != asked.of:
        now = None
    begun = len(now.found) if now else 0
    if now and begun < now.wanted:
        with refusals():
            _go_on(now, asked)
            st.rerun()
    elif begun < asked.wanted:
        st.button(
            f"Go on: {begun} of {asked.wanted} {asked.unit} are done" if begun else asked.begin,
            icon=":material/play_arrow:",
            type="primary",
            on_click=_begin,
            args=(asked.key, asked.of, asked.wanted),
        )
    return now.found if now else []


def _begin(key: str, of: object, wanted: int) -> None:
    now: Run[object] | None = st.session_state.get(key)
    if now is None or now.of != of:
        now = st.session_state[key] = Run(of, wanted)
    now.wanted = wanted


def _stop(now: Run[Found]) -> None:
    """What is measured stays."""
    now.wanted = len(now.found)


def _go_on(now: Run[Found], asked: Measurement[Found]) -> None:
    """The steps that are left; a click anywhere stops it between two of them."""
    before, start, said = len(now.found), time.monotonic(), 0.0
    wanted = now.wanted  # who stops wants no more than there is, while this run still ends its step
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(before / wanted, f"{before} of {wanted} {asked.unit}")
        st.button("Stop, and keep what is measured", icon=":material/stop:", on_click=_stop, args=(now,))

    def tell(what: str) -> None:
        nonlocal said
        if time.monotonic() - said > SAID_EVERY_S:
            count = len(now.found)
            bar.progress(count / wanted, f"{count} of {wanted} {asked.unit}: {what}")
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
