"""Plausibility: drawings of a chest pass; flat ones, and those far from the training images, do not."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from core.gate.plausibility import (
    PlausibilityLimits,
    feature_distance,
    fit_limits,
    plausibility_warnings,
    statistics,
)

Array = np.ndarray
COUNT = 60


def features(seed: int, shift: float = 0) -> Mapping[str, Array]:
    """Feature maps that vary along a few directions, as those of similar images do."""
    basis = np.abs(np.random.default_rng(99).normal(size=(4, 64)))
    mix = np.random.default_rng(seed).uniform(0.5, 1.5, size=4)
    vector = mix @ basis + shift * np.abs(np.random.default_rng(7).normal(size=64))
    return {"a": np.broadcast_to(vector, (3, 3, 64)).astype(np.float32)}


@pytest.fixture(scope="module")
def draw(random_bundle_module) -> Callable[[int], Array]:
    return random_bundle_module.drawn_chest


@pytest.fixture(scope="module")
def limits(draw: Callable[[int], Array]) -> PlausibilityLimits:
    return fit_limits([statistics(draw(seed), features(seed)) for seed in range(COUNT)])


def codes(pixels: Array, limits: PlausibilityLimits, maps: Mapping[str, Array] | None = None) -> set[str]:
    found = plausibility_warnings(statistics(pixels, maps or features(1000)), limits)
    return {warning.code for warning in found}


def test_unseen_chests_pass(draw: Callable[[int], Array], limits: PlausibilityLimits) -> None:
    assert not set().union(*(codes(draw(seed), limits, features(seed)) for seed in range(2000, 2010)))


def test_a_flat_picture_raises_a_warning(draw: Callable[[int], Array], limits: PlausibilityLimits) -> None:
    flat = (0.5 + 0.02 * draw(3)).astype(np.float32)
    assert codes(flat, limits, features(3)) == {"low_contrast"}


def test_features_far_from_training_raise_a_warning(
    draw: Callable[[int], Array], limits: PlausibilityLimits
) -> None:
    assert codes(draw(3), limits, features(3, shift=3)) == {"far_from_training_data"}
    near, far = (feature_distance(statistics(draw(3), features(3, shift)), limits) for shift in (0, 3))
    assert near < limits.distance_limit < far


def test_contrast_lies_in_its_documented_range(draw: Callable[[int], Array]) -> None:
    row = statistics(draw(0), features(0))
    assert 0 < row["contrast"] <= 1
    assert set(row) == {"contrast", *(f"feature:a:{index}" for index in range(6))}
