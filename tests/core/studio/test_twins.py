"""Twins: what lies outside of the lesion before and after equalisation, and effects with their intervals."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from core.phantom.recipe import Recipe
from core.preprocessing import Preprocessing
from core.studio.many import Measured, mean_outside, summarise, to_csv
from core.studio.twins import Outside, measure_outside, render_twins, share_outside

RECIPE = Recipe(2, extent=30)


def test_equalisation_carries_the_change_beyond_the_lesion() -> None:
    twins = render_twins(RECIPE, 128)
    found = measure_outside(twins, Preprocessing(size_px=96))
    assert 0 < found.before < 0.25 < found.after < 1
    plain = measure_outside(twins, Preprocessing(size_px=96, equalise=False))
    assert plain.before == plain.after == found.before


def test_the_share_outside_counts_change_and_nothing_else() -> None:
    first, mask = np.zeros((4, 4), np.float32), np.zeros((4, 4), bool)
    mask[0] = True
    second = first.copy()
    second[0, 0], second[3, 3] = 0.3, 0.1
    assert share_outside(first, second, mask) == pytest.approx(0.25)
    assert share_outside(first, first, mask) == 0


def test_the_lesion_of_twins_is_all_that_the_recipe_adds() -> None:
    assert render_twins(RECIPE, 96).lesion.any()
    assert not render_twins(RECIPE.without_disease(), 96).lesion.any()
    both = Recipe(2, extent=0, findings=(("Mass", 80),))
    assert np.array_equal(render_twins(both, 96).lesion, both.render(96).masks["Lung Opacity"])


def patients(values: list[float]) -> list[Measured]:
    return [
        Measured(seed, 0.3, {"steady": 0.2, "mixed": value}, Outside(0.1, 0.5))
        for seed, value in enumerate(values)
    ]


def test_an_effect_has_its_mean_and_an_interval_around_it() -> None:
    steady, mixed = summarise(patients([-0.1, 0.0, 0.1, 0.4]))
    assert steady.interval.low == steady.interval.high == pytest.approx(0.2) and steady.raised == 4
    assert mixed.mean == pytest.approx(0.1) and mixed.raised == 2
    assert -0.1 <= mixed.interval.low < mixed.mean < mixed.interval.high <= 0.4


def test_the_table_has_a_row_a_patient() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(patients([0.25, -0.5])))))
    assert [row["effect_mixed"] for row in rows] == ["0.2500", "-0.5000"]
    assert rows[0]["outside_after"] == "0.5000" and rows[1]["patient"] == "1"
    assert mean_outside(patients([0.0, 1.0])) == Outside(0.1, 0.5)
