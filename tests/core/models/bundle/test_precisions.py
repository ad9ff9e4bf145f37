"""The rule by which faster arithmetic serves: the validation split chooses, the processor decides."""

from __future__ import annotations

from typing import Any

import pytest

from core.models.bundle.precisions import MAX_AUC_CHANGE, Precisions, verified_choices, whole_speedup
from tests.precision_records import combination, trial


@pytest.mark.parametrize(
    ("changes", "verified"),
    [
        ({}, True),
        ({"flips": 1}, False),
        ({"auc_change": MAX_AUC_CHANGE}, True),
        ({"auc_change": -MAX_AUC_CHANGE - 1e-6}, False),
        ({"auc_change": None}, True),
        ({"speedup": 1.0}, False),
    ],
)
def test_only_the_validation_split_and_the_speed_verify(changes: dict[str, Any], verified: bool) -> None:
    assert trial("vgg16", "bf16", **changes).verified == verified


def test_choices_of_verified_precisions_come_the_fastest_first() -> None:
    trials = [
        trial("vgg16", "bf16", 2),
        trial("vgg16", "int8", 4),
        trial("resnet50", "bf16", 3),
        trial("resnet50", "int8", 4, flips=1),
        trial("xception", "bf16", 2, flips=1),
    ]
    assert verified_choices(trials, ["bf16", "int8"]) == [
        {"vgg16": "int8", "resnet50": "bf16"},
        {"vgg16": "bf16", "resnet50": "bf16"},
        {"vgg16": "int8"},
        {"resnet50": "bf16"},
        {"vgg16": "bf16"},
    ]
    assert verified_choices(trials, ["int8"]) == [{"vgg16": "int8"}]
    assert verified_choices(trials, []) == []


def test_networks_that_stay_in_float32_count_in_the_speed_of_all() -> None:
    trials = [trial("vgg16", "int8", 4), trial("vgg16", "bf16", 2), trial("resnet50", "int8", 4)]
    assert whole_speedup(trials, {"vgg16": "int8"}) == pytest.approx(24 / 15)
    assert whole_speedup(trials, {}) == 1


def test_a_processor_gets_the_first_combination_that_it_has_instructions_for() -> None:
    combinations = [
        combination(vgg16="int8", resnet50="bf16"),
        combination(vgg16="int8"),
        combination(resnet50="bf16"),
    ]
    measured = Precisions(processor="any", trials=[], combinations=combinations)
    assert measured.best({"f32", "bf16", "int8"}) is combinations[0]
    assert measured.best({"f32", "int8"}) is combinations[1]
    assert measured.best({"f32", "bf16"}) is combinations[2]
    assert measured.best({"f32"}) is None


def test_a_trial_is_found_by_network_and_precision() -> None:
    trials = [trial("vgg16", "bf16"), trial("vgg16", "int8")]
    measured = Precisions(processor="", trials=trials, combinations=[])
    assert measured.trial("vgg16", "int8") is trials[1] and measured.trial("vgg16", "f32") is None
