"""No phantom serves two ends: what measures was not learnt from."""

from __future__ import annotations

from itertools import combinations

import pytest

from core.evaluation.sets.phantoms import COUNT
from core.phantom import recipe
from core.phantom.seeds import SEEDS, take_seeds
from core.shortcuts import cohorts
from train.bundle.roles import SEVERITY_PHANTOMS
from train.config import PRESETS
from train.fitting.lungs import HELD_OUT_PHANTOMS
from train.samples import SAMPLE_RECIPES
from train.trials import gate


@pytest.mark.parametrize(("one", "other"), list(combinations(SEEDS, 2)))
def test_no_two_purposes_share_a_seed(one: str, other: str) -> None:
    assert not range(max(SEEDS[one].start, SEEDS[other].start), min(SEEDS[one].stop, SEEDS[other].stop))


def test_every_purpose_has_seeds_enough() -> None:
    presets = PRESETS.values()
    needed = {
        "reference": 1,
        "pretraining": max(each.phantoms for each in presets),
        "lungs": max(each.lungs.phantoms for each in presets),
        "lungs_held_out": HELD_OUT_PHANTOMS,
        "findings": max(each.findings.phantoms for each in presets),
        "crowded": max(each.findings.crowded for each in presets),
        "findings_held_out": max(each.findings.held_out for each in presets),
        "severity": SEVERITY_PHANTOMS,
        "comparison": COUNT,
        "studio": recipe.PATIENTS,
        "shortcuts": 2 * cohorts.PATIENTS,
        "gate": gate.PHANTOMS,
        "gate_held_out": gate.HELD_OUT_PHANTOMS,
        "laterals": gate.LATERALS,
        "laterals_held_out": gate.HELD_OUT_LATERALS,
    }
    assert {purpose: len(take_seeds(purpose, count)) for purpose, count in needed.items()} == needed
    assert set(SEEDS) == {*needed, "samples"}
    assert all(each.spec.seed in SEEDS["samples"] for each in SAMPLE_RECIPES)


def test_more_seeds_than_there_are_would_serve_something_else_too() -> None:
    with pytest.raises(ValueError, match="1 seeds for reference, not 2"):
        take_seeds("reference", 2)
