"""Whose threshold counts: each model's own, or one for all; everything on the page follows it."""

from __future__ import annotations

import streamlit as st

from core.analysis.results import Analysis, at_threshold
from core.display import wording
from core.display.glossary import term
from core.display.link import OWN_THRESHOLDS, THRESHOLD


def choose(analysis: Analysis) -> Analysis:
    """Asks, and returns the analysis at what was chosen."""
    own = st.toggle(
        "Each model's own threshold",
        value=True,
        key=OWN_THRESHOLDS,
        bind="query-params",
        help=term("threshold"),
    )
    if not own:
        st.slider("One threshold for all", 0.01, 0.99, 0.5, 0.01, key=THRESHOLD, bind="query-params")
        st.caption(wording.MOVED)
    return at_threshold(analysis, one_for_all())


def moved() -> bool:
    """Whether decisions on the page are at another threshold than the models' own."""
    return one_for_all() is not None


def one_for_all() -> float | None:
    """The threshold of all models; None where each keeps its own. Known once `choose` has asked."""
    state = st.session_state
    return None if state.get(OWN_THRESHOLDS, True) else state.get(THRESHOLD)
