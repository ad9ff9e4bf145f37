"""Grad-CAM as arithmetic on the page Explain: one place of the map, taken apart into its channels."""

from __future__ import annotations

import streamlit as st

from core.analysis import maps
from core.display import explain as words
from core.display.link import CELL, cell_word, read_cell
from core.display.wording import model_name
from core.explain.arithmetic import hottest, take_apart_reading
from core.explain.explainers import EXPLAINERS
from pages.components.cells.cells import Place, cells
from pages.widgets import link
from pages.widgets.explain import Looked

_PLACE = "place of the map"  # key of the session
_GRADCAM = EXPLAINERS[0]


@st.fragment
def one_place(looked: Looked) -> None:
    """The map to click in, and beside it the sum of the place that was clicked, with its formula."""
    reading = maps.reading_of(looked.analysis, looked.model)
    heat = maps.closed_map(looked.analysis, looked.model, _GRADCAM, covid=looked.covid)
    picture, said = st.columns([2, 3], gap="large")
    label = f"{_GRADCAM.name} of {model_name(looked.model)}: choose a place by a click or the arrow keys"
    with picture:
        st.caption(f"{label}. Over what the network was shown, greys spread evenly.")
        place = cells(looked.analysis, heat, _place(heat.shape, hottest(heat)), _key(looked), label)
    st.session_state[_PLACE] = place
    link.tell(**{CELL: cell_word(place)})
    with said:
        head = maps.head_towards(reading, covid=looked.covid)
        found, numbers = take_apart_reading(reading.features, head, place)
        st.markdown(words.sum_words(found, numbers, looked.model, covid=looked.covid))
        st.latex(words.sum_formula(found))
        st.html(words.sum_bars(found, looked.model))
        st.caption(
            "A channel's weight × what it found here; the longest bars first, then all others, then the sum."
        )
        st.markdown(words.WEIGHTS)
        st.latex(words.WEIGHTS_FORMULA)


def _key(looked: Looked) -> str:
    """Of the element: places of another map begin anew."""
    return f"cells {looked.model}"


def _place(shape: tuple[int, ...], usual: Place) -> Place:
    """What was chosen, if the map has such a place: by the address, or as before; else the hottest one."""
    word = link.take(CELL)
    if word:
        st.session_state[_PLACE] = read_cell(word)
    kept: Place | None = st.session_state.get(_PLACE)
    inside = kept is not None and kept[0] < shape[0] and kept[1] < shape[1]
    return kept if kept is not None and inside else usual
