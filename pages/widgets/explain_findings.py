"""Maps of the findings on the page Explain: one grey patch after another, which answers for all of them."""

from __future__ import annotations

import streamlit as st

from core.analysis.findings_maps import FindingsStep, findings_frame, look_at_findings
from core.display import explain as words
from core.display import figures
from core.display.glossary import term
from core.display.link import FINDING
from core.display.markdown import plain
from core.display.scene import MapPane
from core.display.style import NEUTRAL
from core.explain.explainers import scaled
from core.looks import Look, Question
from core.margins import crop
from core.vocabulary import finding_name
from pages.components.viewer.viewer import maps_viewer
from pages.widgets import link
from pages.widgets.common import refusals, service
from pages.widgets.explain import Looked, ask_on, looks, pixels

_BEGUN, _WANTED = "findings begun", "findings wanted"  # keys of the session
BESIDE = 2  # maps of the next findings, in the order of their scores


def findings(looked: Looked) -> None:
    """The findings to point at, the map of the one that is pointed at, and what is asked for it."""
    question = Question(looked.picture, "findings", "all", "occlusion")
    kept = looks().kept(question)
    begun: Look[FindingsStep] | None = st.session_state.get(_BEGUN)
    if begun and begun.question != question:
        begun = None
    step = kept if isinstance(kept, FindingsStep) else begun.latest if begun else None
    ranked = figures.ranked_findings(looked.analysis)
    names = {each.name.lower(): finding_name(each.name) for each in ranked}
    st.markdown(
        f"## {plain(looked.source.subject)}: what the findings network looks at", help=term("findings")
    )
    chosen = link.choose(FINDING, "Finding", names, next(iter(names)))
    with st.container(key="look"):
        _viewer(looked, step, chosen)
    if step is None or step.done < step.total:
        _ask(looked, begun, question)
    with st.expander("All scores", icon=":material/list_alt:"):
        st.html(figures.findings(looked.analysis))


def _viewer(looked: Looked, step: FindingsStep | None, chosen: str) -> None:
    panes = []
    if step:
        ranked = figures.ranked_findings(looked.analysis)
        order = {each.name: at for at, each in enumerate(looked.analysis.findings)}
        first = [each for each in ranked if each.name.lower() == chosen]
        for each in first + [each for each in ranked if each not in first][:BESIDE]:
            heat, peak = scaled(step.heat[..., order[each.name]])
            name = finding_name(each.name)
            panes.append(MapPane(name, f"{each.score:.2f}", NEUTRAL, words.findings_alt(name, peak), heat))
    frame = findings_frame(looked.bundle.models, looked.analysis.inside)
    maps_viewer(looked.case, looked.analysis, panes, "explain findings", frame=frame)
    if step:
        st.caption(f"{words.ONE_SCALE} {words.FINDINGS_MEAN}")


def _ask(looked: Looked, begun: Look[FindingsStep] | None, question: Question) -> None:
    if st.session_state.get(_WANTED) != question:
        st.button(
            "Go on asking" if begun else "Ask for the maps of all findings",
            icon=":material/play_arrow:",
            type="primary",
            on_click=_want,
            args=(question,),
            help="A grey patch covers one place after another; each answer holds all findings.",
        )
        return
    with refusals():
        if begun is None:
            part = crop(pixels(looked).pixels, looked.analysis.inside)
            begun = Look(question, look_at_findings(part, looked.bundle.models, service().in_turn))
            st.session_state[_BEGUN] = begun
        ask_on(begun, "All findings", _stop)
        st.session_state.pop(_WANTED, None)
        st.rerun()


def _want(question: Question) -> None:
    st.session_state[_WANTED] = question


def _stop() -> None:
    st.session_state.pop(_WANTED, None)
