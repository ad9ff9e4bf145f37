"""Methods side by side on the page Explain: at once what needs no question, by a click what does."""

from __future__ import annotations

import streamlit as st

from core.analysis import maps
from core.display import explain as words
from core.display.scene import MapPane
from core.display.style import colour_and_dash
from core.display.wording import model_name
from core.explain.explainers import EXPLAINERS, METHOD_BY_KEY, QUESTIONERS, scaled
from core.explain.method import Map, Questioner, Step
from core.looks import Look, Question
from core.vocabulary import ENSEMBLE
from pages.components.viewer.viewer import maps_viewer
from pages.widgets.explain import Looked, ask_on, asking_on, looks, to_ask, whose_maps

_BEGUN, _WANTED = "looks begun", "looks wanted"  # keys of the session
MAX_BEGUN = 64


def side_by_side(looked: Looked) -> None:
    """The viewer with a pane a method; then what asks on, and what each method shows and hides."""
    with st.container(key="look"):
        _viewer(looked)
    _ask(looked)
    if looked.model == ENSEMBLE:
        st.markdown(whose_maps(looked))
    with st.expander("What each method shows, and why it may mislead", icon=":material/help:"):
        st.markdown(words.methods_list(METHOD_BY_KEY.values()))


def known_maps(looked: Looked) -> dict[str, Map]:
    """The maps that are whole, scaled, by the key of their method."""
    found = {
        each.key: maps.closed_map(looked.analysis, looked.model, each, covid=looked.covid)
        for each in EXPLAINERS
    }
    for each in QUESTIONERS:
        heat, far = _asked_map(looked, each)
        if heat is not None and not far:
            found[each.key] = heat
    return found


def _viewer(looked: Looked) -> None:
    found = {
        each.key: maps.closed_map(looked.analysis, looked.model, each, covid=looked.covid)
        for each in EXPLAINERS
    }
    begun = {}
    for each in QUESTIONERS:
        heat, far = _asked_map(looked, each)
        if heat is not None:
            found[each.key], begun[each.key] = heat, far
    lungs = {key: maps.in_lungs(looked.analysis, heat) for key, heat in found.items()}
    panes = []
    for key, heat in found.items():
        name = METHOD_BY_KEY[key].name
        detail = begun.get(key) or words.lungs_detail(heat, lungs[key])
        alt = words.map_words(name, heat, lungs[key], covid=looked.covid)
        panes.append(MapPane(name, detail, colour_and_dash(looked.model)[0], alt, heat))
    maps_viewer(looked.case, looked.analysis, panes, "explain")
    st.caption(f"{words.ONE_SCALE} {words.lungs_area(lungs.values())}")


def _asked_map(looked: Looked, method: Questioner) -> tuple[Map | None, str]:
    """A map that a method has asked for, scaled, and how far it is where it is not whole; None without."""
    if looked.model == ENSEMBLE:
        each = {key: _latest(looked, key, method) for key in maps.added(looked.analysis)}
        known = {key: step.heat for key, step in each.items() if step and step.done == step.total}
        if len(known) < len(each):
            return None, ""
        return maps.ensemble_map(looked.analysis, known, covid=looked.covid), ""
    step = _latest(looked, looked.model, method)
    if step is None:
        return None, ""
    return scaled(step.heat)[0], "" if step.done == step.total else f"{step.done} of {step.total} asked"


def _question(looked: Looked, model: str, method: Questioner) -> Question:
    return Question(looked.picture, model, looked.towards, method.key)


def _latest(looked: Looked, model: str, method: Questioner) -> Step | None:
    question = _question(looked, model, method)
    whole = looks().kept(question)
    if isinstance(whole, Step):
        return whole
    begun = _begun().get(question)
    return begun.latest if begun else None


def _begun() -> dict[Question, Look[Step]]:
    """The session's own, which go on where they were stopped."""
    found: dict[Question, Look[Step]] = st.session_state.setdefault(_BEGUN, {})
    return found


def _wanted() -> list[tuple[str, str]]:
    """Networks and methods that are to be asked, in turn."""
    found: list[tuple[str, str]] = st.session_state.setdefault(_WANTED, [])
    return found


def _ask(looked: Looked) -> None:
    """A button a method that is not whole; and the asking itself, one method after another."""
    models = [*maps.added(looked.analysis)] if looked.model == ENSEMBLE else [looked.model]
    methods = {each.key: each for each in QUESTIONERS}
    left = {
        key: [model for model in models if not _is_whole(looked, model, each)]
        for key, each in methods.items()
    }
    wanted = [(model, key) for model, key in _wanted() if model in left.get(key, ())]
    st.session_state[_WANTED] = wanted
    if wanted:
        model, key = wanted[0]
        with asking_on(_stop):
            _go_on(looked, model, methods[key])
            st.rerun()
    rest = {key: each for key, each in left.items() if each}
    if rest:
        st.markdown("**Methods that ask the network again about changed pictures:**")
        with st.container(horizontal=True, key="explain-methods"):
            for key, which in rest.items():
                begun = any(_latest(looked, model, methods[key]) for model in which)
                st.button(
                    f"{methods[key].name}: go on" if begun else methods[key].name,
                    key=f"ask {key}",
                    icon=":material/play_arrow:",
                    help=methods[key].meaning,
                    on_click=_want,
                    args=([(model, key) for model in which],),
                )


def _is_whole(looked: Looked, model: str, method: Questioner) -> bool:
    step = _latest(looked, model, method)
    return step is not None and step.done == step.total


def _want(more: list[tuple[str, str]]) -> None:
    _wanted().extend(more)


def _stop() -> None:
    _wanted().clear()


def _go_on(looked: Looked, model: str, method: Questioner) -> None:
    question, begun = _question(looked, model, method), _begun()
    if question not in begun or begun[question].broken:
        while len(begun) >= MAX_BEGUN:
            del begun[next(iter(begun))]
        begun[question] = Look(question, method.look(to_ask(looked, model)))
    name = method.name if model == looked.model else f"{method.name}, {model_name(model)}"
    ask_on(begun[question], name, _stop)
