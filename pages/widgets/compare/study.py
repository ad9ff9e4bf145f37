"""The study, reproduced; and what a paper would have to report."""

from __future__ import annotations

import streamlit as st

from core.display import tables
from core.display.checklists import checklists
from core.evaluation import study as study_results


def study() -> None:
    """The study's table, reproduced, and its slips."""
    st.header("The study, reproduced")
    st.table(tables.published(study_results.SVMS).set_index("Model"))  # whose caveats wrap
    st.caption(
        "As published. `python -m train ensemble --table FILE.csv` fits all three rows again from the "
        "study's table of probabilities and findings; rows one and two come out digit for digit."
    )
    for slip in study_results.SLIPS:
        st.markdown(f"- {slip}")


@st.fragment
def reporting() -> None:
    """What checklists for papers ask, item by item; drawn once somebody opens one."""
    st.header("What would a paper have to report?")
    st.caption("How far this app and the bundle that ships answer, in our own judgement.")
    for checklist in checklists():
        box = st.expander(f"{checklist.name}: {checklist.counts()}", on_change="rerun")
        if box.open:
            with box:
                st.markdown(f"[{checklist.source}]({checklist.url}); the items in our words.")
                st.table(checklist.table().set_index("Item"))  # whose sentences wrap, on paper, too
