"""How far to believe the maps, on the page Explain: the tests, by a click, and what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import streamlit as st

from core.analysis import maps, witnesses
from core.display import belief as words
from core.display.explain import CLASS_NAMES
from core.explain.belief import BeliefStep, put_to_the_test, rank_correlation, reference_maps
from core.explain.explainers import METHOD_BY_KEY
from core.explain.method import Map
from core.looks import Question
from core.vocabulary import ENSEMBLE
from pages.widgets.common import numbers_table, plot, service
from pages.widgets.explain import Asking, Looked, ask_by_click, known, seen, to_ask
from pages.widgets.explain_maps import known_maps


def belief(looked: Looked) -> None:
    """What is to be tested, the tests, and their verdict."""
    found = {key: heat for key, heat in known_maps(looked).items() if heat.any()}
    if not found:
        st.info(f"No method finds heat for {CLASS_NAMES[looked.covid]} here: there is nothing to test.")
        return
    if looked.model == ENSEMBLE and not witnesses.shown_alike(looked.bundle.models):
        st.info(words.SHOWN_ANOTHER)
        return
    question = Question(looked.picture, looked.model, looked.towards, f"belief in {','.join(found)}")
    asking = Asking("belief asked", f"Test {len(found)} maps", "Testing the maps", question)
    step: BeliefStep | None = known(asking)
    st.markdown(words.ASKED)
    if looked.model == ENSEMBLE:
        st.markdown(words.TOGETHER)
    ask_by_click(asking, lambda: _begin(looked, found))
    agreements = {
        first: {second: rank_correlation(found[first], found[second]) for second in found if second != first}
        for first in found
    }
    _shown(looked, found, step, agreements)
    st.markdown(words.MISLEADS)


def _begin(looked: Looked, found: dict[str, Map]) -> Iterator[BeliefStep]:
    if looked.model == ENSEMBLE:
        models, in_turn = looked.bundle.models, service().in_turn
        return put_to_the_test(
            witnesses.ensemble_witness(seen(looked), models, in_turn, covid=looked.covid), found
        )
    return put_to_the_test(witnesses.backbone_witness(to_ask(looked, looked.model)), found)


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
            said = words.curves_words(step, which)
            plot(words.curves_figure(step, which, towards), f"belief-{which}", alt=said)
    st.caption(words.BLANKS)
