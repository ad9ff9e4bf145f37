"""A quiet button that copies the page's address, which only the browser knows, and says whether it could."""

from pathlib import Path

import streamlit as st

from pages.components.parts import read_parts

_copy_link = st.components.v2.component("copy_link", **read_parts(Path(__file__).parent))


def copy_link(carries: str) -> None:
    """The button; below it, once it was pressed, what a link takes along.

    Args:
        carries: That, in a sentence.
    """
    _copy_link(key="copy link", data={"carries": carries})
