"""Outlines: two lungs pass, wherever they lie a little otherwise; what cannot be two lungs does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from core.models.outline import MEASURES, OutlineLimits, distance, fit_outlines, is_plausible, shape

Mask = NDArray[np.bool_]
SIDE = 64


def ellipse(across: float, down: float, wide: float, tall: float) -> Mask:
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    return np.asarray(((columns - across) / wide) ** 2 + ((rows - down) / tall) ** 2 < 1)


def lungs(random: np.random.Generator) -> Mask:
    """Two lungs of a chest that somebody drew."""
    x, y, wide, tall = random.normal((0.22, 0.5, 0.13, 0.32), 0.015)
    return ellipse(0.5 - x, y, wide, tall) | ellipse(0.5 + x, y + random.normal(0, 0.01), wide, tall)


@pytest.fixture(scope="module")
def drawn() -> list[Mask]:
    random = np.random.default_rng(0)
    return [lungs(random) for _ in range(300)]


@pytest.fixture(scope="module")
def limits(drawn: list[Mask]) -> OutlineLimits:
    shapes = [shape(each) for each in drawn]
    assert all(shapes)
    return fit_outlines(shapes[:150], {"val": shapes[150:], "test": [None, *shapes[:3]]}, 0.01)


def test_the_measures_of_two_lungs() -> None:
    found = shape(ellipse(0.3, 0.5, 0.1, 0.3) | ellipse(0.7, 0.5, 0.1, 0.3))
    assert found and tuple(found) == MEASURES
    expected = {
        "area": 2 * np.pi * 0.03,
        "balance": 1,
        "solidity": 0.97,
        "across": 0.5,
        "down": 0.5,
        "apart": 0.4,
        "level": 0,
        "tall": 0.6,
        "wide": 0.6,
    }
    assert found == pytest.approx(expected, abs=0.04)


def test_the_limit_lets_all_but_the_given_share_of_its_own_images_pass(limits: OutlineLimits) -> None:
    assert limits.silence["val"].silent == 1 and limits.silence["val"].images == 150
    assert limits.silence["test"].silent == 1 and limits.masks == 150  # the one without an outline
    assert distance(None, limits) == np.inf


NONSENSE: dict[str, Callable[[Mask], Mask]] = {
    "nothing": np.zeros_like,
    "a loop in a corner": lambda lung: ellipse(0.9, 0.1, 0.08, 0.08) & ~ellipse(0.9, 0.1, 0.05, 0.05),
    "one lung": lambda lung: lung & (np.arange(SIDE) < SIDE / 2),
    "all of it": np.ones_like,
    "a lung and a spot": lambda lung: (lung & (np.arange(SIDE) < SIDE / 2)) | ellipse(0.8, 0.2, 0.03, 0.03),
    "lying on its side": lambda lung: np.rot90(lung),
    "one line": lambda lung: np.eye(SIDE, dtype=bool)[[0]] & lung,
}


@pytest.mark.parametrize("name", NONSENSE)
def test_what_cannot_be_two_lungs_is_nonsense(name: str, drawn: list[Mask], limits: OutlineLimits) -> None:
    assert sum(is_plausible(each.astype(np.float32), limits) for each in drawn[150:]) == 149
    changed = [NONSENSE[name](each).astype(np.float32) for each in drawn[:10]]
    assert not any(is_plausible(each, limits) for each in changed)
