"""Renderings: each recipe once while it is remembered, a coarse one without waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from core.phantom.recipe import COARSE_PX, SAVED_PX, Recipe
from core.reading.radiograph import read_radiograph
from core.renderings import Renderings


def test_a_recipe_is_rendered_once_and_the_oldest_is_forgotten() -> None:
    turns: list[int] = []

    def in_turn(work: Callable[[], Any]) -> Any:
        turns.append(1)
        return work()

    kept = Renderings(in_turn, most=2)
    first = kept.render(Recipe(1), 129)
    assert kept.render(Recipe(1), 129) is first and len(turns) == 1
    coarse = kept.render(Recipe(1), COARSE_PX)
    assert len(turns) == 1 and coarse is not first
    kept.render(Recipe(2), COARSE_PX)
    assert kept.kept(Recipe(1), 129) is None and kept.kept(Recipe(1), COARSE_PX) is coarse
    read = read_radiograph(coarse.file.data, coarse.file.name)
    assert np.abs(read.pixels - coarse.phantom.pixels).max() < 0.002
    assert coarse.sample.label == "covid" and coarse.sample.key == "phantom-1"


def test_what_is_saved_is_large_and_rendered_once() -> None:
    kept = Renderings(lambda work: work())
    large = kept.large(Recipe(1))
    assert large.pixels.shape == (SAVED_PX, SAVED_PX) == large.lungs.shape and kept.large(Recipe(1)) is large
