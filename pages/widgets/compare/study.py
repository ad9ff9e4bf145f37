"""The study, reproduced."""

from __future__ import annotations

import streamlit as st

from core.display import tables
from core.evaluation import study as study_results
from pages.widgets.common import numbers_table


def study() -> None:
    """The study's table, reproduced, and its slips."""
    st.subheader("The study, reproduced")
    left, right = st.columns([3, 2], gap="large")
    with left:
        numbers_table(tables.published(study_results.SVMS))
        st.caption(
            "As published. `python -m train ensemble --table FILE.csv` fits all three rows again from the "
            "study's table of probabilities and findings; rows one and two come out digit for digit."
        )
    with right:
        for slip in study_results.SLIPS:
            st.markdown(f"- {slip}")
