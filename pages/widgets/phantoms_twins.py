"""Twins on the page Phantoms: the same patient with and without the disease, side by side."""

from __future__ import annotations

import streamlit as st

from core.display import studio
from core.phantom.recipe import Recipe
from core.renderings import Rendering
from core.service import Loaded
from core.studio.twins import Outside, Twins, effects, measure_outside
from pages.widgets import phantoms
from pages.widgets.common import renderings

NOT_ILL = "Choose a disease with an extent, or a finding: without one there is nothing to take away."


def twins(recipe: Recipe, bundle: Loaded) -> None:
    """Both pictures, the effect on each model, and where the networks' input changes."""
    if not recipe.ill:
        st.info(NOT_ILL, icon=":material/group:")
        return
    truth = phantoms.truth_switch()
    ill, well = (renderings().render(each) for each in (recipe, recipe.without_disease()))
    columns = st.columns(2, gap="medium")
    for column, done, name in zip(columns, (ill, well), ("with", "without"), strict=True):
        with column:
            st.markdown(f"**{name.capitalize()} the disease**")
            phantoms.view(done, bundle, f"twin {name}", truth=truth, group="twins")
    cases = [phantoms.ask(each, bundle) for each in (ill, well)]
    said = [case.analysis for case in cases if case and case.analysis]
    if len(said) == 2:
        found = effects(*said)
        st.markdown("## What the disease alone does")
        st.markdown(studio.effect_words(found))
        st.html(studio.effect_bars(found))
        st.caption(
            "P(COVID-19) with the disease less P without it: all else in the two pictures is the same."
        )
        st.markdown(studio.outside_words(_outside(recipe, bundle.version, ill, well, bundle)))


@st.cache_resource(max_entries=64, show_spinner=False)
def _outside(recipe: Recipe, version: str, _ill: Rendering, _well: Rendering, _bundle: Loaded) -> Outside:
    """Where the networks' input changes, measured once for a patient and a bundle."""
    return measure_outside(Twins(_ill.phantom, _well.phantom), _bundle.models.manifest.preprocessing)
