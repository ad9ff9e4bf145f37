"""What a page does in the browser alone: it folds on a phone, opens at a section, turns by keys in a lecture.

Sections and charts are Streamlit's own elements, outside of this component, which shows nothing.
"""

from pathlib import Path

import streamlit as st

from pages.components.parts import read_parts

_page_watch = st.components.v2.component("page_watch", **read_parts(Path(__file__).parent))


def page_watch(page: str, *, lecture: bool, cases: bool, section: str, arrival: int) -> int:
    """The watch.

    Args:
        page: Which one it is: another one begins at its head.
        lecture: Whether arrow keys turn the page: up and down its sections, left and right its cases.
        cases: Whether it has any.
        section: Key of the container that the link led to, by which the page was opened; empty for its top.
        arrival: How often this session has opened a page: each is led to its section once.

    Returns:
        How many cases on: 1, -1, or 0 where nobody has pressed a key.
    """
    told = _page_watch(
        key="page watch",
        data={"page": page, "lecture": lecture, "cases": cases, "section": section, "arrival": arrival},
        on_step_change=lambda: None,
    )
    return told.step if told.step in (-1, 1) else 0
