"""The list of lessons, and one of them step by step, its answer hidden until somebody has answered."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.display.link import LESSON, STEP_NUMBER
from core.display.markdown import plain
from core.display.truth import RIGHT
from core.evaluation.record import TrackRecord
from core.lessons import words
from core.lessons.figures import Measured
from core.lessons.files import list_lessons
from core.lessons.lesson import Choice, Lesson, filled
from core.models.bundle.files import BundleListing
from core.models.bundle.manifest import BundleManifest
from pages.widgets import lesson_bar, link
from pages.widgets.compare.question import record

_ANSWERS = "lesson answers"  # key of the session
WIDTH_PX = 760  # of the text: some 90 letters a line


def lessons(listing: BundleListing) -> None:
    """The lesson that is chosen, or the list of all.

    Args:
        listing: Of the bundle whose figures the lessons name.
    """
    found = list_lessons()
    key = link.settle(LESSON, list(found.lessons), "")
    said = record(listing) if key else None
    if said and listing.manifest:
        keys = list(found.lessons)
        after = keys[keys.index(key) + 1 :]
        following = found.lessons[after[0]] if after else None
        _lesson(found.lessons[key], following, _measured(said.version, said, listing.manifest))
        return
    link.take(STEP_NUMBER)
    link.tell(**{LESSON: None, STEP_NUMBER: None})
    for problem in found.problems:
        st.warning(plain(problem), icon=":material/warning:")
    _list(list(found.lessons.values()))


@st.cache_resource(max_entries=4, show_spinner=False)
def _measured(version: str, _record: TrackRecord, _manifest: BundleManifest) -> Measured:
    """A bundle's figures, which are the same for everybody."""
    return Measured(_record, _manifest)


def _answers() -> dict[str, int]:
    """Which answer was given in this session, by lesson."""
    found: dict[str, int] = st.session_state.setdefault(_ANSWERS, {})
    return found


def _list(lessons: list[Lesson]) -> None:
    if not lessons:
        st.info(words.NONE, icon=":material/school:")
        return
    st.markdown(words.HOW)
    with st.container(width=WIDTH_PX, key="lesson-list"):
        for number, each in enumerate(lessons, start=1):
            with st.container(border=True, gap="xxsmall", key=f"lesson-card-{each.key}"):
                st.button(
                    f"**{number}. {plain(each.title)}**",
                    key=f"begin {each.key}",
                    type="tertiary",
                    on_click=_open,
                    args=(each.key,),
                )
                st.caption(words.entry(each, answered=each.key in _answers()))
    st.caption(words.FIGURES_FROM)


def _open(key: str) -> None:
    lesson_bar.leave()
    st.session_state[LESSON], st.session_state[STEP_NUMBER] = key, "1"


def _lesson(lesson: Lesson, following: Lesson | None, bundle: Measured) -> None:
    answered = lesson.key in _answers()
    number = _number(lesson)
    step = lesson.steps[number - 1]
    with st.container(width=WIDTH_PX, key="lesson"):
        st.markdown(f"## {plain(lesson.title)}")
        st.caption(words.position(lesson, number))
        last = number == len(lesson.steps)
        st.markdown(f"### {plain(step.heading)}")
        place = lesson_bar.Place(
            key=lesson.key,
            title=plain(lesson.title),
            number=number,
            position=words.position(lesson, number),
            heading=plain(step.heading),
            text=f"**{filled(step.text, bundle)}**" if last else filled(step.text, bundle),
            links=step.links,
        )
        lesson_bar.text(place)
        if number == lesson.asks_at:
            _ask(lesson, bundle)
        if last:
            st.markdown("### Sources")
            st.markdown(filled(lesson.sources.text, bundle))
        _turns(lesson, number, following, wait=number == lesson.asks_at and not answered)
        if filled(step.text, bundle) != step.text:
            st.caption(words.FIGURES_FROM)


def _number(lesson: Lesson) -> int:
    """The step that is shown, from 1; none behind a question that waits for its answer."""
    last = len(lesson.steps) if lesson.key in _answers() else lesson.asks_at
    options = [str(number) for number in range(1, len(lesson.steps) + 1)]
    number = int(link.settle(STEP_NUMBER, options, "1")) + lesson_bar.turned()
    number = min(max(number, 1), last)
    st.session_state[STEP_NUMBER] = str(number)
    link.tell(**{LESSON: lesson.key, STEP_NUMBER: None if number == 1 else str(number)})
    return number


def _ask(lesson: Lesson, bundle: Measured) -> None:
    """The answers to choose from; once one is given, whether it is right, and why."""
    choices = [
        replace(each, text=filled(each.text, bundle), why=filled(each.why, bundle)) for each in lesson.choices
    ]
    given = _answers().get(lesson.key)
    if given is None:
        _choose(lesson, choices)
        return
    for each in choices:
        st.markdown(f"- {f'**{each.text}** {RIGHT.icon}' if each.right else each.text}")
    right = next(each for each in choices if each.right)
    show = st.success if choices[given].right else st.warning
    for paragraph in words.judged(right, choices[given]):
        show(paragraph)
        show = st.success


def _choose(lesson: Lesson, choices: list[Choice]) -> None:
    key = f"answer {lesson.key}"
    chosen = st.radio(
        "Your answer", range(len(choices)), index=None, key=key, format_func=lambda at: choices[at].text
    )
    st.button(
        "Answer", type="primary", disabled=chosen is None, on_click=_answer, args=(lesson.key, chosen or 0)
    )


def _answer(key: str, chosen: int) -> None:
    _answers()[key] = chosen


def _turns(lesson: Lesson, number: int, following: Lesson | None, *, wait: bool) -> None:
    """Back, on, at the end to the lesson that follows, and to the list; the address to hand out."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Back", icon=":material/arrow_back:", disabled=number == 1, on_click=_turn, args=(number - 1,)
        )
        if number < len(lesson.steps):
            st.button(
                "Next",
                icon=":material/arrow_forward:",
                type="secondary" if wait else "primary",
                disabled=wait,
                on_click=_turn,
                args=(number + 1,),
                help="First answer the question." if wait else None,
            )
        elif following:
            st.button(
                f"Next lesson: {plain(following.title)}",
                icon=":material/arrow_forward:",
                type="primary",
                on_click=_open,
                args=(following.key,),
            )
        st.button("All lessons", icon=":material/list:", on_click=_close)
        link.offer("lessons")


def _turn(number: int) -> None:
    st.session_state[STEP_NUMBER] = str(number)


def _close() -> None:
    lesson_bar.leave()
    st.session_state[LESSON] = ""
