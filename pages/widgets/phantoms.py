"""The widgets of the page Phantoms: the patient's sliders, the picture, and the answers beside the truth."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.analysis.results import Analysis
from core.display import studio, truth, wording
from core.display.glossary import term
from core.display.link import PHANTOM, TRUTH, VIEW, VIEWS
from core.display.markdown import plain
from core.export.phantom import FILES, Save
from core.gate.sentences import refusal
from core.phantom.recipe import (
    CHOICES,
    COARSE_PX,
    DENSITY,
    EXPOSURE,
    EXTENT,
    HABITUS,
    INSPIRATION,
    PATIENTS,
    ROTATION,
    SEVERITY,
    Knob,
    Recipe,
    read_recipe,
    recipe_word,
)
from core.preprocessing import network_box
from core.renderings import Rendering
from core.service import Case, Loaded
from core.vocabulary import FINDINGS, finding_name
from pages.components.viewer.viewer import phantom_viewer
from pages.widgets import link
from pages.widgets.common import folded, refusals, renderings, service

_RECIPE, _COARSE = "recipe", "coarse picture"  # keys of the session
_SENT_S = 0.02  # until Streamlit has sent what it would drop with the next run
_NAMES = {
    "none": "none",
    "covid": "COVID-19-like",
    "pneumonia": "other pneumonia",
    "both": "both lungs",
    "right": "right lung",
    "left": "left lung",
    "any": "any zone",
    "upper": "upper",
    "middle": "middle",
    "lower": "lower",
}


def head() -> str:
    """Which view, a key of `VIEWS`; and the buttons that take the recipe along."""
    with st.container(horizontal=True, vertical_alignment="center", key="phantom-head"):
        view = link.choose_segment(VIEW, "View", VIEWS, "one", hide_label=True)
        link.offer("phantoms")
    return view


def current() -> Recipe:
    """The recipe that the session has."""
    found: Recipe = st.session_state.setdefault(_RECIPE, Recipe())
    return found


def recipe() -> Recipe:
    """The patient as the address or the sliders say, which is then said in the address."""
    word = link.take(PHANTOM)
    if word is not None:
        st.session_state[_RECIPE] = read_recipe(word) or Recipe()
    now = current()
    link.tell(**{PHANTOM: None if now == Recipe() else recipe_word(now)})
    return now


def sliders(now: Recipe) -> None:
    """The patient's sliders."""
    with folded("patient", "The patient"):
        _seed(now)
        _lesion(now)
        _findings(now)
        _body(now)


def _seed(now: Recipe) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state["knob seed"] = now.seed
        st.number_input(
            "Patient", 0, PATIENTS - 1, key="knob seed", on_change=_turn, args=("seed",), help=term("seed")
        )
        st.button(
            "Another", icon=":material/casino:", on_click=_set, args=("seed", (now.seed + 1) % PATIENTS)
        )


def _lesion(now: Recipe) -> None:
    _choice("Disease", "disease", now)
    if now.disease != "none":
        _slider(EXTENT, now)
        _slider(DENSITY, now)
        _choice("Side", "side", now)
        _choice("Zone", "zone", now)


def _findings(now: Recipe) -> None:
    chosen = dict(now.findings)
    st.session_state["knob findings"] = list(chosen)
    st.multiselect(
        "Other findings",
        list(FINDINGS),
        format_func=finding_name,
        key="knob findings",
        on_change=_choose_findings,
        placeholder="None",
    )
    for name, severity in now.findings:
        _slide(f"{finding_name(name)}: severity", SEVERITY, name, severity, _set_severity)


def _body(now: Recipe) -> None:
    for knob in (HABITUS, INSPIRATION, ROTATION, EXPOSURE):
        _slider(knob, now)
    for name, label, help_ in (
        ("portable", "Bedside view (AP)", "Otherwise the patient stands, and the beam comes from the back."),
        (
            "extras",
            "Letters, borders and tubes",
            "What may be on a film besides the patient, drawn by the seed.",
        ),
    ):
        st.session_state[f"knob {name}"] = getattr(now, name)
        st.toggle(label, key=f"knob {name}", on_change=_turn, args=(name,), help=help_)


def _slider(knob: Knob, now: Recipe) -> None:
    _slide(knob.label, knob, knob.name, getattr(now, knob.name) or 0, _turn)


def _slide(label: str, knob: Knob, name: str, value: float, then: Callable[[str], None]) -> None:
    """A slider that calls `then` with the name of what it sets."""
    st.session_state[f"knob {name}"] = float(value)
    st.slider(
        f"{label} ({knob.unit})",
        float(knob.low),
        float(knob.high),
        step=float(knob.step),
        format="%g",
        key=f"knob {name}",
        on_change=then,
        args=(name,),
        help=knob.help,
    )


