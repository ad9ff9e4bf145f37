"""Which files in hand are radiographs of one patient, in which order, and when they were taken."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import streamlit as st

from core.analysis.course import MAX_FILMS, Entry, Timeline, strangers, timeline
from core.display import course as words
from core.display.course import Film
from core.display.drawn import Drawn
from core.display.markdown import plain
from core.errors import DecoderError
from core.reading.decoder_pool import examine_isolated
from core.reading.examination import UNKNOWN, Examination
from pages.widgets.in_hand import tray, tries


@dataclass
class Memory:
    """What a session knows of its course.

    Attributes:
        secret: Key of the hash by which patients are compared.
        examinations: What files say of themselves, by their hash.
        member: By key in the tray, whether a file is of the patient.
        order: Keys in the tray, oldest first as the user has them.
        films: What was said of each picture, by its identity, without its day; no failures that may pass.
        stopped: Whether the user stopped the reading.
        drawn: A course, and its charts by which of its radiographs is on screen.
    """

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    examinations: dict[str, Examination] = field(default_factory=dict)
    member: dict[str, bool] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    films: dict[str, Film] = field(default_factory=dict)
    stopped: bool = False
    drawn: tuple[object, dict[str, tuple[Drawn, Drawn]]] | None = None


def memory() -> Memory:
    """The session's own."""
    found: Memory = st.session_state.setdefault("course", Memory())
    return found


def members() -> tuple[list[str], Timeline]:
    """Keys in the tray of the patient's radiographs, as the user has them, and when they were taken.

    Shows a row for each file in hand, with what is wrong with it.
    """
    mine = memory()
    examinations = {key: _examination(key) for key in tray().held}
    _admit(mine, examinations)
    keys = [key for key in mine.order if mine.member[key]][:MAX_FILMS]
    when = timeline([Entry(st.session_state.get(_day_key(key), ""), examinations[key]) for key in keys])
    _compare_patients(keys, examinations)
    with st.expander(
        "Which radiographs, and when they were taken",
        expanded=None in when.days or any(when.problems),
        icon=":material/event:",
    ):
        st.caption(words.HOW_TO_DATE)
        if when.mixed:
            st.warning(words.MIXED, icon=":material/warning:")
        for place in when.order:
            _member(keys[place], place, when)
        for key in mine.order:
            if key not in keys:
                _tick(key, "")
        if sum(mine.member.values()) > MAX_FILMS:
            st.warning(words.TOO_MANY, icon=":material/warning:")
    return keys, when


def forget_members() -> None:
    """From now on all files in hand are of the patient again, and are read."""
    memory().member.clear()
    memory().stopped = False


def _admit(mine: Memory, examinations: dict[str, Examination]) -> None:
    """All files are of the patient when the user says so; later ones are where they name the patient."""
    said = {key for key in mine.member if key in examinations}
    patients = {examinations[key].patient for key in said if mine.member[key]} - {""}
    for place, (key, examination) in enumerate(examinations.items()):
        mine.member.setdefault(key, examination.patient in patients if said else place < MAX_FILMS)
    for key in mine.member.keys() - examinations.keys():
        del mine.member[key]
    kept = [key for key in mine.order if key in examinations]
    mine.order = kept + [key for key in examinations if key not in kept]


def _examination(key: str) -> Examination:
    file, known = tray().held[key].file, memory().examinations
    if file is None:
        return UNKNOWN
    if file.sha256 not in known:
        with suppress(DecoderError):  # asked again when the page runs again, but not for ever
            known[file.sha256] = tries().read(
                f"header of {file.sha256}", partial(examine_isolated, file.data, memory().secret)
            )
    return known.get(file.sha256, UNKNOWN)


def _compare_patients(keys: list[str], examinations: dict[str, Examination]) -> None:
    named = [key for key in keys if examinations[key].patient]
    others = strangers([examinations[key] for key in named])
    names = [tray().held[key].name for key in named]
    if others:
        rest = [name for at, name in enumerate(names) if at not in others]
        st.warning(words.strangers_words([names[at] for at in others], rest), icon=":material/warning:")
    elif len(named) > 1:
        st.caption(words.SAME_PATIENT)


def _member(key: str, place: int, when: Timeline) -> None:
    """A radiograph of the patient: when it was taken, and what is wrong with that."""
    name, day = plain(tray().held[key].name), when.days[place]
    number = when.order.index(place) + 1
    with st.container(horizontal=True, vertical_alignment="center"):
        _tick(key, f"Day {day:g}" if when.to_scale else f"Radiograph {number}")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.text_input(
                f"Day or date of radiograph {number}",
                key=_day_key(key),
                placeholder="3 or 2026-03-17" if day is None else f"day {day:g}, by header",
                label_visibility="collapsed",
                persist_state="session",
                width=160,
            )
            st.button(
                f"No. {number} earlier",
                key=f"earlier {key}",
                icon=":material/arrow_upward:",
                on_click=_move_up,
                args=(key,),
                disabled=number == 1 or when.to_scale,
                help="The days order them." if when.to_scale else f"Puts {name} before the one above.",
            )
    if when.problems[place]:
        st.caption(f":material/warning: {name}: {when.problems[place]}")


def _tick(key: str, label: str) -> None:
    """Whether a file is of the patient."""
    name, state = plain(tray().held[key].name), f"member {key}"
    st.session_state[state] = memory().member[key]
    before = f":gray[{label}:] " if label else ""
    st.checkbox(f"{before}{name}", key=state, on_change=_switch, args=(key,), width="stretch")


def _day_key(key: str) -> str:
    return f"day of {key}"


def _switch(key: str) -> None:
    memory().member[key] = st.session_state[f"member {key}"]


def _move_up(key: str) -> None:
    """Before the one above that is of the patient, too."""
    mine = memory()
    place = mine.order.index(key)
    before = next(at for at in range(place - 1, -1, -1) if mine.member[mine.order[at]])
    mine.order.insert(before, mine.order.pop(place))
