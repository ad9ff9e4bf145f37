"""A radiograph in several panes that follow one another.

What one does in it stays in the browser, marks, too, as on the page Analyse. The server learns that somebody
zooms in far enough for a sharper picture, and the marks where a page asks to be given them.

Pictures are fetched by their own addresses, out of Streamlit's store of media in memory, where they stay for
as long as a session shows them. So the message that comes with each run is small.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.analysis.results import Analysis
from core.display.markdown import plain
from core.display.picture import Picture
from core.display.scene import MapPane, build_maps_scene, build_phantom_scene, build_scene
from core.errors import MarksError
from core.margins import Box
from core.marks import Kind, Mark, read_marks
from core.phantom.render import Phantom
from core.service import Case
from pages.components.media import address
from pages.components.parts import read_parts

_viewer = st.components.v2.component("viewer", **read_parts(Path(__file__).parent))


def viewer(
    case: Case,
    analysis: Analysis,
    key: str,
    *,
    sharp: Picture | None = None,
    asks: tuple[Kind, ...] = (),
    gives_back: bool = False,
) -> tuple[Mark, ...]:
    """The plain radiograph, and beside it each backbone's heat.

    The same case makes the same message, which Streamlit then sends as a reference to the one before: so
    nothing that a click may change, as a threshold, belongs into it. Call it in a fragment of its own, which
    runs again when somebody zooms into a large picture or gives marks back.

    Args:
        case: For its picture.
        analysis: What the models say.
        key: Of the element, and of what the browser keeps about it.
        sharp: The radiograph for whoever zooms, once `wants_sharp`.
        asks: The kinds of marks that can be drawn, each with its tool.
        gives_back: Whether they come here, when they are said to be done; else the browser alone has them.

    Returns:
        The marks that were given back for this picture; none until then.
    """
    scene = build_scene(
        case.picture, analysis, key, partial(address, key), sharp=sharp, spacing_mm=case.spacing_mm
    )
    told = _viewer(
        key=key,
        data={**scene, "asks": list(asks), "gives": gives_back},
        on_sharper_change=lambda: None,
        on_given_change=lambda: None,
    )
    return _given(told.given, case.picture.identity, f"{key} marks") if gives_back else ()


def maps_viewer(
    case: Case, analysis: Analysis, panes: Sequence[MapPane], key: str, *, frame: Box | None = None
) -> None:
    """The plain radiograph, and beside it maps that share no unit: each is scaled to its own peak.

    Args:
        case: For its picture.
        analysis: What the models say of it.
        panes: The maps.
        key: Of the element, and of what the browser keeps about it.
        frame: What they lie over; None for what the backbones saw.
    """
    plain_scene = build_scene(case.picture, analysis, key, partial(address, key), spacing_mm=case.spacing_mm)
    scene = build_maps_scene(plain_scene, panes, frame or analysis.box)
    _viewer(
        key=key,
        data={**scene, "asks": [], "gives": False},
        on_sharper_change=lambda: None,
        on_given_change=lambda: None,
    )


def phantom_viewer(
    phantom: Phantom, picture: Picture, frame: Box, key: str, *, truth: bool, group: str = ""
) -> None:
    """A phantom alone, without heat.

    Args:
        phantom: With its truth.
        picture: It, for the eye.
        frame: What of it the networks see.
        key: Of the element, and of what the browser keeps about it.
        truth: Whether the outlines of its lungs and lesions are shown.
        group: Viewers of one follow each other's zoom and window; empty for one by itself.
    """
    scene = build_phantom_scene(phantom, picture, frame, key, partial(address, key), truth=truth, group=group)
    _viewer(
        key=key,
        data={**scene, "asks": [], "gives": False},
        on_sharper_change=lambda: None,
        on_given_change=lambda: None,
    )


def wants_sharp(picture: Picture, key: str) -> bool:
    """Whether somebody has zoomed into this picture so far that its radiograph has more to show."""
    state: Any = st.session_state.get(key)
    return bool(state) and state.get("sharper") == picture.identity


def _given(told: Any, identity: str, key: str) -> tuple[Mark, ...]:
    """What was given back last; kept, because Streamlit forgets it while another page is open."""
    if isinstance(told, dict) and told.get("id") == identity:
        try:
            st.session_state[key] = identity, read_marks(told.get("marks"))
        except MarksError as error:
            st.error(plain(str(error)), icon=":material/block:")
    of, marks = st.session_state.get(key, (None, ()))
    return marks if of == identity else ()
