"""A radiograph in several panes that follow one another; what one does in it never reaches the server."""

from pathlib import Path

import streamlit as st

from core.analysis.results import Analysis
from core.display.scene import Picture, build_scene
from pages.components.parts import read_parts

_viewer = st.components.v2.component("viewer", **read_parts(Path(__file__).parent))


def viewer(picture: Picture, analysis: Analysis, key: str) -> None:
    """The plain radiograph, and beside it each backbone's heat.

    The same case makes the same message, which Streamlit then sends as a reference to the one before: so
    nothing that a click may change, as a threshold, belongs into it.

    Args:
        picture: The radiograph for the eye.
        analysis: What the models say.
        key: Of the element, and of what the browser keeps about it.
    """
    _viewer(key=key, data=build_scene(picture, analysis, key))
