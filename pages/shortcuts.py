"""Shortcuts: plant a mark that betrays the disease, watch a head learn it, and learn how to tell."""

import streamlit as st

from pages.widgets import link, shortcuts_mystery, shortcuts_takeout
from pages.widgets import shortcuts as show
from pages.widgets.common import chosen_bundle, folded, title
from pages.widgets.compare import sets
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title("Shortcuts", "Plant a mark that betrays the disease, and see what a head learns from it")
begin("shortcuts")
files_in_hand()
bundle = chosen_bundle()

if bundle:
    view = show.head()
    with st.container(key="shortcuts-body"):
        controls, shown = st.columns([1, 3], gap="large")
    with controls:
        if view == "mystery":
            number, question = shortcuts_mystery.settings()
        else:
            own = sets.own_images()
            with folded("experiment", "The experiment"):
                source, planting, cohort = show.settings(bundle, own if view == "plant" else None)
                elsewhere = shortcuts_takeout.abroad(bundle, own) if view == "take" else None
    link.ignored("shortcuts")
    with shown:
        if view == "mystery":
            shortcuts_mystery.mystery(number, question, bundle)
        elif elsewhere:
            shortcuts_takeout.take(source, planting, elsewhere, bundle)
        else:
            show.planted(source, planting, cohort, bundle)
        show.flatters()
