"""Maps of the findings on the page Explain: one grey patch after another, which answers for all of them."""

from __future__ import annotations

from collections.abc import Iterator

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
from core.looks import Question
from core.margins import crop
from core.vocabulary import finding_name
from pages.components.viewer.viewer import maps_viewer
from pages.widgets import link
from pages.widgets.common import service
from pages.widgets.explain import Asking, Looked, ask_by_click, known, pixels

BESIDE = 2  # maps of the next findings, in the order of their scores


def findings(looked: Looked) -> None:
    """The findings to point at, the map of the one that is pointed at, and what is asked for it."""
    question = Question(looked.picture, "findings", "all", "occlusion")
    asking = Asking("findings asked", "Ask for the maps of all findings", "All findings", question)
    step: FindingsStep | None = known(asking)
    ranked = figures.ranked_findings(looked.analysis)
    names = {each.name.lower(): finding_name(each.name) for each in ranked}
    st.markdown(
        f"## {plain(looked.source.subject)}: what the findings network looks at", help=term("findings")
    )
    chosen = link.choose(FINDING, "Finding", names, next(iter(names)))
    ask_by_click(asking, lambda: _begin(looked))
    with st.container(key="look"):
        _viewer(looked, step, chosen)
    with st.expander("All scores", icon=":material/list_alt:"):
        st.html(figures.findings(looked.analysis))


def _begin(looked: Looked) -> Iterator[FindingsStep]:
    part = crop(pixels(looked).pixels, looked.analysis.inside)
    return look_at_findings(part, looked.bundle.models, service().in_turn)


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
