"""What if, on the page Explain: change the radiograph, and see what all models say of it then."""

from __future__ import annotations

import streamlit as st

from core.analysis.what_if import CHANGE_BY_KEY, CHANGES, Change, WhatIf, ask_what_if
from core.display import what_if as words
from core.display.link import CHANGE
from core.display.markdown import plain
from core.marks import Mark, mask_of
from pages.components.swipe.swipe import swipe
from pages.components.viewer.viewer import viewer
from pages.widgets import link
from pages.widgets.common import refusals, service
from pages.widgets.explain import Looked, pixels

_KEPT = "what if"  # key of the session
MAX_KEPT = 24
MARKED = "explain marks"  # the viewer's key


@st.fragment
def what_if(looked: Looked) -> None:
    """Which change; where it needs marks, the viewer to draw them in; then before and after."""
    possible = {
        each.key: each.name for each in CHANGES if each.needs != "lungs" or looked.analysis.lungs is not None
    }
    st.markdown(f"## {plain(looked.source.subject)}: what if it were otherwise?")
    change = CHANGE_BY_KEY[link.choose(CHANGE, "Change", possible, next(iter(possible)))]
    marks: tuple[Mark, ...] = ()
    if change.needs == "marks":
        st.caption(
            "Draw with the tools behind “Mark” (a box, a region, a brush), then press the tick: "
            "the marks are given to the networks' radiograph."
        )
        with st.container(key="look"):
            marks = viewer(
                looked.case,
                looked.analysis,
                MARKED,
                asks=("box", "region", "stroke"),
                gives_back=True,
            )
        if not marks:
            st.info("Nothing is marked yet.", icon=":material/draw:")
            return
    with refusals():
        _shown(looked, change, _asked(looked, change, marks))


def _asked(looked: Looked, change: Change, marks: tuple[Mark, ...]) -> WhatIf:
    """Asked once while the session remembers it."""
    kept: dict[tuple[str, str, tuple[Mark, ...]], WhatIf] = st.session_state.setdefault(_KEPT, {})
    key = looked.picture, change.key, marks
    if key not in kept:
        with st.spinner("Asking all models about the changed radiograph"):
            radiograph = pixels(looked)
            shape = (looked.analysis.height_px, looked.analysis.width_px)
            marked = mask_of(marks, shape)
            found = service().in_turn(
                lambda: ask_what_if(radiograph, looked.bundle.models, looked.analysis, change, marked)
            )
        while len(kept) >= MAX_KEPT:
            del kept[next(iter(kept))]
        kept[key] = found
    return kept[key]


def _shown(looked: Looked, change: Change, found: WhatIf) -> None:
    picture, said = st.columns([1, 1], gap="large")
    with picture:
        swipe(found, change.name, "what-if")
    with said:
        st.markdown(words.change_words(looked.analysis, found.probabilities, change))
        st.html(words.change_bars(looked.analysis, found.probabilities))
        st.caption(f"{words.BARS} {words.BEFORE_EQUALISING}")
