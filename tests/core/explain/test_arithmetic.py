"""The sum that Grad-CAM is: it adds up, in every place, to what the map shows."""

from __future__ import annotations

import numpy as np
import pytest

from core.explain.arithmetic import head_in_numbers, hottest, take_apart, take_apart_reading
from core.explain.gradcam import gradcam
from core.explain.together import GRID, together, weights_towards
from core.models.head import Head, logit

RANDOM = np.random.default_rng(3)
FEATURES = RANDOM.normal(size=(3, 4, 12)).astype(np.float32)
HEAD = Head(*(RANDOM.normal(size=size).astype(np.float32) for size in ((12, 5), 5, 5)), "average", 1, 0.25)


@pytest.mark.parametrize("head", [HEAD, HEAD.opposed()], ids=["for", "against"])
def test_the_sum_of_a_place_is_the_heat_of_the_map(head: Head) -> None:
    heat = gradcam(FEATURES, head)
    for place in np.ndindex(heat.shape):
        found = take_apart(FEATURES, head, place, shown=4)
        assert found.heat == pytest.approx(heat[place], abs=1e-5)
        assert sum(each.product for each in found.addends) + found.others == pytest.approx(found.total)
        assert found.raising + found.lowering == pytest.approx(found.total, abs=1e-5)
        assert [each.product for each in found.addends] == pytest.approx(
            [each.weight * each.activation for each in found.addends]
        )
        sizes = [abs(each.product) for each in found.addends]
        assert sizes == sorted(sizes, reverse=True) and found.channels == 12
        assert found.peak == pytest.approx(heat.max(), abs=1e-5)
    assert take_apart(FEATURES, head, hottest(heat)).share == pytest.approx(1)


def test_the_head_in_numbers_answers_what_the_head_answers() -> None:
    numbers = head_in_numbers(FEATURES, HEAD)
    assert numbers.units == 5 and 0 <= numbers.active <= 5
    assert numbers.logit == logit(FEATURES, HEAD) == pytest.approx(-logit(FEATURES, HEAD.opposed()))
    half, same = take_apart_reading(FEATURES.astype(np.float16), HEAD, (1, 1))
    assert half.total == pytest.approx(take_apart(FEATURES, HEAD, (1, 1)).total, abs=0.02)
    assert same.logit == pytest.approx(numbers.logit, abs=0.05)


def test_the_ensembles_map_weighs_each_by_what_it_added_towards_the_class() -> None:
    added = {"one": 2.0, "two": -1.0, "three": 0.5}
    assert weights_towards(added, covid=True) == {"one": 2.0, "two": 0.0, "three": 0.5}
    assert weights_towards(added, covid=False) == {"one": 0.0, "two": 1.0, "three": 0.0}
    maps = {key: np.full((side, side), 1, np.float32) for key, side in zip(added, (2, 5, 7), strict=True)}
    for covid, total in ((True, 2.5), (False, 1.0)):
        heat = together(maps, weights_towards(added, covid=covid))
        assert heat.shape == (GRID, GRID) and heat == pytest.approx(total)
