"""Phantoms: patients rendered by physics, whose truth is known and whose disease can be taken away."""

import streamlit as st

from pages.widgets import (
    link,
    phantoms_causes,
    phantoms_dose,
    phantoms_grading,
    phantoms_many,
    phantoms_run,
    phantoms_twins,
)
from pages.widgets import phantoms as show
from pages.widgets.common import chosen_bundle, title
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title("Phantoms", "Patients rendered by physics: make a guess, change one thing, see who was right")
begin("phantoms")
files_in_hand()
bundle = chosen_bundle()

if bundle:
    view = show.head()
    recipe = show.recipe()
    with st.container(key="phantoms-body"):
        controls, shown = st.columns([1, 3], gap="large")
    if view != "one":
        with controls:
            show.sliders(recipe)
    link.ignored("phantoms")
    with shown, phantoms_run.in_turn():
        if view == "one":
            show.patient(recipe, bundle, controls)
        elif view == "twins":
            phantoms_twins.twins(recipe, bundle)
        elif view == "many":
            phantoms_many.many(recipe, bundle)
        elif view == "causes":
            phantoms_causes.causes(recipe, bundle)
        elif view == "maps":
            phantoms_grading.graded_maps(recipe, bundle)
        else:
            phantoms_dose.dose(recipe, bundle)
        show.flatters()
