"""Twins of many patients on the page Phantoms: measured one by one, and what is done stays."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.display import studio
from core.display.link import CHOICES, PATIENTS
from core.phantom.recipe import Recipe
from core.phantom.truth import png_file
from core.service import File, Loaded, Reading
from core.studio.many import Measured, mean_outside, summarise, to_csv
from core.studio.twins import effects, measure_outside, render_twins
from pages.widgets import link
from pages.widgets.common import numbers_table, service
from pages.widgets.phantoms_run import Measurement, Tell, measured
from pages.widgets.phantoms_twins import NOT_ILL

SIZE_PX = 224  # of the shorter side: what the networks are given has no more
ASKED = Reading(insist=True)  # the gate's doubt would leave out patients, and so choose among them


def many(recipe: Recipe, bundle: Loaded) -> None:
    """How many, begin and stop, and what was measured."""
    if not recipe.ill:
        st.info(NOT_ILL, icon=":material/groups:")
        return
    st.markdown(
        "The same disease, view and exposure in many patients, whose bodies and positions their seeds draw; "
        "each is rendered with and without it, and the networks are asked about both."
    )
    wanted = count()
    found = measured(
        Measurement(
            key="many twins",
            of=(recipe, bundle.version),
            wanted=wanted,
            begin=f"Measure {wanted} patients",
            unit="patients",
            step=partial(_patient, recipe, bundle),
        )
    )
    if found:
        _shown(found)


def count() -> int:
    """How many patients are wanted."""
    link.settle(PATIENTS, list(CHOICES[PATIENTS]), CHOICES[PATIENTS][0])
    chosen = st.select_slider("Patients", CHOICES[PATIENTS], key=PATIENTS, persist_state="session")
    link.tell(**{PATIENTS: None if chosen == CHOICES[PATIENTS][0] else chosen})
    return int(chosen)


def _patient(recipe: Recipe, bundle: Loaded, number: int, tell: Tell) -> Measured:
    patient = recipe.of_patient(number)
    tell("rendering")
    pair = service().in_turn(partial(render_twins, patient, SIZE_PX))
    said = [
        service().ask(File(png_file(each), f"twin-{patient.seed}.png"), bundle, ASKED)
        for each in (pair.ill, pair.well)
    ]
    outside = measure_outside(pair, bundle.models.manifest.preprocessing)
    return Measured(patient.seed, pair.ill.extent, effects(*said), outside)


def _shown(patients: list[Measured]) -> None:
    found = summarise(patients)
    st.markdown("## What the disease does on average")
    st.markdown(studio.many_words(found))
    st.html(studio.strips(found))
    st.caption(
        "A dot is a patient: P(COVID-19) with the disease less P without it. The upright mark is the mean, "
        "the bracket its 95 % interval (percentile bootstrap over patients)."
    )
    numbers_table(pd.DataFrame(studio.many_table(found)))
    st.markdown(studio.outside_words(mean_outside(patients), len(patients)))
    st.download_button(
        "CSV, a row a patient",
        to_csv(patients),
        "thoraxlens-twins.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
