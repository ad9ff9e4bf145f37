"""Dose and response: one thing changes and nothing else, and who moves is said."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from core.display.dose_chart import dose_figure, dose_table, dose_words
from core.models.backbones import BACKBONES
from core.phantom.recipe import Recipe
from core.studio.dose import SWEEPS, Step, honest, ranges, recipes, to_csv
from core.vocabulary import ENSEMBLE

KEYS = [*(each.key for each in BACKBONES), ENSEMBLE]
STEPS = [
    Step(value, 0.3, dict.fromkeys(KEYS, 0.4) | {ENSEMBLE: 0.5 + value / 4}) for value in (-2.0, 0.0, 1.0)
]


def test_more_extent_is_more_disease_and_nothing_else() -> None:
    first, *_, last = recipes(Recipe(3), SWEEPS["extent"])
    well, ill = first.render(64), last.render(64)
    assert well.extent == 0 and ill.extent == pytest.approx(0.6, abs=0.03)
    assert np.array_equal(well.lungs, ill.lungs)


@pytest.mark.parametrize("name", SWEEPS)
def test_each_sweep_passes_what_is_usual(name: str) -> None:
    sweep = SWEEPS[name]
    assert {0, sweep.knob.low} & set(sweep.values) and list(sweep.values) == sorted(sweep.values)
    assert sweep.knob.low <= sweep.values[0] and sweep.values[-1] <= sweep.knob.high


@pytest.mark.parametrize("name", ["letters", "border"])
def test_what_is_done_to_the_picture_grows_and_changes_nothing_else(name: str) -> None:
    sweep, patient = SWEEPS[name], Recipe(3, extent=20)
    assert set(recipes(patient, sweep)) == {patient} and sweep.finish
    pixels = patient.render(128).pixels
    pictures = [sweep.finish(pixels, value) for value in sweep.values]
    assert np.array_equal(pictures[0], pixels)
    changed = [float((picture != pixels).mean()) for picture in pictures]
    assert changed == sorted(changed) and len(set(changed)) == len(changed) and changed[-1] > 0.02
    middle = slice(52, 76)
    assert np.array_equal(pictures[-1][middle, middle], pixels[middle, middle])


def test_the_flat_line_stands_where_nothing_is_changed_and_who_leaves_it_is_named() -> None:
    assert honest(STEPS, ENSEMBLE) == 0.5
    assert ranges(STEPS)[ENSEMBLE] == pytest.approx(0.75)
    said = dose_words(STEPS, SWEEPS["exposure"])
    assert "The ensemble moves most" in said and "VGG16" in said and "0.75 apart" in said
    steady = [Step(each.value, 0.3, dict.fromkeys(KEYS, 0.4)) for each in STEPS]
    assert "No model moves by more than 0.1" in dose_words(steady, SWEEPS["exposure"])
    figure = dose_figure(STEPS, SWEEPS["exposure"], dict.fromkeys(KEYS, 0.6))
    flat = [list(each.y) for each in figure.data if not each.name]
    assert [0.4, 0.4] in flat and [0.5, 0.5] in flat


def test_the_table_and_the_file_hold_each_step() -> None:
    assert dose_table(STEPS, SWEEPS["exposure"])[0]["Ensemble"] == "0.00"
    rows = list(csv.DictReader(io.StringIO(to_csv(STEPS, SWEEPS["exposure"]))))
    assert [row["exposure (stops)"] for row in rows] == ["-2", "0", "1"] and rows[2][ENSEMBLE] == "0.7500"
