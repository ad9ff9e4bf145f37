"""Kept chests change no pixel and no truth, whatever lies in them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from core.phantom.chests import Chest, Chests
from core.phantom.recipe import Recipe
from core.phantom.render import Phantom
from core.vocabulary import FINDINGS

SIZE = 96
CHANGES = (
    {"extent": 60.0},
    {"density": 70.0},
    {"side": "left"},
    {"exposure": 1.0},
    {"extras": True},
    {"disease": "none"},
)


def assert_same(one: Phantom, other: Phantom) -> None:
    assert one.pixels.tobytes() == other.pixels.tobytes() and one.findings == other.findings
    assert one.masks.keys() == other.masks.keys()
    assert all(np.array_equal(one.masks[name], other.masks[name]) for name in one.masks)
    assert (one.extent, one.opacity_score) == (other.extent, other.opacity_score)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_kept_chest_gives_the_same_picture(change: dict[str, object]) -> None:
    chests, first = Chests(2), Recipe(6)
    assert not first.has_chest(chests, SIZE)
    first.render(SIZE, chests)
    other = replace(first, **change)
    assert other.has_chest(chests, SIZE), "this changes no chest"
    assert_same(other.render(SIZE, chests), other.render(SIZE))


@pytest.mark.parametrize("name", FINDINGS)
def test_no_finding_writes_into_a_chest_that_others_share(name: str) -> None:
    chests, recipe = Chests(1), Recipe(3, findings=((name, 80.0),))
    first = recipe.render(SIZE, chests)
    (chest,) = chests._kept.values()
    for array in arrays(chest):
        array.flags.writeable = False
    assert_same(recipe.render(SIZE, chests), first)


def arrays(chest: Chest) -> list[np.ndarray]:
    values = [getattr(chest.healthy, each.name) for each in fields(chest.healthy)]
    values += [getattr(lung, each.name) for lung in chest.healthy.lungs for each in fields(lung)]
    return [each for each in (*values, chest.bone, chest.reference) if isinstance(each, np.ndarray)]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 7},
        {"habitus": 1.0},
        {"inspiration": -1.0},
        {"rotation": 4.0},
        {"portable": True},
        {"findings": (("Cardiomegaly", 60.0),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_the_chest_asks_for_another(change: dict[str, object]) -> None:
    chests, first = Chests(2), Recipe(6)
    first.render(SIZE, chests)
    other = replace(first, **change)
    assert not other.has_chest(chests, SIZE)
    assert_same(other.render(SIZE, chests), other.render(SIZE))


def test_it_keeps_the_latest() -> None:
    chests = Chests(2)
    for seed in (1, 2, 1, 3):
        Recipe(seed).render(SIZE, chests)
    assert [Recipe(seed).has_chest(chests, SIZE) for seed in (1, 2, 3)] == [True, False, True]
    assert not Recipe(1).has_chest(chests, 2 * SIZE)
