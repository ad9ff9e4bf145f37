"""Marks: inside of what the networks see, the same for the same patient, and as strong as asked."""

from __future__ import annotations

import numpy as np
import pytest

from core.margins import Box
from core.phantom.film import lettering
from core.preprocessing import Preprocessing, inside_box, network_box, network_input
from core.shortcuts.cohorts import Phantoms
from core.shortcuts.plants import PLANT_BY_KEY, PLANTS, WORDS, Plant, put_on, region

RECIPE = Preprocessing(cut_margins=True)


@pytest.fixture(scope="module")
def chests() -> list[np.ndarray]:
    return [Phantoms(count=6, size_px=96).pixels(index) for index in range(6)]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda each: each.key)
def test_a_mark_changes_what_the_networks_see_and_leaves_the_margins_there(
    plant: Plant, chests: list[np.ndarray]
) -> None:
    for seed, plain in enumerate(chests):
        frame = network_box(plain, RECIPE)
        marked = put_on(plain, frame, plant, seed)
        assert marked.dtype == np.float32 and marked.min() >= 0 and marked.max() <= 1
        inside = region(plain, marked)[frame.top : frame.bottom, frame.left : frame.right]
        assert inside.mean() > 0.005
        height, width = plain.shape
        assert inside_box(marked, RECIPE) == inside_box(plain, RECIPE) == Box(0, 0, width, height)
        assert np.array_equal(marked, put_on(plain, frame, plant, seed))
        half = put_on(plain, frame, plant, seed, 0.5)
        assert np.abs(half - (plain + marked) / 2).max() < 0.01
        assert np.array_equal(put_on(plain, frame, plant, seed, 0.0), plain)


def test_film_has_all_letters_of_the_words() -> None:
    assert all(lettering(letter).any() for word, *_ in WORDS for letter in word)


def test_letters_lie_on_whole_plates_wherever_a_patient_has_them() -> None:
    plain = np.full((200, 200), 0.5, np.float32)
    for seed in range(20):
        lies = region(plain, put_on(plain, Box(0, 0, 200, 200), PLANT_BY_KEY["letters"], seed))
        edge = np.concatenate(
            [lies[:2].ravel(), lies[-2:].ravel(), lies[:, :2].ravel(), lies[:, -2:].ravel()]
        )
        assert lies.any() and not edge.any()


def test_equalising_takes_the_tone_away_and_nothing_else(chests: list[np.ndarray]) -> None:
    moved = {}
    for plant in PLANTS:
        pairs = [(each, put_on(each, network_box(each, RECIPE), plant, 0)) for each in chests]
        seen = [[network_input(each, RECIPE) for each in pair] for pair in pairs]
        moved[plant.key] = np.mean([np.abs(plain - marked).max() for plain, marked in seen])
    assert moved["tone"] < 0.1 < min(each for key, each in moved.items() if key != "tone")
    assert set(moved) == set(PLANT_BY_KEY)
