"""A small lab: few patients, small pictures, one plant seen by a network with random weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.shortcuts.experiment import Material, gather
from core.shortcuts.features import Source
from core.shortcuts.lab import Lab

PATIENTS, SIZE_PX = 48, 96


@pytest.fixture(scope="session")
def small_lab() -> Lab:
    return Lab(lambda work: work(), PATIENTS, SIZE_PX)


@pytest.fixture(scope="session")
def material(small_lab: Lab, random_models) -> Callable[[str], Material]:
    """Of a plant, on DenseNet121."""

    def make(plant: str) -> Material:
        source = Source("random", "densenet121", plant, small_lab.home.key)
        for each in ("", plant):
            part = Source("random", "densenet121", each, small_lab.home.key)
            for _ in small_lab.features.fill(part, small_lab.home, random_models.networks, range(PATIENTS)):
                pass
        return gather(small_lab.features, source, small_lab.home)

    return make
