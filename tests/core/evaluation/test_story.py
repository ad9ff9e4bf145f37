"""The story of Compare: what it takes from a bundle, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.metrics import roc_auc
from core.evaluation.record import TrackRecord, read_record
from core.evaluation.story import STEPS, tell, tell_brought
from core.evaluation.trials import mean_left_out
from core.models.backbones import BACKBONES
from core.models.bundle.files import read_manifest
from core.project import SHIPPED, bundles_folder

BUNDLE = bundles_folder() / SHIPPED


@pytest.fixture(scope="module")
def record() -> TrackRecord:
    return read_record(BUNDLE, read_manifest(BUNDLE))


def test_the_steps_of_the_bundle_that_ships(record: TrackRecord) -> None:
    home, covered, left_out, abroad = tell(record)
    assert tuple(step.place for step in (home, covered, left_out, abroad)) == STEPS
    table = record.predictions
    task = (table.split == "external") & np.isin(table.label, ["covid", "normal"])
    column = list(table.thresholds).index("ensemble")
    assert abroad.images == task.sum() > 0
    assert abroad.roc_auc == pytest.approx(roc_auc(table.label[task] == "covid", table.scores[task, column]))
    assert abroad.interval and abroad.interval.low < abroad.roc_auc < abroad.interval.high
    assert record.trials
    seen = {row.model: row for row in record.trials.covered_lungs if row.split == "test"}
    assert covered.ensemble and covered.roc_auc == seen["ensemble"].covered.roc_auc
    assert covered.below_chance == {
        model: row.covered.roc_auc
        for model, row in seen.items()
        if row.covered.high is not None and row.covered.high < 0.5
    }
    rows = [row for row in record.trials.left_out if row.base == "retrained"]
    assert not left_out.ensemble and left_out.images is left_out.interval is None
    assert left_out.backbones.keys() == {row.model for row in rows}
    for model, mean in left_out.backbones.items():
        areas = [row.measured.roc_auc for row in rows if row.model == model]
        assert mean == pytest.approx(np.mean([area for area in areas if area is not None]))
    assert left_out.heads == pytest.approx(mean_left_out(record.trials.left_out, "frozen"))
    assert home.roc_auc > covered.roc_auc and set(home.backbones) == {each.key for each in BACKBONES}


def test_heads_stand_in_for_networks_that_nobody_trained_anew(record: TrackRecord) -> None:
    assert record.trials
    rows = tuple(row for row in record.trials.left_out if row.base == "frozen")
    heads = tell(replace(record, trials=record.trials.model_copy(update={"left_out": rows})))[2]
    assert heads.place == "heads" and set(heads.backbones) == {each.key for each in BACKBONES}
    assert heads.roc_auc == pytest.approx(mean_left_out(rows, "frozen")) and heads.heads is None


def test_what_nobody_measured_is_no_step(record: TrackRecord) -> None:
    table = record.predictions
    home = table.take(np.flatnonzero(table.split != "external"))
    assert [step.place for step in tell(replace(record, predictions=home, trials=None))] == ["test"]


def test_images_that_somebody_brought_are_a_step_once_both_classes_are_there(record: TrackRecord) -> None:
    assert tell_brought("own", record) is None
    table = record.predictions
    rows = np.flatnonzero(table.split == "external")
    own = replace(table.take(rows), split=np.full(rows.size, "own"))
    step = tell_brought("own", replace(record, predictions=own))
    assert step and step.place == "own" and step.roc_auc == tell(record)[-1].roc_auc
    ill = own.take(np.flatnonzero(own.label == "covid"))
    assert tell_brought("own", replace(record, predictions=ill)) is None


def test_an_upper_end_of_nothing_is_known(record: TrackRecord) -> None:
    assert record.trials
    rows = tuple(
        row.model_copy(update={"covered": row.covered.model_copy(update={"high": 0.0})})
        for row in record.trials.covered_lungs
    )
    covered = tell(replace(record, trials=record.trials.model_copy(update={"covered_lungs": rows})))[1]
    assert covered.below_chance == covered.backbones
