"""Twins of many patients on the page Phantoms: measured one by one, and what is done stays."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial

import pandas as pd
import streamlit as st

from core.display import studio
from core.display.link import CHOICES, PATIENTS
from core.phantom.recipe import Recipe
from core.phantom.truth import png_file
from core.progress import time_left
from core.service import File, Loaded, Reading
from core.studio.many import Measured, mean_outside, summarise, to_csv
from core.studio.twins import effects, measure_outside, render_twins
from pages.widgets import link
from pages.widgets.common import numbers_table, refusals, service
from pages.widgets.phantoms_twins import NOT_ILL

_RUN = "many twins"  # key of the session
SIZE_PX = 224  # of the shorter side: what the networks are given has no more
ASKED = Reading(insist=True)  # the gate's doubt would leave out patients, and so choose among them


@dataclass
class Run:
    """A measurement, whole or begun.

    Attributes:
        recipe: Of the first patient.
        version: Of the bundle.
        wanted: How many patients.
        measured: So far.
    """

    recipe: Recipe
    version: str
    wanted: int
    measured: list[Measured] = field(default_factory=list)


def many(recipe: Recipe, bundle: Loaded) -> None:
    """How many, begin and stop, and what was measured."""
    if not recipe.ill:
        st.info(NOT_ILL, icon=":material/groups:")
        return
    st.markdown(
        "The same disease, view and exposure in many patients, whose bodies and positions their seeds draw; "
        "each is rendered with and without it, and the networks are asked about both."
    )
    count = _count()
    now: Run | None = st.session_state.get(_RUN)
    if now and (now.recipe != recipe or now.version != bundle.version):
        now = None
    begun = len(now.measured) if now else 0
    if now and begun < now.wanted:
        with refusals():
            _measure(now, bundle)
            st.rerun()
    else:
        st.button(
            f"Measure {count} patients" if begun in (0, count) or begun > count else f"Go on to {count}",
            icon=":material/play_arrow:",
            type="primary",
            disabled=begun >= count,
            on_click=_begin,
            args=(recipe, bundle.version, count),
        )
    if now and now.measured:
        _shown(now)


def _count() -> int:
    link.settle(PATIENTS, list(CHOICES[PATIENTS]), CHOICES[PATIENTS][0])
    chosen = st.select_slider("Patients", CHOICES[PATIENTS], key=PATIENTS, persist_state="session")
    link.tell(**{PATIENTS: None if chosen == CHOICES[PATIENTS][0] else chosen})
    return int(chosen)


def _begin(recipe: Recipe, version: str, count: int) -> None:
    now: Run | None = st.session_state.get(_RUN)
    same = now and now.recipe == recipe and now.version == version
    st.session_state[_RUN] = replace(now, wanted=count) if now and same else Run(recipe, version, count)


def _stop() -> None:
    """What is measured stays."""
    now: Run = st.session_state[_RUN]
    now.wanted = len(now.measured)


def _measure(now: Run, bundle: Loaded) -> None:
    """The patients that are left; a click anywhere stops it between two of them."""
    before, start = len(now.measured), time.monotonic()
    with st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(before / now.wanted, f"{before} of {now.wanted} patients")
        st.button("Stop, and keep what is measured", icon=":material/stop:", on_click=_stop)
    for number in range(len(now.measured), now.wanted):
        patient = now.recipe.of_patient(number)
        pair = service().in_turn(partial(render_twins, patient, SIZE_PX))
        said = [
            service().ask(File(png_file(each), f"twin-{patient.seed}.png"), bundle, ASKED)
            for each in (pair.ill, pair.well)
        ]
        outside = measure_outside(pair, bundle.models.manifest.preprocessing)
        now.measured.append(Measured(patient.seed, pair.ill.extent, effects(*said), outside))
        done = len(now.measured)
        left = time_left(done - before, now.wanted - before, time.monotonic() - start)
        bar.progress(done / now.wanted, f"{done} of {now.wanted} patients{left}")


def _shown(now: Run) -> None:
    found = summarise(now.measured)
    st.markdown("## What the disease does on average")
    st.markdown(studio.many_words(found))
    st.html(studio.strips(found))
    st.caption(
        "A dot is a patient: P(COVID-19) with the disease less P without it. The upright mark is the mean, "
        "the bracket its 95 % interval (percentile bootstrap over patients)."
    )
    numbers_table(pd.DataFrame(studio.many_table(found)))
    st.markdown(studio.outside_words(mean_outside(now.measured), len(now.measured)))
    st.download_button(
        "CSV, a row a patient",
        to_csv(now.measured),
        "thoraxlens-twins.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
