"""Analyse: a radiograph in, five backbones with heatmaps, findings and the ensemble's decision out."""

import streamlit as st

from pages import components as show
from pages import in_hand

show.title("ThoraxLens", "What five chest-radiograph models see, side by side")
show.disclaimer()
in_hand.files_in_hand()
bundle = show.chosen_bundle()
source = in_hand.chosen_radiograph()

if bundle and source:
    case = in_hand.answer(source, bundle)
    if case:
        in_hand.other_frame(source)
        show.warnings(case.analysis)
        show.decision(case, bundle, source.subject)
        show.heatmaps(case)
        findings, ensemble = st.columns(2, gap="large")
        with findings:
            show.findings(case.analysis)
        with ensemble:
            show.severity(case.analysis)
            show.contributions(case.analysis)
        show.trust(case.analysis, bundle)
        show.downloads(case.analysis)
