"""Single images: where models differ, and where they are surest and wrong."""

from __future__ import annotations

import streamlit as st

from core.display import behind
from core.display import comparison_charts as charts
from core.display.drawn import settled
from core.display.link import FIRST, MISTAKES, PHANTOM_SET, SECOND
from core.evaluation.comparison import Answers, Question
from core.evaluation.mistakes import MAX_MISTAKES, decided_images, find_mistakes
from core.evaluation.record import TrackRecord
from core.vocabulary import PHANTOMS
from pages.widgets import link
from pages.widgets.common import chart
from pages.widgets.compare import pictures
from pages.widgets.compare.kept import kept
from pages.widgets.compare.marks import clicked_mark
from pages.widgets.compare.pictures import Sets
from pages.widgets.compare.question import asked


@st.fragment
def agreement(record: TrackRecord, question: Question, answers: Answers, images: Sets) -> None:
    """The matrix; below it the images that two models decide differently, which a click on a cell opens."""
    names = {each.key: each.name for each in answers.entrants if each.same_as is None}
    matrix = kept(lambda: settled(charts.agreement_chart(answers)), "agreement", record, question)
    keys = list(names)

    def below() -> None:
        with st.container(horizontal=True):
            first = link.choose(FIRST, "Images on which", names, keys[0])
            second = link.choose(SECOND, "differs from", names, keys[-1])
        differ = behind.disagreements(answers, first, second)
        if differ.places:
            pictures.behind(record, question, answers, images, differ, "differing", (first, second))
        else:
            st.info("They decide all of these images alike.", icon=":material/check:")

    chart(matrix, "agreement", below, on_select=_open_cell, selection_mode="points")


def _open_cell() -> None:
    """Chooses the two models whose cell was clicked."""
    clicked = clicked_mark("agreement")
    if clicked:
        st.session_state[FIRST], st.session_state[SECOND] = clicked


@st.fragment
def mistakes(record: TrackRecord, question: Question, answers: Answers, images: Sets) -> None:
    """The most confident mistakes of a model; where they have no pictures, those on phantoms as well."""
    st.header("Where were they surest, and wrong?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = link.choose(MISTAKES, "The mistakes of", own, next(iter(own)))
    if not find_mistakes(answers, shown):
        st.info(f"{own[shown]} classifies all of these images correctly.", icon=":material/check:")
    elif _mistakes(record, question, answers, images, shown):
        return
    if question.split == PHANTOMS:
        return
    if PHANTOMS not in images:
        st.caption(pictures.ABSENT)
        if st.button("Show mistakes on phantoms", icon=":material/image_search:", on_click=_want_phantoms):
            st.rerun()
        return
    st.markdown(f"**{own[shown]} on phantoms**, whose pictures and truth are at hand")
    on_phantoms = Question(PHANTOMS, threshold=question.threshold)
    said = asked(record, on_phantoms)
    if said and not _mistakes(record, on_phantoms, said, images, shown):
        st.info(f"{own[shown]} classifies correctly all phantoms measured so far.", icon=":material/check:")


def _mistakes(record: TrackRecord, question: Question, answers: Answers, images: Sets, model: str) -> bool:
    """Cards of the surest mistakes. Returns whether any has a picture."""
    places = find_mistakes(answers, model)[:MAX_MISTAKES]
    found = decided_images(record.predictions, answers, model, places, record.source_name)
    return pictures.cards(question, images, found, f"mistakes {question.split}")


def _want_phantoms() -> None:
    st.session_state[PHANTOM_SET] = True
