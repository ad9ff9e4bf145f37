"""Causes: Shapley values are exact and sum to the difference, and each picture holds what it says."""

from __future__ import annotations

from io import BytesIO
from itertools import permutations

import numpy as np
import pytest
from PIL import Image

from core.display.causes import answer_names, cause_bars, cause_table, cause_words, is_about, seen_table
from core.phantom.chests import Chests
from core.phantom.recipe import Recipe
from core.preprocessing import Preprocessing
from core.studio.causes import (
    OWN_CAUSES,
    Shares,
    add_border,
    alone,
    causes_of,
    change,
    mean_change,
    picture_file,
    reduced,
    seen_pair,
    shapley,
    share_out,
    to_csv,
    turn,
    ways,
    with_causes,
    write_letters,
)
from core.studio.dose import SWEEPS
from core.vocabulary import ENSEMBLE

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("count", [1, 2, 4, 5])
def test_shapley_values_sum_to_the_difference_and_are_the_mean_over_all_orders(count: int) -> None:
    answers = RANDOM.random(2**count)
    found = shapley(answers.tolist())
    assert found.sum() == pytest.approx(answers[-1] - answers[0])
    by_way = dict(zip(ways(count), answers.tolist(), strict=True))
    slow = np.zeros(count)
    orders = list(permutations(range(count)))
    for order in orders:
        present = [False] * count
        for cause in order:
            before = by_way[tuple(present)]
            present[cause] = True
            slow[cause] += (by_way[tuple(present)] - before) / len(orders)
    assert found == pytest.approx(slow)


def test_a_cause_that_changes_nothing_has_no_share_and_equals_share_alike() -> None:
    answers = [0.1 + 0.3 * first + 0.3 * second for first, second, _ in ways(3)]
    assert shapley(answers) == pytest.approx([0.3, 0.3, 0])


def test_shares_are_of_answers_that_every_picture_got() -> None:
    causes = causes_of(Recipe(3))
    said = [{ENSEMBLE: sum(present) / 10, "extent": 1.0} for present in ways(5)]
    said[4] = {ENSEMBLE: said[4][ENSEMBLE]}
    shares = share_out(causes, said)
    assert list(shares) == [ENSEMBLE]
    assert list(shares[ENSEMBLE].values.values()) == pytest.approx([0.1] * 5)
    rows = to_csv(causes, said).splitlines()
    assert rows[0] == "lesion,letters,exposure,rotation,border,ensemble,extent" and len(rows) == 33
    assert rows[1] == "0,0,0,0,0,0.00000,1.00000" and rows[5].endswith(",")


def test_each_way_renders_what_it_says_and_nothing_else() -> None:
    recipe = Recipe(4, exposure=0.5, rotation=-3, extras=True)
    plain, finish = with_causes(recipe, (False,) * 5)
    assert (plain.ill, plain.exposure, plain.rotation, plain.extras) == (False, 0, 0, False)
    pixels = RANDOM.random((64, 72)).astype(np.float32)
    assert finish(pixels) is pixels
    whole, finish = with_causes(recipe, (True,) * 5)
    assert (whole.ill, whole.exposure, whole.rotation) == (True, 0.5, -3)
    assert not np.array_equal(finish(pixels), pixels)
    usual, _ = with_causes(Recipe(4), (True, False, True, True, False))
    assert (usual.exposure, usual.rotation) == (1, 6)
    assert [each.what for each in causes_of(recipe)][2:4] == ["+0.5 stops", "−3 degrees about the long axis"]


def test_letters_and_border_stay_in_range_and_where_the_networks_look() -> None:
    grey = np.full((300, 260), 0.4, np.float32)
    written, framed = write_letters(grey), add_border(grey)
    assert written.dtype == framed.dtype == np.float32
    assert 0.9 < written.max() <= 1 and written.min() >= 0.4 and framed.min() == 0 and framed.max() <= 0.4
    cut = slice(int(0.06 * 300), int(0.94 * 300)), slice(int(0.06 * 260), int(0.94 * 260))
    for changed in (written, framed):
        assert (changed[cut] != grey[cut]).mean() > 0.004, "the cut of 6 % takes it away"
    assert (written != grey)[150:].sum() == 0, "letters stand at the top"


@pytest.mark.parametrize(
    ("size", "border"), [*((size, 0.0) for size in SWEEPS["letters"].values), (1.0, 0.11)]
)
def test_no_letter_is_cut_where_the_networks_look(size: float, border: float) -> None:
    grey = np.full((300, 300), 0.4, np.float32)
    changed = write_letters(grey, size, border) != grey
    edge = round(300 * (border + 0.06 * (1 - 2 * border)))
    assert changed.sum() == changed[edge:-edge, edge:-edge].sum()


