"""Analyse: a radiograph in, backbones with heatmaps, findings and the ensemble's decision out."""

from dataclasses import replace

import streamlit as st

from core.display.wording import question
from pages.widgets import analyse as show
from pages.widgets import course, gate, guess, in_hand, link, many, pin, trial
from pages.widgets.common import chosen_bundle, folded, title
from pages.widgets.lecture import begin

title("ThoraxLens", question())
begin("analyse")
in_hand.files_in_hand()
all_of_them = st.container()
bundle = trial.tried(chosen_bundle())
source = in_hand.chosen_radiograph()
link.ignored("analyse")

if bundle and source:
    with all_of_them:
        many.table(bundle)
    case = in_hand.answer(source, bundle)
    if case:
        in_hand.other_frame(source)
        gate.verdict(case, source)
    if case and case.analysis and guess.is_due(source):
        guess.ask(case, case.analysis, source)
        st.stop()
    with st.container(key="first-screen"):  # on a laptop's screen the words stand beside the pictures
        said, looked, beside = (st.container(key=key) for key in ("said", "looked", "beside"))
    below, over_time = st.container(), st.container()
    analysis = None  # at the thresholds that are chosen
    with said:
        words, tools = st.columns([5, 2], gap="medium")
    if case and case.analysis:
        with below:
            analysis = show.probabilities(case.analysis)
        with words:
            guess.made(analysis, source)
            show.warnings(case.analysis)
            show.decision(analysis, bundle, source)
    with looked:
        pin.beside(case, source, bundle, tools)
    if case and case.analysis and analysis:
        with looked:
            show.heatmaps(case, case.analysis, source)
        with beside:
            show.beside(analysis, bundle, source)
        show.third_answer(case.analysis, bundle)
        with folded("findings", "Findings, extent, and the ensemble's reasons"):
            findings, ensemble = st.columns(2, gap="large")
        with findings:
            show.findings(case.analysis, bundle)
        with ensemble:
            show.severity(case.analysis)
            show.contributions(case.analysis)
        with folded("trust", "How wrong they were, and where they come from"):
            show.trust(case.analysis, bundle)
    if case:
        show.downloads(replace(case, analysis=analysis), bundle, source)
    with over_time:  # filled last, for it may have to read more radiographs
        course.over_time(source, bundle)
