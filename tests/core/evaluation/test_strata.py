"""Strata: the right images are counted, at each model's own threshold, with intervals over patients."""

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.predictions import Predictions, join
from core.evaluation.strata import (
    calibration_tables,
    results_by_severity,
    results_by_source,
    results_on_normals,
    results_on_other_diseases,
)
from core.vocabulary import FINDINGS, PHANTOM

THRESHOLDS = {"first": 0.5, "second": 0.9}
ROWS = (
    # split, source, label, group, first, second, extent
    ("test", "clinic", "covid", "g1", 0.95, 0.95, 0.0),
    ("test", "clinic", "covid", "g1", 0.60, 0.60, 2.3),
    ("test", "clinic", "covid", "g2", 0.70, 0.92, 8.0),
    ("test", "other", "normal", "g3", 0.20, 0.20, np.nan),
    ("test", "other", "normal", "g4", 0.80, 0.80, np.nan),
    ("test", "other", "pneumonia", "g5", 0.60, 0.10, np.nan),
    ("test", "other", "pneumonia", "g6", 0.70, 0.30, np.nan),
    ("external", "far", "covid", "g7", 0.10, 0.10, np.nan),
    ("val", "clinic", "covid", "g8", 0.00, 0.00, 8.0),  # thresholds were chosen on it
)


@pytest.fixture
def predictions() -> Predictions:
    split, source, label, group = (np.array([row[i] for row in ROWS]) for i in range(4))
    scores = np.array([row[4:6] for row in ROWS])
    path = np.array([f"{index}.png" for index in range(len(ROWS))])
    extent, findings = np.array([row[6] for row in ROWS]), np.zeros((len(ROWS), len(FINDINGS)))
    reported = np.full(len(ROWS), "")
    return Predictions(
        THRESHOLDS, path, split, source, group, label, reported, scores, extent, extent, findings
    )


def test_by_source_gives_sensitivity_or_specificity(predictions: Predictions) -> None:
    found = {
        (each.split, each.source, each.label, each.right.model): each.right
        for each in results_by_source(predictions)
    }
    assert len(found) == 6
    assert found["test", "clinic", "covid", "first"].share == 1
    assert found["test", "clinic", "covid", "second"].share == pytest.approx(2 / 3)
    assert found["test", "clinic", "covid", "second"].images == 3
    assert found["test", "clinic", "covid", "second"].groups == 2
    assert found["test", "other", "normal", "first"].share == 0.5
    assert found["test", "other", "normal", "second"].share == 1
    assert found["external", "far", "covid", "first"].share == 0


def test_the_interval_draws_whole_patients(predictions: Predictions) -> None:
    (share,) = [
        each.right
        for each in results_by_source(predictions)
        if (each.source, each.right.model) == ("clinic", "second")
    ]
    # Two patients: one is right on one of two images, the other on its only one.
    assert share.interval.low == 0.5 and share.interval.high == 1


def test_by_severity_leaves_out_what_chose_thresholds_and_what_has_no_score(
    predictions: Predictions,
) -> None:
    found = {
        each.stratum: each.sensitivity
        for each in results_by_severity(predictions)
        if each.sensitivity.model == "second"
    }
    assert {stratum: (share.images, share.share) for stratum, share in found.items()} == {
        "normal-looking": (1, 1),
        "mild": (1, 0),
        "severe": (1, 1),
    }


@pytest.mark.parametrize(
    ("extent", "stratum"),
    [
        (0.0, "normal-looking"),
        (0.3, "mild"),
        (2.49, "mild"),
        (2.5, "moderate"),
        (5.5, "severe"),
        (8, "severe"),
    ],
)
def test_every_extent_has_its_stratum(predictions: Predictions, extent: float, stratum: str) -> None:
    only = replace(predictions, extent=np.where(np.arange(len(ROWS)) == 0, extent, np.nan))
    assert {each.stratum for each in results_by_severity(only)} == {stratum}


def test_another_pneumonia_is_read_as_covid_so_often(predictions: Predictions) -> None:
    found = {each.called.model: each for each in results_on_other_diseases(predictions)}
    assert found["first"].called.share == 1 and found["first"].median == pytest.approx(0.65)
    assert found["second"].called.share == 0 and found["second"].median == pytest.approx(0.2)
    assert found["first"].called.images == 2


def test_what_is_found_on_normal_radiographs_is_found_wrongly(predictions: Predictions) -> None:
    """At the operating point, a probability; phantoms, and images that chose it, do not count."""
    findings = predictions.findings.copy()
    findings[3, 0], findings[4, 0] = -1.3, -1.4  # of normal images; 0.21 and 0.20 as probabilities
    points = [0.21, *[0.6] * (len(FINDINGS) - 1)]
    first, second, *_ = results_on_normals(replace(predictions, findings=findings), points)
    assert (first.name, first.images, first.groups, first.share) == (FINDINGS[0], 2, 2, 0.5)
    assert first.by_source == (("other", 2, 0.5),) and first.interval.low < 0.5 < first.interval.high
    assert second.share == 0 and second.interval.high > 0
    rendered = np.where(predictions.label == "normal", PHANTOM, predictions.source)
    assert results_on_normals(replace(predictions, source=rendered), points) == ()


def test_calibration_needs_both_classes(predictions: Predictions) -> None:
    found = calibration_tables(predictions)
    assert [(each.model, each.split) for each in found] == [("first", "test"), ("second", "test")]
    assert sum(each.images for each in found[0].bins) == 5


def test_without_images_there_is_nothing(predictions: Predictions) -> None:
    empty = replace(predictions, split=np.full(len(ROWS), "train"))
    assert results_by_source(empty) == results_by_severity(empty) == results_on_other_diseases(empty) == ()
    assert calibration_tables(empty) == ()


def test_what_a_collection_reports_stands_for_itself_from_ten_images_on(predictions: Predictions) -> None:
    count = 24
    reported = np.array(["Tuberculosis|Nodule"] * 12 + ["Tuberculosis"] * 9 + ["Tuberculosis|Mass"] * 3)
    others = Predictions(
        THRESHOLDS,
        np.array([f"o{row}.png" for row in range(count)]),
        np.full(count, "test"),
        np.full(count, "far"),
        np.array([f"o{row}" for row in range(count)]),
        np.full(count, "other"),
        reported,
        np.tile([[0.9, 0.1]], (count, 1)),
        np.full(count, np.nan),
        np.full(count, np.nan),
        np.zeros((count, len(FINDINGS))),
    )
    found = {each.name: each.called.images for each in results_on_other_diseases(others)}
    assert found == {"another disease; Tuberculosis": 24, "Nodule": 12}
    both = results_on_other_diseases(join([predictions, others]))
    assert {(each.name, each.source) for each in both} >= {("other pneumonia", "other"), ("Nodule", "far")}
