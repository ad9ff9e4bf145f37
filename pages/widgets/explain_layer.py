"""Any layer on the page Explain: three methods on a feature map of any resolution, through Keras."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.analysis import maps
from core.display import explain as words
from core.display.link import LAYER
from core.display.scene import MapPane
from core.display.style import colour_and_dash
from core.explain import gradient_process as keras
from core.explain.explainers import METHOD_BY_KEY, scaled
from core.explain.packed import pack, unpack
from pages.components.viewer.viewer import maps_viewer
from pages.widgets import link
from pages.widgets.explain import Looked, ask_keras, asking_on, seen

_LAYERS, _MAPS, _LOADED = "layers of networks", "maps of layers", "Keras was asked for"  # keys of the session
MAX_KEPT = 24


def any_layer(looked: Looked) -> None:
    """Begins by a click; then a layer to choose, and its maps."""
    st.markdown(words.ANY_LAYER)
    if not st.session_state.get(_LOADED):
        st.button("Load the network in Keras", icon=":material/play_arrow:", on_click=_load)
        return
    with asking_on(_forget):
        names = {name: f"{name}, {rows} × {columns}" for name, rows, columns in _layers(looked)}
        usual = maps.reading_of(looked.analysis, looked.model).backbone.feature_layer
        layer = link.choose(LAYER, "Layer, from the picture on", names, usual)
        with st.container(key="look"):
            _viewer(looked, layer, _maps(looked, layer))


def _load() -> None:
    st.session_state[_LOADED] = True


def _forget() -> None:
    st.session_state.pop(_LOADED, None)


def _layers(looked: Looked) -> list[tuple[str, int, int]]:
    kept: dict[str, Any] = st.session_state.setdefault(_LAYERS, {})
    key = f"{looked.bundle.version} {looked.model}"
    if key not in kept:
        with st.spinner("Loading the network in Keras: half a minute the first time"):
            kept[key] = ask_keras({"task": keras.LAYERS, "model": looked.model})["layers"]
    found: list[tuple[str, int, int]] = kept[key]
    return found


def _maps(looked: Looked, layer: str) -> dict[str, Any]:
    kept: dict[Any, Any] = st.session_state.setdefault(_MAPS, {})
    key = looked.picture, looked.model, looked.covid, layer
    if key not in kept:
        question = {"task": keras.LAYER, "model": looked.model, "layer": layer, "covid": looked.covid}
        with st.spinner("Asking for the maps of this layer"):
            said = ask_keras({**question, "seen": pack(seen(looked))})["maps"]
        while len(kept) >= MAX_KEPT:
            del kept[next(iter(kept))]
        kept[key] = {name: scaled(unpack(each))[0] for name, each in said.items()}
    found: dict[str, Any] = kept[key]
    return found


def _viewer(looked: Looked, layer: str, found: dict[str, Any]) -> None:
    panes = []
    for key, heat in found.items():
        name, lungs = METHOD_BY_KEY[key].name, maps.in_lungs(looked.analysis, heat)
        alt = words.map_words(f"{name} on {layer}", heat, lungs, covid=looked.covid)
        detail = words.lungs_detail(heat, lungs)
        panes.append(MapPane(name, detail, colour_and_dash(looked.model)[0], alt, heat))
    maps_viewer(looked.case, looked.analysis, panes, "explain layer")
    st.caption(words.ONE_SCALE)
