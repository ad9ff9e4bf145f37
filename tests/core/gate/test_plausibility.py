"""Plausibility: drawings of a chest pass, other pictures raise the warning that fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from core.gate.plausibility import (
    PlausibilityLimits,
    feature_distance,
    fit_limits,
    image_statistics,
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


ALTERATIONS: dict[str, tuple[Callable[[Array], Array], str]] = {
    "flat": (lambda chest: 0.5 + 0.02 * chest, "low_contrast"),
    "noise": (lambda chest: np.random.default_rng(0).random(chest.shape), "not_a_radiograph"),
    "gradient": (lambda chest: np.tile(np.linspace(0, 1, 256), (256, 1)), "not_a_radiograph"),
    "lying": (lambda chest: np.rot90(chest), "not_frontal"),
    "inverted": (lambda chest: 1 - chest, "not_frontal"),
    "half": (lambda chest: chest[:, :128], "not_frontal"),
}


@pytest.mark.parametrize(("alter", "code"), ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_other_pictures_raise_the_warning_that_fits(
    alter: Callable[[Array], Array], code: str, draw: Callable[[int], Array], limits: PlausibilityLimits
) -> None:
    assert code in codes(np.ascontiguousarray(alter(draw(3)), dtype=np.float32), limits)


def test_features_far_from_training_raise_a_warning(
    draw: Callable[[int], Array], limits: PlausibilityLimits
) -> None:
    assert codes(draw(3), limits, features(3, shift=3)) == {"far_from_training_data"}
    near, far = (feature_distance(statistics(draw(3), features(3, shift)), limits) for shift in (0, 3))
    assert near < limits.distance_limit < far


def test_statistics_lie_in_their_documented_ranges(draw: Callable[[int], Array]) -> None:
    row = image_statistics(draw(0))
    assert 0 < row["contrast"] <= 1 and 0 <= row["roughness"] <= 2
    assert row["symmetry"] > 0.5 and row["mediastinal_contrast"] > 0.2
    lying = image_statistics(draw(0).T.copy())
    assert row["uprightness"] > 0 and lying["uprightness"] == pytest.approx(-row["uprightness"], abs=1e-3)
    assert image_statistics(draw(0)[:, ::-1].copy())["symmetry"] == pytest.approx(row["symmetry"], abs=1e-3)


def test_black_image_and_dead_features_give_numbers() -> None:
    row = statistics(np.zeros((130, 200), np.float32), {"a": np.zeros((2, 2, 8), np.float32)})
    assert all(np.isfinite(value) for value in row.values())


def test_directions_do_not_depend_on_the_strength_of_activations() -> None:
    weak = statistics(np.zeros((9, 9), np.float32), features(0))
    strong = statistics(np.zeros((9, 9), np.float32), {"a": 100 * features(0)["a"]})
    assert weak == pytest.approx(strong, rel=1e-4)


def test_limits_survive_the_manifest(limits: PlausibilityLimits) -> None:
    assert PlausibilityLimits.model_validate_json(limits.model_dump_json()) == limits
