"""The links in a lesson's text, which Streamlit would open in another tab, without the files in hand."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.components.parts import read_parts

_lesson_links = st.components.v2.component("lesson_links", **read_parts(Path(__file__).parent))


def lesson_links(addresses: Sequence[str]) -> int | None:
    """Watches the links of the text that stands in a container whose key begins with "lesson-text".

    Args:
        addresses: Of the links, as they stand in the text.

    Returns:
        Which of them was followed; None for none.
    """
    told = _lesson_links(
        key="lesson links", data={"addresses": list(addresses)}, on_follow_change=lambda: None
    )
    at = told.follow
    return at if isinstance(at, int) and 0 <= at < len(addresses) else None
