"""How far to believe the maps, on the page Explain: the tests, by a click, and what they say."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.analysis import maps
from core.display import belief as words
from core.display.explain import CLASS_NAMES
from core.explain.belief import BeliefStep, put_to_the_test, rank_correlation, reference_maps
from core.explain.explainers import EXPLAINERS, METHOD_BY_KEY
from core.explain.method import Map
from core.looks import Look, Question
from pages.widgets.common import numbers_table, plot, refusals
from pages.widgets.explain import Looked, ask_on, looks, to_ask
from pages.widgets.explain_maps import known_maps

_BEGUN, _WANTED = "belief begun", "belief wanted"  # keys of the session


def belief(looked: Looked) -> None:
    """What is to be tested, the tests, and their verdict."""
    found = {key: heat for key, heat in known_maps(looked).items() if heat.any()}
    if not found:
        st.info(f"No method finds heat for {CLASS_NAMES[looked.covid]} here: there is nothing to test.")
        return
    question = Question(looked.picture, looked.model, looked.towards, f"belief in {','.join(found)}")
    kept = looks().kept(question)
    begun: Look[BeliefStep] | None = st.session_state.get(_BEGUN)
    if begun and begun.question != question:
        begun = None
    step = kept if isinstance(kept, BeliefStep) else begun.latest if begun else None
    st.markdown(words.ASKED)
    if step is None or step.done < step.total:
        _ask(looked, found, begun, question)
    agreements = {
        first: {second: rank_correlation(found[first], found[second]) for second in found if second != first}
        for first in found
    }
    _shown(looked, found, step, agreements)
    st.markdown(words.MISLEADS)


def _ask(looked: Looked, found: dict[str, Map], begun: Look[BeliefStep] | None, question: Question) -> None:
    if st.session_state.get(_WANTED) != question:
        st.button(
            "Go on testing" if begun else f"Test {len(found)} maps",
            icon=":material/play_arrow:",
            type="primary",
            on_click=_want,
            args=(question,),
        )
        return
    with refusals():
        if begun is None:
            closed = {each.key: each.heat for each in EXPLAINERS if each.key in found}
            subject = to_ask(looked, looked.model)
            begun = Look(question, put_to_the_test(subject, found, closed))
            st.session_state[_BEGUN] = begun
        ask_on(begun, "Testing the maps", _stop)
        st.session_state.pop(_WANTED, None)
        st.rerun()


def _shown(
    looked: Looked, found: dict[str, Map], step: BeliefStep | None, agreements: dict[str, dict[str, float]]
) -> None:
    if step is None:
        st.markdown(words.agreement_words(agreements))
        return
    everything = {**reference_maps(), **found}
    lungs = {key: maps.in_lungs(looked.analysis, heat) for key, heat in everything.items()}
    results = words.tested(step, lungs, agreements)
    ready = [key for key in results if key in METHOD_BY_KEY]
    for key in ready:
        st.markdown(words.verdict(key, results))
    st.markdown(words.agreement_words(agreements))
    if results:
        numbers_table(pd.DataFrame(words.belief_table(results)))
    columns = st.columns(2, gap="medium")
    towards = CLASS_NAMES[looked.covid]
    for column, which in zip(columns, ("deletion", "insertion"), strict=True):
        with column:
            st.markdown(f"**{which.capitalize()}**")
            plot(words.curves_figure(step, which, towards), f"belief-{which}")


def _want(question: Question) -> None:
    st.session_state[_WANTED] = question


def _stop() -> None:
    st.session_state.pop(_WANTED, None)
