"""The head of every page, and lecture mode: larger type, less to click, arrow keys that turn the page."""

from __future__ import annotations

import streamlit as st

from core.display.glossary import term
from core.display.link import LECTURE
from pages.components.page_watch.page_watch import page_watch
from pages.widgets import in_hand, lesson_bar, link
from pages.widgets.common import disclaimer

CASES = "Arrow keys: left and right for the cases, up and down for the sections."
SECTIONS = "Arrow keys: up and down for the sections."
STEPS = "Arrow keys: left and right for the steps."
# Type at 20 px, charts at 16 (core/display/drawn.py), and nothing that only its user needs.
_STYLE = """
html:root { font-size: 125%; --lens-tools: none; }
.stApp .st-key-head { width: 100%; margin: 0; }
.stApp :is(
  .stFileUploader, .stDownloadButton, .stTooltipIcon, .stPopover, .stElementToolbar, .st-key-case-tools,
  .st-key-copy-link, .st-key-tray, .st-key-many-files, [class*=st-key-fold-choose],
  [class*=st-key-fold-thresholds] .stCheckbox,
  .st-key-margins-switch, .st-key-models-picker, .stColumn:has(.st-key-case-tools)
) { display: none; }
"""


def begin(page: str) -> None:
    """Reads the address, and draws the line below the title: the disclaimer, and the switch to lecture mode.

    Below it stands the lesson at hand, if there is one.

    Args:
        page: A key of `core.display.link.SETTINGS`.
    """
    link.arrive(page)
    on = link.is_on(LECTURE)
    cases, steps = page == "analyse", page == "lessons"
    if on:
        st.html(f"<style>{_STYLE}</style>")
    section, arrival = link.section()
    if by := page_watch(page, lecture=on, cases=cases or steps, section=section, arrival=arrival):
        (lesson_bar.turn if steps else in_hand.step)(by)
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        disclaimer()
        if on:
            st.caption(CASES if cases else STEPS if steps else SECTIONS)
        link.switch(LECTURE, "Lecture mode", term("lecture"))
    if not steps:
        lesson_bar.bar()
