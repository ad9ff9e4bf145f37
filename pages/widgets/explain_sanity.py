"""The sanity check on the page Explain: which maps change when what a network learnt is taken away."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.display import sanity as words
from core.explain.sanity import SanityStep, check
from core.looks import Question
from pages.widgets.common import numbers_table, plot
from pages.widgets.explain import Asking, Looked, ask_by_click, ask_keras, known, seen


def sanity(looked: Looked) -> None:
    """What is done and why; by a click the check, and what it says."""
    question = Question(looked.picture, looked.model, looked.towards, "sanity")
    asking = Asking("sanity asked", "Shuffle its weights from the top down", "Sanity check", question)
    step: SanityStep | None = known(asking)
    st.markdown(words.ASKED)
    ask_by_click(asking, lambda: check(seen(looked), ask_keras, looked.model, covid=looked.covid))
    if step:
        said = words.sanity_words(step.depths)
        st.markdown(said)
        plot(words.sanity_figure(step.depths), "sanity", alt=said)
        numbers_table(pd.DataFrame(words.sanity_table(step.depths)))
    st.markdown(words.MISLEADS)
