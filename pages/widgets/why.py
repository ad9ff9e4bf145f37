"""Why the backbones disagree: a sentence, the figures behind it, and a click that asks them once more."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.analysis.changed import Changed
from core.analysis.results import Analysis
from core.display import why as words
from core.display.glossary import term
from core.service import Loaded
from pages.widgets.common import refusals, service
from pages.widgets.in_hand import Source, reading_of

AskedAlready = Callable[[], tuple[Changed, ...] | None]  # what is known of the changed radiograph when called


@st.fragment
def why(analysis: Analysis, bundle: Loaded, source: Source) -> None:
    """The sentence; nothing where the gate refuses, for then no answer means anything.

    Args:
        analysis: At the thresholds that are chosen.
        bundle: Who gave it.
        source: What was asked about.
    """
    if analysis.refused or source.file is None:
        return
    said = st.empty()
    changed = asked_already(bundle, source)()
    said.markdown(words.reasons(analysis, changed or ()), help=term("why"))
    if changed is None:
        place = st.empty()
        if place.button(words.ASK[analysis.lungs is not None], icon=":material/compare:", type="tertiary"):
            with refusals(), place, st.spinner(words.ASKING):
                changed = service().changed(source.file, bundle, analysis, reading_of(source))
            if changed:
                said.markdown(words.reasons(analysis, changed), help=term("why"))
                place.empty()
    with st.expander("The figures behind it", icon=":material/table:"):
        st.table(words.figures(analysis, changed or ()))


def asked_already(bundle: Loaded, source: Source) -> AskedAlready:
    """Says, whenever it is called, what the models say of the changed radiograph; None where nobody asked."""
    kept, reading = service().kept_changed, reading_of(source)
    return lambda: kept(source.file, bundle, reading) if source.file else None
