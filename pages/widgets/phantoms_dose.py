"""Dose and response on the page Phantoms: one thing changed step by step, every model's curve."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.analysis.results import Analysis
from core.display import dose_chart as words
from core.display.link import SWEEP
from core.phantom.recipe import Recipe
from core.renderings import Rendering
from core.service import File, Loaded
from core.studio.causes import picture_file
from core.studio.dose import SWEEPS, Step, Sweep, recipes, to_csv
from core.studio.twins import answers
from core.vocabulary import ENSEMBLE
from pages.widgets import link, phantoms_detection
from pages.widgets.common import numbers_table, png_plot, renderings, service
from pages.widgets.phantoms_many import ASKED
from pages.widgets.phantoms_run import Measurement, measured


def dose(recipe: Recipe, bundle: Loaded) -> None:
    """What is changed; then curves, words and numbers."""
    names = {name: each.knob.label for name, each in SWEEPS.items()}
    sweep = SWEEPS[link.choose_segment(SWEEP, "Change", names, "extent")]
    if sweep.disease and (recipe.disease == "none" or (recipe.extent == 0 and sweep.knob.name != "extent")):
        what = sweep.knob.label.lower()
        st.info(
            f"Choose a disease with an extent: without one there is no {what} to change.",
            icon=":material/timeline:",
        )
        return
    wanted = recipes(recipe, sweep)
    steps = measured(
        Measurement(
            key="doses",
            of=(recipe, sweep.knob.name, bundle.version),
            wanted=len(wanted),
            begin=f"Ask about {len(wanted)} steps",
            unit="steps",
            step=lambda number, tell: _asked(wanted[number], sweep, sweep.values[number], bundle),
        )
    )
    if steps:
        _shown(steps, sweep, bundle)
    if sweep.disease:
        phantoms_detection.detection(recipe, sweep.knob.name, bundle)


def _asked(recipe: Recipe, sweep: Sweep, value: float, bundle: Loaded) -> Step:
    done = renderings().render(recipe)
    file = done.file
    if sweep.finish:
        file = File(picture_file(sweep.finish(done.phantom.pixels, value)), f"{sweep.knob.name}.png")
    return _step(value, done, service().ask(file, bundle, ASKED))


def _step(value: float, done: Rendering, said: Analysis) -> Step:
    return Step(value, done.phantom.extent, answers(said))


def _shown(steps: list[Step], sweep: Sweep, bundle: Loaded) -> None:
    manifest = bundle.models.manifest
    thresholds = {each.key: manifest.backbones[each.key].threshold for each in manifest.rows}
    thresholds[ENSEMBLE] = bundle.models.ensemble.threshold
    st.markdown("## What moves the answers")
    said = words.dose_words(steps, sweep)
    st.markdown(said)
    png_plot(words.dose_figure(steps, sweep, thresholds), "dose", f"thoraxlens-{sweep.knob.name}", alt=said)
    numbers_table(pd.DataFrame(words.dose_table(steps, sweep)))
    st.download_button(
        "CSV, a row a step",
        to_csv(steps, sweep),
        f"thoraxlens-{sweep.knob.name}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
