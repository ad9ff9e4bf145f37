"""A head on trial answers as itself everywhere, and nothing that was measured without it is said of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.load import Models
from core.analysis.run import analyse
from core.display import shortcuts as words
from core.display import why, wording
from core.display.figures import contribution_rows
from core.export.json_csv import csv_row, to_record
from core.models.bundle.manifest import Taught
from core.models.head import pooled_features
from core.reading.radiograph import Radiograph
from core.shortcuts.cohorts import Phantoms
from core.shortcuts.experiment import Outcome, Planting, conclude, school
from core.shortcuts.heads import Schooling
from core.shortcuts.trial import Trial, try_head, with_trial
from core.vocabulary import ENSEMBLE
from tests.core.shortcuts.test_experiment import drawn

KEY = "densenet121"
NAME = "DenseNet121, taught letters on 80 % of the ill"
PLANTING = Planting("letters", 80, 0)
COHORT = Phantoms(count=24, size_px=96)


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    """Of a head on as many features as the backbone has, of which some betray the mark."""
    material = drawn()
    wide = replace(material, plain=_wide(material.plain), marked=_wide(material.marked))
    steps = list(school(wide, PLANTING, Schooling(epochs=4)))
    return conclude(wide, PLANTING, (steps[-1][0], steps[0][0]), [point for _, point in steps])


def _wide(features: np.ndarray) -> np.ndarray:
    return np.pad(features, ((0, 0), (0, 1024 - features.shape[1])))


@pytest.fixture(scope="module")
def trial(outcome: Outcome) -> Trial:
    return try_head("0" * 64, KEY, outcome, COHORT)


def test_its_name_says_what_it_is(trial: Trial) -> None:
    assert trial.name == NAME
    taught = trial.taught.model_copy(update={"ill": 0, "healthy": 60, "mark": "a border"})
    assert taught.words == "taught a border on 60 % of the healthy"
    assert (
        "80 % of the ill and 20 % of the healthy"
        in taught.model_copy(update={"ill": 80, "healthy": 20}).words
    )
    assert trial.taught.learnt == 12 and trial.taught.measured == 80 and "phantoms" in trial.taught.patients


def test_it_answers_in_place_of_the_usual_head_and_says_so_in_every_place(
    trial: Trial, random_models: Models, drawn_radiograph: Callable[[int], Radiograph]
) -> None:
    radiograph = drawn_radiograph(1)
    usual, other = (analyse(radiograph, each) for each in (random_models, with_trial(random_models, trial)))
    answers = {each.backbone.key: each for each in other.readings}
    for before in usual.readings:
        same = answers[before.backbone.key].probability == before.probability
        assert same == (before.backbone.key != KEY)
    ours = answers[KEY]
    pooled = pooled_features(ours.features.astype(np.float32), 1).mean(axis=(0, 1))
    hidden = np.maximum(pooled @ trial.head.hidden_kernel + trial.head.hidden_bias, 0)
    logit = hidden @ trial.head.output_kernel + trial.head.output_bias
    assert ours.probability == pytest.approx(1 / (1 + np.exp(-logit)), abs=2e-3)
    assert ours.head is trial.head and ours.threshold == trial.threshold and ours.backbone.name == NAME
    assert other.decision.decision_value != usual.decision.decision_value
    assert KEY not in other.third_answers and ENSEMBLE not in other.third_answers and other.third_answers
    assert NAME in wording.headline(other) and "taught" not in wording.headline(usual)
    assert NAME in {row["Model"] for row in why.figures(other)}
    assert NAME in {name for name, _ in contribution_rows(other, most=99)}
    record = to_record(other)
    assert NAME in {each["name"] for each in record["backbones"]} and NAME in record["provenance"]["title"]
    assert "taught_on_purpose" in csv_row(other)["warnings"] and NAME in csv_row(other)["title"]
    assert [each.message for each in other.warnings if "flawed on purpose" in each.message]
    assert not [each for each in usual.warnings if each.code == "taught_on_purpose"]


def test_versions_tell_trials_apart(trial: Trial) -> None:
    again = replace(trial)
    assert again.version == trial.version and len(trial.version) == 64
    for other in (
        replace(trial, base="1" * 64),
        replace(trial, threshold=0.123),
        replace(trial, backbone="vgg16"),
        replace(trial, head=trial.head.opposed()),
        replace(trial, taught=trial.taught.model_copy(update={"ill": 70})),
    ):
        assert other.version != trial.version


def test_the_banner_says_whose_it_is(trial: Trial) -> None:
    assert NAME in words.on_trial(trial, mine=True) and "other models" in words.on_trial(trial, mine=False)
    assert isinstance(trial.taught, Taught)