def _choice(label: str, name: str, now: Recipe) -> None:
    st.session_state[f"knob {name}"] = getattr(now, name)
    st.selectbox(
        label,
        CHOICES[name],
        format_func=_NAMES.__getitem__,
        key=f"knob {name}",
        on_change=_turn,
        args=(name,),
    )


def _turn(name: str) -> None:
    _set(name, st.session_state[f"knob {name}"])


def _set(name: str, value: Any) -> None:
    st.session_state[_RECIPE] = replace(current(), **{name: value})


def _choose_findings() -> None:
    before, chosen = dict(current().findings), st.session_state["knob findings"]
    _set("findings", tuple((name, before.get(name, 60.0)) for name in FINDINGS if name in chosen))


def _set_severity(name: str) -> None:
    now = dict(current().findings) | {name: st.session_state[f"knob {name}"]}
    _set("findings", tuple((each, now[each]) for each in FINDINGS if each in now))


def patient(now: Recipe, bundle: Loaded, controls: DeltaGenerator) -> None:
    """The picture, before anything else and a coarse one first; the sliders; the answers beside the truth.

    Args:
        now: The patient.
        bundle: Whose models are asked.
        controls: Where the sliders stand; they are drawn after the picture, for which somebody waits.
    """
    picture, said = st.columns([3, 2], gap="large")
    with picture:
        on = truth_switch()
        done = _pictured(now, bundle, truth=on, controls=controls)
        _take_along(done)
    with controls:
        sliders(now)
    with said:
        case = ask(done, bundle)
        if case and case.analysis:
            _answers(case.analysis, done)


def truth_switch() -> bool:
    """Whether the outlines of lungs and lesions are shown."""
    on = link.is_on(TRUTH)
    link.switch(TRUTH, "Show the truth: lungs and lesions")
    return on


def _pictured(now: Recipe, bundle: Loaded, *, truth: bool, controls: DeltaGenerator) -> Rendering:
    """The full picture, once it is rendered; before that a coarse one, in a run of its own.

    Where the chest is known, the full picture comes about as fast as a coarse one and another run would.
    """
    done = renderings().kept(now)
    if done is None and not renderings().is_quick(now) and st.session_state.get(_COARSE) != now:
        st.session_state[_COARSE] = now
        view(renderings().render(now, COARSE_PX), bundle, "studio", truth=truth)
        with controls:  # else Streamlit would forget what they hold
            sliders(now)
        time.sleep(_SENT_S)
        st.rerun()
    done = done or renderings().render(now)
    view(done, bundle, "studio", truth=truth)
    return done


def view(done: Rendering, bundle: Loaded, key: str, *, truth: bool, group: str = "") -> None:
    """A phantom in the viewer, with the frame that the networks see."""
    frame = network_box(done.phantom.pixels, bundle.models.manifest.preprocessing)
    phantom_viewer(done.phantom, done.picture, frame, key, truth=truth, group=group)


def ask(done: Rendering, bundle: Loaded) -> Case | None:
    """What the models say of it; what the gate says where it refuses."""
    case = service().kept(done.file, bundle)
    with refusals():
        if case is None:
            with st.spinner("Asking the networks"):
                case = service().read(done.file, bundle, lambda text: None)
    if case and case.analysis is None:
        st.warning(f"The gate refuses it: {plain(refusal(case.verdict))}", icon=":material/block:")
    return case


def _answers(analysis: Analysis, done: Rendering) -> None:
    sample = done.sample
    st.markdown(f"## {plain(f'Phantom {done.recipe.seed}')}: {studio.votes(analysis)}")
    st.markdown(wording.opening(wording.headline(analysis)))
    st.markdown(truth.judged(sample, analysis), help=term("truth"))
    st.html(studio.answer_bars(analysis, sample.label))
    for score in analysis.severity:
        st.markdown(studio.severity_words(score, sample), help=term(score.name))
    st.markdown(studio.findings_words(analysis, sample), help=term("findings"))
    with st.expander("All findings, each held against the truth"):
        st.html(studio.finding_bars(analysis, sample))


def _take_along(done: Rendering) -> None:
    """Open in Analyse or in Explain; save the picture and its truth."""
    with st.container(horizontal=True):
        for page, label, icon in (
            ("analyse", "Open in Analyse", ":material/radiology:"),
            ("explain", "Open in Explain", ":material/center_focus_strong:"),
        ):
            if st.button(label, icon=icon):
                st.switch_page(f"pages/{page}.py", query_params={PHANTOM: recipe_word(done.recipe)})
        for label, suffix, kind, save in FILES:
            st.download_button(
                label,
                partial(_saved, done.recipe, save),
                f"phantom-{done.recipe.seed}.{suffix}",
                kind,
                on_click="ignore",
                icon=":material/download:",
            )
    st.caption(studio.SAVED)


def _saved(recipe: Recipe, save: Save) -> str | bytes:
    return save(renderings().large(recipe), recipe)


def flatters() -> None:
    """How far to believe all of this, and where its counterpart on real pictures is."""
    st.caption(studio.FLATTERS)
