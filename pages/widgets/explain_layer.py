"""Any layer on the page Explain: each method that has one, on a map of any fineness, through Keras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.analysis import maps
from core.display import explain as words
from core.display.link import LAYER
from core.display.scene import MapPane
from core.display.style import colour_and_dash
from core.display.wording import listed, model_name
from core.explain import gradient_process as keras
from core.explain.explainers import METHOD_BY_KEY, QUESTIONERS, scaled
from core.explain.layers import LayersStep, look_at_layers
from core.explain.method import Map, Questioner, Step
from core.explain.packed import pack, unpack
from core.explain.together import weights_towards
from core.looks import Question
from core.vocabulary import ENSEMBLE
from pages.components.viewer.viewer import maps_viewer
from pages.widgets import link
from pages.widgets.explain import (
    Asking,
    Looked,
    ask_by_click,
    ask_keras,
    asking_on,
    known,
    seen,
    to_ask,
    whose_maps,
)

_LAYERS, _MAPS, _LOADED = "layers of networks", "maps of layers", "Keras was asked for"  # keys of the session
MAX_KEPT = 24
USUAL_FINENESS = 16


def any_layer(looked: Looked) -> None:
    """Begins by a click; then a layer to choose, and its maps."""
    st.markdown(words.ANY_LAYER)
    if looked.model == ENSEMBLE:
        _together(looked)
    else:
        _one_network(looked)
    beyond = words.SCORES_ALONE if looked.model == ENSEMBLE else ""
    st.caption(f"{words.ONE_SCALE} {words.NO_LAYER} {beyond}")


def _one_network(looked: Looked) -> None:
    if not st.session_state.get(_LOADED):
        st.button("Load the network in Keras", icon=":material/play_arrow:", on_click=_load)
        return
    with asking_on(_forget):
        names = {name: words.layer_words(name, rows, columns) for name, rows, columns in _layers(looked)}
        usual = maps.reading_of(looked.analysis, looked.model).backbone.feature_layer
        layer = link.choose(LAYER, "Layer, from the picture on", names, usual)
        found, far = dict(_maps(looked, layer)), {}
        methods = [each for each in QUESTIONERS if each.on_layer]
        for method in methods:
            step: Step | None = known(_asking(looked, layer, method))
            if step:
                found[method.key] = scaled(step.heat)[0]
                far[method.key] = "" if step.done == step.total else f"{step.done} of {step.total} asked"
        with st.container(key="look"):
            _viewer(looked, layer, found, far)
        for method in methods:
            ask_by_click(_asking(looked, layer, method), partial(_ask_on, looked, layer, method))


def _together(looked: Looked) -> None:
    """The ensemble's map on each depth at which its backbones have a layer."""
    st.markdown(words.LAYERS_TOGETHER)
    weights = weights_towards(maps.added(looked.analysis), covid=looked.covid)
    st.markdown(whose_maps(looked))
    if not any(weights.values()):
        return
    question = Question(looked.picture, ENSEMBLE, looked.towards, "layers")
    asking = Asking("layers asked", "Load the networks in Keras, one after the other", "Layers", question)
    step: LayersStep | None = known(asking)
    ask_by_click(asking, lambda: look_at_layers(seen(looked), ask_keras, weights, covid=looked.covid))
    if not step or not step.maps:
        return
    if step.done < step.total:
        st.caption(f"So far of {listed([model_name(key) for key in step.networks]) or 'no whole network'}.")
    side = looked.bundle.models.manifest.preprocessing.size_px
    depths = {str(each): words.fineness_words(each, side) for each in sorted(step.maps)}
    chosen = link.choose(LAYER, "Depth, from the picture on", depths, str(USUAL_FINENESS))
    found = {key: scaled(heat)[0] for key, heat in step.maps[int(chosen)].items()}
    with st.container(key="look"):
        _viewer(looked, depths[chosen], found, {})


def _asking(looked: Looked, layer: str, method: Questioner) -> Asking:
    question = Question(looked.picture, looked.model, looked.towards, f"{method.key} of {layer}")
    return Asking(f"{method.key} of a layer", f"{method.name} of this layer", method.name, question)


def _ask_on(looked: Looked, layer: str, method: Questioner) -> Iterator[Step]:
    if method.on_layer:
        question = {"task": keras.CHANNELS, "model": looked.model, "layer": layer, "seen": pack(seen(looked))}
        yield from method.on_layer(to_ask(looked, looked.model), unpack(ask_keras(question)["features"]))


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


def _maps(looked: Looked, layer: str) -> dict[str, Map]:
    kept: dict[Any, Any] = st.session_state.setdefault(_MAPS, {})
    key = looked.picture, looked.model, looked.covid, layer
    if key not in kept:
        question = {"task": keras.LAYER, "model": looked.model, "layer": layer, "covid": looked.covid}
        with st.spinner("Asking for the maps of this layer"):
            said = ask_keras({**question, "seen": pack(seen(looked))})["maps"]
        while len(kept) >= MAX_KEPT:
            del kept[next(iter(kept))]
        kept[key] = {name: scaled(unpack(each))[0] for name, each in said.items()}
    found: dict[str, Map] = kept[key]
    return found


def _viewer(looked: Looked, layer: str, found: Mapping[str, Map], far: Mapping[str, str]) -> None:
    panes = []
    for key, heat in found.items():
        name, lungs = METHOD_BY_KEY[key].name, maps.in_lungs(looked.analysis, heat)
        alt = words.map_words(f"{name} on {layer}", heat, lungs, covid=looked.covid)
        detail = far.get(key) or words.lungs_detail(heat, lungs)
        panes.append(MapPane(name, detail, colour_and_dash(looked.model)[0], alt, heat))
    maps_viewer(looked.case, looked.analysis, panes, "explain layer")
