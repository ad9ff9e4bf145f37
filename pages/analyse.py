"""Analyse: a radiograph in, backbones with heatmaps, findings and the ensemble's decision out."""

from dataclasses import replace

import streamlit as st

from pages.widgets import analyse as show
from pages.widgets import course, gate, guess, in_hand, link, pin
from pages.widgets.common import chosen_bundle, disclaimer, title

title("ThoraxLens", "What chest-radiograph models see, side by side")
link.arrive("analyse")
disclaimer()
in_hand.files_in_hand()
bundle = chosen_bundle()
source = in_hand.chosen_radiograph()
link.ignored("analyse")

if bundle and source:
    case = in_hand.answer(source, bundle)
    if case:
        in_hand.other_frame(source)
        gate.verdict(case, source)
    if case and case.analysis and guess.is_due(source):
        guess.ask(case, case.analysis, source)
        st.stop()
    analysis = None  # at the thresholds that are chosen
    if case and case.analysis:
        guessed = st.container()
        show.warnings(case.analysis)
        analysis = show.decision(case.analysis, bundle, source)
        with guessed:
            guess.made(analysis, source)
    pin.beside(case, source, bundle)
    place = st.container()  # filled last, for it may have to read more radiographs
    if case and case.analysis and analysis:
        show.heatmaps(case, case.analysis, source)
        show.third_answer(case.analysis, bundle)
        findings, ensemble = st.columns(2, gap="large")
        with findings:
            show.findings(case.analysis)
        with ensemble:
            show.severity(case.analysis)
            show.contributions(case.analysis)
        show.trust(case.analysis, bundle)
    if case:
        show.downloads(replace(case, analysis=analysis), bundle, source)
    with place:
        course.over_time(source, bundle)
