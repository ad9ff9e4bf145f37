"""What the gate says of a picture: in the place of the answer where it refuses, with the click that helps."""

from __future__ import annotations

import streamlit as st

from core.display.glossary import term
from core.display.guess import NOTHING_TO_GUESS
from core.display.markdown import plain
from core.gate import sentences as wording
from core.gate.way import AS_IT_IS, Way
from core.phantom.samples import Sample
from core.service import Case
from pages.widgets import guesses
from pages.widgets.in_hand import Source, insist, insisted, lay, picture_of, put_away, sample_of


def verdict(case: Case, source: Source) -> None:
    """What the gate says, if it refuses or has something to say; and how the picture was laid."""
    if case.verdict.refused:
        _refusal(case, source)
    elif case.verdict.hints:
        _hints(case, source)
    if case.way != AS_IT_IS:
        _undo(case, source)


def _refusal(case: Case, source: Source) -> None:
    sentence = plain(wording.refusal(case.verdict, case.header))
    asked = wording.ASKED_ALL_THE_SAME if case.analysis else wording.NOT_ASKED
    words, picture = st.columns([3, 2], gap="large") if case.small is not None else (st.container(), None)
    with words:
        st.error(f"**{plain(source.subject)}**: {sentence}\n\n{asked}", icon=":material/block:")
        if not case.analysis:
            _instead(case, source)
        with st.container(horizontal=True, vertical_alignment="center"):
            _helpful_click(case, source)
            st.session_state["insist switch"] = insisted(source)
            st.toggle(
                "Ask them all the same",
                key="insist switch",
                on_change=_switch_insist,
                args=(source,),
                help=term("insist"),
            )
    if picture and case.small is not None:
        with picture:
            st.image(
                case.small,
                caption=plain(source.subject),
                width="stretch",
                alt=f"The radiograph {source.subject}",
            )


def _instead(case: Case, source: Source) -> None:
    """What is said where nothing can be guessed and no answer follows."""
    if guesses.is_due(picture_of(source)):
        st.caption(NOTHING_TO_GUESS)
    sample = sample_of(source)
    if isinstance(sample, Sample) and case.way == AS_IT_IS:  # what is said of it is true as it was rendered
        st.caption(sample.description)


def _helpful_click(case: Case, source: Source) -> None:
    remedy = case.verdict.remedy
    if remedy:
        _lay_button(wording.remedy(remedy), case.way.then(remedy), source, primary=True)
    elif source.key:
        st.button(
            "Choose another",
            icon=":material/close:",
            type="primary",
            help="Puts this picture away, and looks at the one before it.",
            on_click=put_away,
            args=(source.key,),
        )


def _hints(case: Case, source: Source) -> None:
    st.warning("\n\n".join(wording.hints(case.verdict)), icon=":material/warning:")
    if "mirrored" in case.verdict.hints:
        _lay_button("Mirror it", case.way.then(Way(mirrored=True)), source)


def _undo(case: Case, source: Source) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(wording.laid(case.way))
        _lay_button("As the file has it", AS_IT_IS, source)


def _lay_button(name: str, way: Way, source: Source, *, primary: bool = False) -> None:
    st.button(
        name,
        icon=":material/undo:" if way == AS_IT_IS else ":material/auto_fix_high:",
        type="primary" if primary else "secondary",
        on_click=lay,
        args=(source, way),
    )


def _switch_insist(source: Source) -> None:
    insist(source, on=st.session_state["insist switch"])
