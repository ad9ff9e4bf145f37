"""Shortcuts: plant a mark that betrays the disease, watch a head learn it, and learn how to tell."""

import streamlit as st

from pages.widgets import link
from pages.widgets import shortcuts as show
from pages.widgets.common import chosen_bundle, title
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title("Shortcuts", "Plant a mark that betrays the disease, and see what a head learns from it")
begin("shortcuts")
files_in_hand()
bundle = chosen_bundle()

if bundle:
    show.head()
    controls, shown = st.columns([1, 3], gap="large")
    with controls:
        source, planting = show.settings(bundle)
    link.ignored("shortcuts")
    with shown:
        show.planted(source, planting, bundle)
        show.flatters()