def test_a_picture_of_ones_own_is_changed_by_what_is_present_alone() -> None:
    pixels = RANDOM.random((90, 120)).astype(np.float32)
    assert change(pixels, (False,) * 4) is pixels
    for at in range(4):
        changed = change(pixels, tuple(at == each for each in range(4)))
        assert changed.shape == pixels.shape and changed.dtype == np.float32
        assert changed.min() >= 0 and changed.max() <= 1 and not np.array_equal(changed, pixels)
    even = np.full((80, 60), 0.3, np.float32)
    assert turn(even, 6) == pytest.approx(even)
    large = np.zeros((3000, 1500), np.float32)
    assert reduced(large).shape == (1024, 512) and reduced(pixels) is pixels
    assert np.asarray(Image.open(BytesIO(picture_file(pixels)))) == pytest.approx(255 * pixels, abs=0.51)


def test_what_the_networks_are_given_shows_that_exposure_is_equalised_away() -> None:
    recipe, preprocessing = Recipe(4), Preprocessing(size_px=96)
    ways_alone = alone(5)
    assert len(ways_alone) == 7 and [sum(each) for each in ways_alone] == [0, 1, 1, 1, 1, 1, 5]
    chests = Chests(most=2)

    def seen(present: tuple[bool, ...]) -> tuple[np.ndarray, np.ndarray]:
        patient, finish = with_causes(recipe, present)
        return seen_pair(finish(patient.render(96, chests).pixels), preprocessing)

    none, lesion, _, exposure, *_ = (seen(each) for each in ways_alone[:4])
    assert none[0].shape == none[1].shape == (96, 96) and mean_change(none[0], none[0]) == 0
    before, after = (mean_change(*pair) for pair in zip(none, exposure, strict=True))
    assert before > 0.03 and after < before / 5
    assert mean_change(none[1], lesion[1]) > after, "which says nothing of a lesion"
    rows = seen_table(causes_of(recipe)[:1], [(0.012, 0.026)])
    assert rows[0]["Mean change of grey, as taken"] == "1.2\u00a0%"


def test_an_answer_that_is_not_about_the_lesion_need_not_follow_it() -> None:
    shown = frozenset({"Pneumonia", "Lung Opacity"})
    assert is_about(ENSEMBLE, "covid", shown) and not is_about(ENSEMBLE, "pneumonia", shown)
    assert is_about("Lung Opacity", "covid", shown) and not is_about("Hernia", "covid", shown)
    assert is_about("extent", "pneumonia", shown) and not is_about("extent", "findings", {"Mass"})
    causes = causes_of(Recipe())
    shares = Shares(0.1, 0.5, dict.fromkeys((each.name for each in causes), 0.0) | {"lesion": 0.4})
    said = cause_words(causes, shares, "Hernia", follows=False)
    assert "not what this answer is about" in said and "lesion moves it" in said
    assert "as it should be" not in said
    still = Shares(0.1, 0.1, dict.fromkeys((each.name for each in causes), 0.0))
    assert "would follow" not in cause_words(causes, still, "Hernia", follows=False)


def test_words_say_what_counts_besides_the_lesion() -> None:
    causes = causes_of(Recipe())
    values = {"lesion": 0.4, "letters": 0.2, "exposure": 0.01, "rotation": 0.0, "border": -0.1}
    shares = Shares(0.1, 0.61, values)
    said = cause_words(causes, shares, ENSEMBLE)
    assert (
        "0.10 with none" in said and "lesion counts most, +0.40" in said and "letters and border move" in said
    )
    quiet = Shares(0.1, 0.1, dict.fromkeys(values, 0.0))
    assert "none of them adds" in cause_words(causes, quiet, ENSEMBLE)
    alone = Shares(0.1, 0.5, dict.fromkeys(values, 0.0) | {"lesion": 0.4})
    assert "Nothing besides the lesion counts" in cause_words(causes, alone, ENSEMBLE)
    letters = Shares(0.1, 0.4, dict.fromkeys(values, 0.0) | {"letters": 0.3})
    assert "the letters count most, +0.30" in cause_words(causes, letters, ENSEMBLE)
    assert "letters move it, and the lesion hardly does." in cause_words(causes, letters, ENSEMBLE)
    own = {name: value for name, value in values.items() if name != "lesion"}
    assert "an honest answer would stay" in cause_words(OWN_CAUSES, Shares(0.1, 0.21, own), ENSEMBLE)
    assert cause_bars(causes, shares, ENSEMBLE).count("<tr") >= 5
    (row,) = cause_table(causes, {ENSEMBLE: shares})
    assert row["Lesion"] == "+0.40" and row["None of them"] == "0.10"
    assert list(answer_names(["Effusion", "extent", ENSEMBLE])) == [ENSEMBLE, "extent", "Effusion"]
