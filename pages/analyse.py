"""Analyse: a radiograph in, five backbones with heatmaps, findings and the ensemble's decision out."""

import streamlit as st

from pages import components as show

show.title("ThoraxLens", "What five chest-radiograph models see, side by side")
show.disclaimer()
bundle = show.chosen_bundle()
source = show.chosen_radiograph()

if bundle and source:
    case = show.analysed(source, bundle)
    if case:
        show.warnings(case.analysis)
        show.decision(case, bundle)
        show.heatmaps(case)
        findings, ensemble = st.columns(2, gap="large")
        with findings:
            show.findings(case.analysis)
        with ensemble:
            show.severity(case.analysis)
            show.contributions(case.analysis)
        show.trust(case.analysis, bundle)
        show.downloads(case.analysis)
