"""Maps graded against causes, on the page Phantoms: every method's map against each lesion's true effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd
import streamlit as st

from core.analysis import maps
from core.analysis.results import Analysis
from core.display import grading as words
from core.display.link import HEAT_BY, NETWORK, NETWORKS
from core.display.wording import model_name
from core.explain.explainers import METHOD_BY_KEY, QUESTIONERS
from core.explain.method import Map, Questioner, Step
from core.phantom.recipe import Recipe
from core.phantom.render import Phantom
from core.phantom.truth import eight_bits, png_file
from core.service import File, Loaded
from core.studio.grading import (
    MIN_REGIONS,
    By,
    Graded,
    Pictured,
    backbones_see,
    choose,
    grade,
    mean_outside,
    regions,
    summarise,
    to_csv,
)
from core.vocabulary import ENSEMBLE
from pages.widgets import link
from pages.widgets.common import numbers_table, service
from pages.widgets.explain import in_turn
from pages.widgets.phantoms_many import ASKED, SIZE_PX, count
from pages.widgets.phantoms_run import Measurement, Tell, measured
from pages.widgets.phantoms_twins import NOT_ILL

ASKABLE = [each.key for each in QUESTIONERS if each.key not in ("smoothgrad", "scorecam")]


def graded_maps(recipe: Recipe, bundle: Loaded) -> None:
    """How many patients and which methods; then the table, the verdict and one network's strips."""
    if not recipe.ill:
        st.info(NOT_ILL, icon=":material/social_leaderboard:")
        return
    st.markdown(words.ASKED)
    wanted = count()
    asked = tuple(
        st.multiselect(
            "Methods beside those that need no question",
            ASKABLE,
            format_func=lambda key: METHOD_BY_KEY[key].name,
            key="graded methods",
            persist_state="session",
            placeholder="None: these ask each network 32 to 240 times a patient",
        )
    )
    found = measured(
        Measurement(
            key="maps graded",
            of=(recipe, bundle.version, asked),
            wanted=wanted,
            begin=f"Grade the maps of {wanted} patients",
            unit="patients",
            step=partial(_patient, recipe, bundle, asked),
        )
    )
    usable = [each.graded for each in found if each.graded]
    if found and not usable:
        st.info(
            f"None of {len(found)} patients has {MIN_REGIONS} lesions to rank: choose a larger extent, both "
            "sides and any zone.",
            icon=":material/social_leaderboard:",
        )
    if usable:
        _shown(usable, len(found) - len(usable), found)


def _patient(recipe: Recipe, bundle: Loaded, asked: tuple[str, ...], number: int, tell: Tell) -> Pictured:
    patient = recipe.of_patient(number)
    tell("rendering it without each lesion")
    whole, lesions = service().in_turn(lambda: regions(patient, SIZE_PX))

    def ask(phantom: Phantom) -> Analysis:
        tell("asking the networks")
        return service().ask(File(png_file(phantom), f"patient-{patient.seed}.png"), bundle, ASKED)

    more = partial(_asked_maps, bundle, asked, tell) if asked else None
    found = grade((whole, lesions), patient.seed, ask, bundle.models.manifest.preprocessing, more)
    shown = lesions if number == 0 else ()  # the others are only counted
    return Pictured(found, eight_bits(whole), tuple(eight_bits(each.without) for each in shown))


def _asked_maps(
    bundle: Loaded, asked: tuple[str, ...], tell: Tell, analysis: Analysis, whole: Phantom
) -> Mapping[str, Mapping[str, Map]]:
    """The maps of methods that ask on, of every backbone and, weighted, of the ensemble."""
    seen = backbones_see(whole, analysis, bundle.models.manifest.preprocessing)
    found: dict[str, dict[str, Map]] = {row.key: {} for row in bundle.models.manifest.rows}
    for method in (each for each in QUESTIONERS if each.key in asked):
        for model, each in found.items():
            each[method.key] = _whole_map(bundle, seen, method, model, tell)
    together = {
        key: maps.ensemble_map(analysis, {model: each[key] for model, each in found.items()}, covid=True)
        for key in asked
    }
    return found | {ENSEMBLE: together}


def _whole_map(bundle: Loaded, seen: Map, method: Questioner, model: str, tell: Tell) -> Map:
    plain = maps.subject(seen, bundle.models, model, covid=True)

    def told(step: Step) -> None:
        tell(f"{method.name}, {model_name(model)}, {step.done} of {step.total} questions")

    return maps.asked_map(method, replace(plain, network=in_turn(plain.network)), told)


def _shown(usable: list[Graded], left_out: int, found: list[Pictured]) -> None:
    st.markdown("## Which map tells what matters")
    by: By = "mean" if link.choose_segment(HEAT_BY, "A lesion's heat", words.BY, "sum") == "mean" else "sum"
    grades, picks = summarise(usable, by), choose(usable, by)
    said = words.grade_words(picks, len(usable), mean_outside(usable))
    if left_out:
        said += f" {left_out} patients have fewer than {MIN_REGIONS} lesions and are left out."
    st.markdown(said)
    numbers_table(pd.DataFrame(words.grade_table(grades)))
    st.caption(words.TABLE)
    models = [key for key in NETWORKS if key in usable[0].effects]
    model = link.choose_segment(NETWORK, "Network", {key: NETWORKS[key] for key in models}, models[0])
    for pick in picks:
        if pick.model == model:
            st.markdown(words.pick_words(pick))
    st.html(words.grade_strips(grades, model))
    _first(found[0], model)
    st.markdown(words.MISLEADS)
    st.download_button(
        "CSV, a row a lesion",
        to_csv(usable),
        "thoraxlens-maps-graded.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _first(first: Pictured, model: str) -> None:
    """The first patient with and without each lesion, and what each does to the network."""
    if first.graded is None:
        return
    st.markdown(f"**Patient {first.graded.seed}, without one lesion after the other**")
    effects = first.graded.effects[model].tolist()
    captions = ["as rendered"] + [
        words.lesion_caption(name, effect) for name, effect in zip(first.graded.regions, effects, strict=True)
    ]
    with st.container(key="lesions-removed"):
        columns = [st.container() for _ in captions]
    for column, picture, caption in zip(columns, (first.whole, *first.without), captions, strict=True):
        with column:
            st.image(picture, width="stretch", alt=f"Patient {first.graded.seed}, {caption}")
            st.caption(caption)
