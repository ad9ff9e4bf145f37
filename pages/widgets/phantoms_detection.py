"""Thresholds of detection on the page Phantoms: each network beside an observer that knows where to look."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.analysis.results import Analysis
from core.display import detection as words
from core.phantom.recipe import Recipe
from core.phantom.render import Phantom
from core.phantom.truth import png_file
from core.service import File, Loaded
from core.studio.detection import LEARNING, Viewed, detect, patient_of, to_csv, view
from pages.widgets.common import numbers_table, png_plot, service
from pages.widgets.phantoms_many import ASKED, SIZE_PX, count
from pages.widgets.phantoms_run import Measurement, Tell, measured

MIN_TESTED = 5  # with fewer nothing is shown
WHO_PX = 200  # of a column that holds the observer's name


def detection(recipe: Recipe, knob: str, bundle: Loaded) -> None:
    """How many patients; then curves, words, numbers.

    Args:
        recipe: Of the first patient; how much of what is dosed it has does not matter.
        knob: What is dosed: a key of `core.studio.detection.DOSES`.
        bundle: Whose models are asked.
    """
    st.markdown("## From which dose on is it seen?")
    st.markdown(words.ASKED)
    wanted = count()
    found = measured(
        Measurement(
            key="detection",
            of=(recipe, knob, bundle.version),
            wanted=LEARNING + wanted,
            begin=f"Let the observer learn, and ask about {wanted} patients",
            unit="patients",
            step=partial(_patient, recipe, knob, bundle),
            main=False,
        )
    )
    learning, tested = found[:LEARNING], found[LEARNING:]
    if found and len(tested) < MIN_TESTED:
        st.info(
            f"The observer learns from {LEARNING} patients first; {MIN_TESTED} that are asked about are "
            "the least that says anything."
        )
    if len(tested) >= MIN_TESTED:
        _shown(learning, tested, knob)


def _patient(recipe: Recipe, knob: str, bundle: Loaded, number: int, tell: Tell) -> Viewed:
    patient = patient_of(recipe, number)
    preprocessing = bundle.models.manifest.preprocessing
    if number < LEARNING:
        tell("the observer learns")
        return service().in_turn(lambda: view(patient, knob, SIZE_PX, preprocessing))

    def ask(phantom: Phantom) -> Analysis:
        tell("asking the networks")
        return service().ask(File(png_file(phantom), f"dose-{patient.seed}.png"), bundle, ASKED)

    return view(patient, knob, SIZE_PX, preprocessing, ask)


def _shown(learning: list[Viewed], tested: list[Viewed], knob: str) -> None:
    found = detect(learning, tested, knob)
    said = words.detection_words(found, knob)
    st.markdown(said)
    png_plot(words.detection_figure(found, knob), "detection", f"thoraxlens-detection-{knob}", alt=said)
    whole = st.column_config.TextColumn(width=WHO_PX)
    numbers_table(pd.DataFrame(words.detection_table(found, knob)), column_config={"Who": whole})
    st.caption(f"Over {len(tested)} patients; intervals by a percentile bootstrap over them. {words.METHOD}")
    st.markdown(words.MISLEADS)
    st.download_button(
        "CSV, a row a dose",
        to_csv(found, knob),
        f"thoraxlens-detection-{knob}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        key="detection csv",
    )
