"""The sanity check on the page Explain: which maps change when what a network learnt is taken away."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.analysis import maps
from core.display import sanity as words
from core.display.link import METHOD
from core.explain.explainers import EXPLAINERS
from core.explain.gradient_process import GRADIENT
from core.explain.sanity import SanityStep, TogetherStep, check, check_together
from core.explain.together import weights_towards
from core.looks import Question
from core.vocabulary import ENSEMBLE
from pages.widgets import link
from pages.widgets.common import numbers_table, plot
from pages.widgets.explain import Asking, Looked, ask_by_click, ask_keras, known, seen


def sanity(looked: Looked) -> None:
    """What is done and why; by a click the check, and what it says."""
    question = Question(looked.picture, looked.model, looked.towards, "sanity")
    label = "Shuffle all five" if looked.model == ENSEMBLE else "Shuffle its weights from the top down"
    asking = Asking("sanity asked", label, "Sanity check", question)
    step: SanityStep | TogetherStep | None = known(asking)
    st.markdown(words.ASKED)
    if looked.model == ENSEMBLE:
        st.markdown(words.TOGETHER)
        weights = weights_towards(maps.added(looked.analysis), covid=looked.covid)
        ask_by_click(asking, lambda: check_together(seen(looked), ask_keras, weights, covid=looked.covid))
    else:
        ask_by_click(asking, lambda: check(seen(looked), ask_keras, looked.model, covid=looked.covid))
    if isinstance(step, TogetherStep):
        _together(step)
    elif step:
        said = words.sanity_words(step.depths)
        st.markdown(said)
        plot(words.sanity_figure(step.depths), "sanity", alt=said)
        numbers_table(pd.DataFrame(words.sanity_table(step.depths)))
    st.markdown(words.MISLEADS)


def _together(step: TogetherStep) -> None:
    """Each network's curve and the ensemble's, of one method; and the means of all methods."""
    said = words.sanity_words(step.together)
    st.markdown(said)
    keys = [*(each.key for each in EXPLAINERS), GRADIENT]
    methods = {key: words.method_name(key) for key in keys}
    method = link.choose_segment(METHOD, "Map by", methods, keys[0])
    plot(words.together_figure(step, method), "sanity together", alt=said or None)
    st.markdown("**Mean over all depths, as rank correlation with the trained map**")
    numbers_table(pd.DataFrame(words.together_table(step)))
