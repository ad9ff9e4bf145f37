"""Recipes of the page Phantoms: a word says all of one, and what is chosen moves nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.phantom import PhantomSpec, render
from core.phantom.choices import Choices
from core.phantom.recipe import KNOBS, PATIENTS, Recipe, read_recipe, recipe_word

SIZE = 96
RECIPES = (
    Recipe(),
    Recipe(7, "pneumonia", 12, 60, "left", "upper", exposure=-0.75, portable=True, extras=True),
    Recipe(PATIENTS - 1, "none", findings=(("Pleural_Thickening", 40), ("Lung Lesion", 5)), rotation=None),
    Recipe(habitus=-1.5, inspiration=1.5, rotation=0.1 + 0.2).of_patient(3),
)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_word_restores_a_recipe_and_needs_no_escaping(recipe: Recipe) -> None:
    word = recipe_word(recipe)
    found = read_recipe(word)
    assert found and recipe_word(found) == word
    assert np.array_equal(found.render(SIZE).pixels, recipe.render(SIZE).pixels)
    assert all(each.isalnum() or each in "-._~" for each in word)


@pytest.mark.parametrize(
    "word",
    ["", "x", "seed_-1", f"seed_{PATIENTS}", "seed_²", "extent_nan", "extent_81", "side_up", "portable_2",
     "Mass_0", "Knee_50", "disease_drawn", "extent_30~", "_", "~" * 2000],
)  # fmt: skip
def test_what_is_no_recipe_is_none(word: str) -> None:
    assert read_recipe(word) is None


def test_twins_share_all_but_the_lesion() -> None:
    ill = Recipe(4, extent=40)
    with_it, without = ill.render(SIZE), ill.without_disease().render(SIZE)
    lesion = np.logical_or.reduce(list(with_it.masks.values()))
    assert np.array_equal(with_it.lungs, without.lungs) and not without.masks
    assert with_it.spacing_mm == without.spacing_mm
    change = np.abs(with_it.pixels - without.pixels)
    assert change[lesion].mean() > 10 * change[~lesion].mean()


@pytest.mark.parametrize("name", [each for each in KNOBS if each != "extent"])
def test_every_knob_changes_the_picture(name: str) -> None:
    low, high = (replace(Recipe(), **{name: end}).render(SIZE) for end in (KNOBS[name].low, KNOBS[name].high))
    assert np.abs(low.pixels - high.pixels).mean() > 0.002


def test_a_disease_without_extent_is_none() -> None:
    nothing = Recipe(4, extent=0)
    assert not nothing.ill and nothing.render(SIZE).label == "normal"
    assert np.array_equal(nothing.render(SIZE).pixels, nothing.without_disease().render(SIZE).pixels)


def test_more_exposure_darkens_and_extent_is_what_was_chosen() -> None:
    dark, bright = (replace(Recipe(), exposure=stops).render(SIZE).pixels.mean() for stops in (2, -2))
    assert dark < bright
    assert replace(Recipe(), extent=50).render(SIZE).extent == pytest.approx(0.5, abs=0.02)


def test_a_disease_keeps_to_its_side_and_its_zone() -> None:
    found = Recipe(extent=20, side="left", zone="upper").render(SIZE)
    mask = found.masks["Pneumonia"]
    rows, columns = np.nonzero(mask)
    lung_rows, lung_columns = np.nonzero(found.lungs)
    assert columns.min() > lung_columns.mean() - 0.1 * SIZE  # the patient's left is the picture's right
    assert rows.mean() < lung_rows.mean()


def test_nothing_chosen_leaves_a_phantom_as_its_seed_draws_it() -> None:
    spec = PhantomSpec(5, SIZE, "pneumonia")
    assert np.array_equal(render(spec).pixels, render(spec, Choices()).pixels)
