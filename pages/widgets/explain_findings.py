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
from core.margins import Box, crop
from core.vocabulary import finding_name
from pages.components.gallery.gallery import gallery
from pages.components.viewer.viewer import maps_viewer
from pages.widgets import link
from pages.widgets.common import service
from pages.widgets.explain import Asking, Looked, ask_by_click, known, pixels

_GALLERY = "findings gallery"  # key of the element


def findings(looked: Looked) -> None:
    """The findings to point at, the map of the one that is chosen, and what is asked for them."""
    question = Question(looked.picture, "findings", "all", "occlusion")
    asking = Asking("findings asked", "Ask for the maps of all findings", "All findings", question)
    step: FindingsStep | None = known(asking)
    ranked = figures.ranked_findings(looked.analysis)
    names = {each.name.lower(): finding_name(each.name) for each in ranked}
    st.markdown(
        f"## {plain(looked.source.subject)}: what the findings network looks at", help=term("findings")
    )
    ask_by_click(asking, lambda: _begin(looked))
    if step:
        _maps(looked, step, names)
    else:
        st.caption(words.FINDINGS_ASKED)
        link.choose(FINDING, "Finding", names, next(iter(names)))
        with st.container(key="look"):
            maps_viewer(looked.case, looked.analysis, [], "explain findings", frame=_frame(looked))
    with st.expander("All scores", icon=":material/list_alt:"):
        st.html(figures.findings(looked.analysis))


@st.fragment
def _maps(looked: Looked, step: FindingsStep, names: dict[str, str]) -> None:
    """All maps, small; the one that is pointed at, large; and the chosen one in the viewer."""
    usual = next(iter(names))
    panes, case = _panes(looked, step), looked.case
    before = link.settle(FINDING, list(names), usual)
    label = "Findings, the highest score first: point at one to see it large, choose one by a click"
    chosen = gallery(case.picture, looked.analysis.width_px, _frame(looked), panes, before, _GALLERY, label)
    st.session_state[FINDING] = chosen
    link.tell(**{FINDING: None if chosen == usual else chosen})
    st.caption(f"{words.FINDINGS_SCALE} {words.FINDINGS_MEAN}")
    with st.expander(f"**{names[chosen]} in the viewer**: zoom, window, measure", icon=":material/zoom_in:"):
        maps_viewer(case, looked.analysis, [panes[chosen]], "explain findings", frame=_frame(looked))


def _begin(looked: Looked) -> Iterator[FindingsStep]:
    part = crop(pixels(looked).pixels, looked.analysis.inside)
    return look_at_findings(part, looked.bundle.models, service().in_turn)


def _frame(looked: Looked) -> Box:
    return findings_frame(looked.bundle.models, looked.analysis.inside)


def _panes(looked: Looked, step: FindingsStep) -> dict[str, MapPane]:
    """A map a finding, the highest score first, by the key of a link."""
    order = {each.name: at for at, each in enumerate(looked.analysis.findings)}
    found = {}
    for each in figures.ranked_findings(looked.analysis):
        heat, peak = scaled(step.heat[..., order[each.name]])
        name = finding_name(each.name)
        alt = words.findings_alt(name, peak)
        found[each.name.lower()] = MapPane(name, f"{each.score:.2f}", NEUTRAL, alt, heat)
    return found
