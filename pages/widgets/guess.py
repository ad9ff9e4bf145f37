"""Guess first: the radiograph alone with its three buttons, and what is said once one was pressed."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.analysis.results import Analysis
from core.display import guess as words
from core.display.guess import GUESSES, Guess
from core.display.markdown import plain
from core.once import once
from core.service import Case
from pages.widgets import guesses, link
from pages.widgets.analyse import radiograph
from pages.widgets.in_hand import Source, picture_of, truth_for


def is_due(source: Source) -> bool:
    """Whether the guess comes before everything that the models say."""
    return guesses.is_due(picture_of(source))


def ask(case: Case, analysis: Analysis, source: Source) -> None:
    """The radiograph without a word of the models', and the three guesses.

    Args:
        case: What was read.
        analysis: What the models say of it, of which nothing is sent.
        source: What is looked at.
    """
    st.markdown(f"## {plain(source.subject)}: {words.ASKED}")
    with st.container(key="asked"):  # on a phone the buttons stand at the lower end of the screen
        with st.container(horizontal=True, key="guess-row", vertical_alignment="center"):
            with st.container(horizontal=True, key="guesses", width="content"):
                for guess, name in GUESSES.items():
                    st.button(name, key=f"guess {guess}", on_click=_make, args=(guess, analysis, source))
            guesses.switch()
            link.offer("analyse", upload=not source.travels)
        with st.container(key="look"):
            radiograph(case, _without_answers(analysis), source)
    _tally()


@once
def _without_answers(analysis: Analysis) -> Analysis:
    return replace(analysis, readings=(), lungs=None)


def _make(guess: Guess, analysis: Analysis, source: Source) -> None:
    guesses.made()[picture_of(source)] = words.guessed(guess, analysis, truth_for(source, analysis))


def made(analysis: Analysis, source: Source) -> None:
    """What was guessed beside what is true and who agrees; nothing where nobody guesses."""
    if guesses.is_on() and (found := guesses.made().get(picture_of(source))):
        st.markdown(words.beside_the_answers(found.guess, analysis, truth_for(source, analysis)))
        _tally()


def _tally() -> None:
    if said := words.tally(guesses.made().values()):
        st.caption(said)
