"""Layers of several networks: the last one of each fineness, weighed; who added nothing is not asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.explain.layers import FINENESS, last_layers, look_at_layers
from core.explain.packed import pack

LAYERS = {
    "one": [("a", 16, 16), ("b", 16, 16), ("c", 8, 8), ("d", 4, 4), ("e", 2, 2)],
    "two": [("a", 15, 15), ("b", 7, 7)],
    "silent": [("a", 16, 16)],
}
asked: list[tuple[str, str]] = []


def ask(question: dict[str, Any]) -> dict[str, Any]:
    if question["task"] == "layers":
        return {"layers": LAYERS[question["model"]]}
    asked.append((question["model"], question["layer"]))
    rows = next(rows for name, rows, _ in LAYERS[question["model"]] if name == question["layer"])
    return {"maps": {"gradcam": pack(np.full((rows, rows), 7.0))}}


def test_each_depth_is_the_weighted_sum_of_the_last_layers_so_fine() -> None:
    assert last_layers(LAYERS["one"], 64) == {4: "b", 8: "c", 16: "d", 32: "e"}
    weights = {"one": 0.75, "silent": 0.0, "two": 0.5}
    steps = list(look_at_layers(np.zeros((64, 64), np.float32), ask, weights, covid=True))
    assert [step.done for step in steps] == [*range(1, steps[-1].total + 1)]
    assert steps[-1].total == 2 * len(FINENESS) and steps[3].networks == ("one",)
    assert asked == [("one", "b"), ("one", "c"), ("one", "d"), ("one", "e"), ("two", "a"), ("two", "b")]
    maps = {fineness: found["gradcam"] for fineness, found in steps[-1].maps.items()}
    assert maps[4] == pytest.approx(1.25) and maps[8] == pytest.approx(1.25)
    assert maps[16] == pytest.approx(0.75) and maps[4].shape == (16, 16)
