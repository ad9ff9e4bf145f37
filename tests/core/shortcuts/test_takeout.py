"""Taking out what a mark does to features lowers how far a head depends on it, and leaves the disease."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.display import takeout as words
from core.shortcuts.experiment import Planting
from core.shortcuts.heads import Schooling
from core.shortcuts.takeout import COUNTS, PLACES, Abroad, TakenOut, main_directions, take_out, without
from tests.core.shortcuts.test_experiment import drawn

ALL = Planting("letters", 100, 0)


@pytest.fixture(scope="module")
def steps() -> list[TakenOut]:
    material = drawn()
    abroad = Abroad(
        *(each[~material.learns] for each in (material.plain, material.labels, material.patients))
    )
    return list(take_out(material, ALL, abroad, Schooling(epochs=60)))


def test_projection_lowers_the_dependence_and_keeps_the_disease(steps: list[TakenOut]) -> None:
    assert [step.directions for step in steps] == list(COUNTS)
    before, after = steps[0], steps[1]
    assert before.figures["home"].roc_auc - before.figures["flipped"].roc_auc > 0.5
    assert abs(after.figures["home"].roc_auc - after.figures["flipped"].roc_auc) < 0.05
    assert after.moved < 0.02 < before.moved
    assert after.figures["flipped"].roc_auc > 0.75
    assert after.figures["abroad"].roc_auc == pytest.approx(after.figures["none"].roc_auc)


def test_directions_are_orthonormal_and_what_is_taken_out_is_gone() -> None:
    spread, basis = main_directions(drawn(), 4)
    assert (spread > 0).all() and np.allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-4)
    features = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    left = without(features, basis)
    assert np.abs(left @ basis.T).max() < 1e-4 and np.allclose(without(left, basis), left, atol=1e-5)


def test_the_head_takes_features_as_they_come(steps: list[TakenOut]) -> None:
    material = drawn()
    head = steps[1].head
    plain, marked = (head.probabilities(each) for each in (material.plain, material.marked))
    assert np.abs(plain - marked).max() < 0.05


def test_words_say_whether_it_is_gone_and_what_it_does_abroad(steps: list[TakenOut]) -> None:
    said = words.takeout_words(steps, ALL)
    assert "no longer depends" in said and "Abroad" in said
    head = words.takeout_headline(steps, ALL, "vgg16")
    assert "one direction taken out" in head and "VGG16" in head
    stuck = [steps[0], *(replace(steps[0], directions=count) for count in COUNTS[1:])]
    assert "Even with 8 directions" in words.takeout_words(stuck, ALL)
    honest = [replace(steps[1], directions=count) for count in COUNTS]
    assert "little to take out" in words.takeout_words(honest, ALL)
    assert len(words.takeout_figure(steps).data) == len(PLACES)
    assert len(words.takeout_table(steps)) == len(COUNTS)
