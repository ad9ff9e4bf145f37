"""The lesson at hand: its step's text wherever one is, links that open pages, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.display.link import LESSON, SAMPLE, SECTIONS, STEP_NUMBER
from core.lessons.lesson import Link
from pages.components.lesson_links.lesson_links import lesson_links
from pages.widgets import in_hand, link

_AT_HAND, _TURNED = "lesson at hand", "steps by key"  # keys of the session
_STYLE = """
.st-key-lesson-bar > :has(.stExpander) { flex: 1 1 24rem; }
.st-key-lesson-bar [data-testid=stExpanderDetails] { max-height: 45vh; overflow-y: auto; }
@media (min-width: 641px) {
  :has(> .st-key-lesson-bar) { position: sticky; top: 3.75rem; z-index: 50; }
  .st-key-lesson-bar { padding-block: 0.25rem; background: Canvas; }
}
@media (max-width: 640px) {
  .st-key-lesson-bar > :has(.stExpander) { flex-basis: 100%; }
}
"""


@dataclass(frozen=True)
class Place:
    """Where somebody is in a lesson.

    Attributes:
        key: Of the lesson.
        title: Of it.
        number: Of the step, from 1.
        position: The same in words.
        heading: Of the step.
        text: Of the step, its figures filled in.
        links: In it.
        hint: What to look at on the page that was opened; empty before, or where the lesson says nothing.
    """

    key: str
    title: str
    number: int
    position: str
    heading: str
    text: str
    links: tuple[Link, ...]
    hint: str = ""


def text(place: Place) -> None:
    """A step's text, whose links open pages in this session and leave the lesson at hand."""
    followed = lesson_links([each.address for each in place.links])
    with st.container(key="lesson-text"):
        st.markdown(place.text)
    if followed is not None:
        _follow(place, place.links[followed])


def _follow(place: Place, chosen: Link) -> None:
    """Opens what a link says; files in hand stay in hand, also where a sample is looked at instead."""
    at_hand = Place(**(vars(place) | {"hint": chosen.hint}))
    st.session_state[_AT_HAND] = at_hand
    params = dict(chosen.params)
    if chosen.page == "analyse" and SAMPLE in params:
        in_hand.choose(params[SAMPLE])
    key = SECTIONS[chosen.page][chosen.section] if chosen.section else ""
    link.follow(chosen.page, params, key)


def bar() -> None:
    """The lesson at hand, if there is one: a line that unfolds to the step's text, and the way back."""
    place: Place | None = st.session_state.get(_AT_HAND)
    if place is None:
        return
    st.html(f"<style>{_STYLE}</style>")
    with st.container(key="lesson-bar", horizontal=True, vertical_alignment="top"):
        told = place.hint or place.heading
        with st.expander(f"**{place.title}**, {place.position.lower()}: {told}", icon=":material/school:"):
            text(place)
        back = st.button("Back to the lesson", icon=":material/arrow_back:", key="lesson back")
        st.button("Leave it", icon=":material/close:", key="lesson leave", on_click=leave)
    if back:
        link.follow("lessons", {LESSON: place.key, STEP_NUMBER: str(place.number)})


def leave() -> None:
    """No lesson is at hand any more."""
    st.session_state.pop(_AT_HAND, None)


def turn(by: int) -> None:
    """Remembers steps that a key asks for, until the page Lessons takes them."""
    st.session_state[_TURNED] = by


def turned() -> int:
    """Steps that a key has asked for, once."""
    return int(st.session_state.pop(_TURNED, 0))
