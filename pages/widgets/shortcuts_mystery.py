"""The mystery model on the page Shortcuts: questions to it, an answer, and the truth."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.display import mystery as words
from core.display.link import MYSTERY, QUESTION, mystery_number
from core.service import Loaded
from core.shortcuts.features import smallest
from core.shortcuts.heads import Learnt
from core.shortcuts.mystery import FLAWS, LAST, SOUND, Mystery, make, rows_learnt, sources
from core.shortcuts.plants import PLANT_BY_KEY
from core.shortcuts.probes import DOSES, PROBES, TWIN, Probe
from pages.widgets import link, shortcuts
from pages.widgets.common import folded, numbers_table, plot, refusals

_NUMBER, _WANTED, _ANSWERS = "mystery number", "mystery wanted", "mystery answers"  # keys of the session


def settings() -> tuple[Mystery, str]:
    """Which model, and what it is asked."""
    state, word = st.session_state, link.take(MYSTERY)
    if word is not None:
        state[_NUMBER] = mystery_number(word) or 1
    number = state.setdefault(_NUMBER, 1)
    with folded("mystery", "The model, and what to ask it"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            state["mystery input"] = number
            st.number_input("Model", 1, LAST, key="mystery input", on_change=_turn)
            st.button("Another", icon=":material/casino:", on_click=_another)
        link.tell(**{MYSTERY: None if number == 1 else str(number)})
        question = link.choose(QUESTION, "Ask: what changes if you …", PROBES, TWIN)
        if question in PLANT_BY_KEY:
            st.caption(PLANT_BY_KEY[question].meaning)
    return Mystery(number), question


def _turn() -> None:
    st.session_state[_NUMBER] = int(st.session_state["mystery input"])


def _another() -> None:
    st.session_state[_NUMBER] = st.session_state[_NUMBER] % LAST + 1


def mystery(model: Mystery, question: str, bundle: Loaded) -> None:
    """The model is made, asked, and answered about."""
    st.markdown(words.INTRODUCTION)
    backbone = smallest(bundle.models.manifest.rows).key
    with refusals():
        head = _made(model, backbone, bundle)
        if head:
            probe = shortcuts.lab().probe(bundle.version, backbone, bundle.models.networks)
            _ask(head, probe, question)
            _answer(model, head, probe)


def _made(model: Mystery, backbone: str, bundle: Loaded) -> Learnt | None:
    """The model, made anew once everything that it learns from was seen; none before somebody wants that."""
    lab = shortcuts.lab()
    key = ("mystery", bundle.version, backbone, model.number)
    if found := lab.kept(key):
        return found
    wanted, rows = sources(bundle.version, backbone, lab.home), rows_learnt(lab.home)
    missing = sum(lab.features.missing(each, lab.home, rows) for each in wanted)
    if missing and not st.session_state.get(_WANTED):
        st.button(
            "Make the model",
            icon=":material/play_arrow:",
            type="primary",
            on_click=st.session_state.update,
            args=({_WANTED: True},),
        )
        seconds = lab.seconds(wanted, rows, bundle.models.networks)
        st.caption(words.first_time(len(rows), len(wanted), seconds))
        return None
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "Making the model")
        if missing:
            st.button(
                "Stop", icon=":material/stop:", on_click=st.session_state.update, args=({_WANTED: False},)
            )
        shortcuts.fill(wanted, rows, bundle, bar)
        head = make(model, lab.features, wanted, lab.home)
    place.empty()
    return lab.keep(key, head)


def _ask(head: Learnt, probe: Probe, question: str) -> None:
    """What the answers do when one thing changes; of a mark, also step by step."""
    with st.spinner("Asking the model"):
        asked = shortcuts.in_turn(lambda: probe.ask(head, question))
    st.markdown(f"## {PROBES[question]}")
    st.markdown(words.asked_words(question, asked))
    st.html(words.asked_strips(asked))
    st.caption(words.STRIPS)
    with st.expander("Patient by patient, as a table"):
        numbers_table(pd.DataFrame(words.asked_table(asked)))
    if question in PLANT_BY_KEY and st.toggle("Dose and response: the mark fades in", key="mystery dose"):
        doses = shortcuts.in_turn(lambda: {each: probe.ask(head, question, each) for each in DOSES})
        said = words.dose_words(doses, question)
        plot(words.dose_figure(doses, question), "mystery doses", alt=said)
        st.markdown(said)
        numbers_table(pd.DataFrame(words.dose_table(doses)))


def _answer(model: Mystery, head: Learnt, probe: Probe) -> None:
    """What is wrong with it: a choice, and then the truth."""
    answers: dict[int, str] = st.session_state.setdefault(_ANSWERS, {})
    st.markdown("## What does it read?")
    given = answers.get(model.number)
    if given is None:
        chosen = st.radio(
            "The mark that lay on one side where it learnt",
            FLAWS,
            index=None,
            format_func=words.ANSWERS.__getitem__,
            horizontal=True,
            key=f"answer {model.number}",
        )
        st.button(
            "Answer, and be told",
            icon=":material/visibility:",
            disabled=chosen is None,
            on_click=_give,
            args=(model.number, chosen or SOUND),
        )
        return
    right = given == model.flaw
    (st.success if right else st.warning)(
        words.told(model, given), icon=":material/check:" if right else ":material/close:"
    )
    effects = shortcuts.in_turn(
        lambda: {each: probe.ask(head, each) for each in PLANT_BY_KEY if each in FLAWS}
    )
    st.markdown("### What would have shown it")
    st.markdown(words.shown_by(model, effects))
    st.html(words.evidence(effects))
    with st.container(horizontal=True, vertical_alignment="center", key="mystery-next"):
        st.button("Another model", icon=":material/casino:", type="primary", on_click=_another)
        st.caption(words.count_words([said == Mystery(number).flaw for number, said in answers.items()]))


def _give(number: int, answer: str) -> None:
    st.session_state[_ANSWERS][number] = answer
