"""The ensemble: decisions that add up, on a calibrated scale."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from core.errors import DataError
from core.models.backbones import BACKBONES
from core.models.ensemble import FEATURES, assemble, calibrate
from core.vocabulary import FINDINGS


def test_inputs_are_the_backbones_and_then_the_findings():
    keys = tuple(backbone.key for backbone in BACKBONES)
    assert list(FEATURES) == [*keys, *FINDINGS]
    assert len(FEATURES) == len(set(FEATURES))


def test_contributions_and_intercept_sum_to_the_decision_value(classifier, draw_images, calibration):
    ensemble = assemble(classifier, calibration, 0.5)
    features = draw_images(1, seed=5)[0][0]
    decision = ensemble.decide(features)
    total = sum(part.contribution for part in decision.contributions) + decision.intercept
    assert total == pytest.approx(decision.decision_value, abs=1e-12)
    assert decision.decision_value == pytest.approx(classifier.decision_function([features])[0], abs=1e-9)


def test_contributions_name_their_inputs_largest_first(classifier, draw_images, calibration):
    features = draw_images(1, seed=6)[0][0]
    parts = assemble(classifier, calibration, 0.5).decide(features).contributions
    assert {part.input: part.value for part in parts} == dict(zip(FEATURES, features.tolist(), strict=True))
    assert {part.input for part in parts if part.group == "finding"} == set(FINDINGS)
    sizes = [abs(part.contribution) for part in parts]
    assert sizes == sorted(sizes, reverse=True)


def test_an_average_radiograph_gets_the_intercept(classifier, calibration):
    ensemble = assemble(classifier, calibration, 0.5)
    assert ensemble.decision_values(ensemble.mean) == pytest.approx(ensemble.intercept)


def test_the_threshold_decides_on_the_probability(classifier, draw_images, calibration):
    features = draw_images(1, seed=7)[0][0]
    probability = assemble(classifier, calibration, 0.5).decide(features).probability
    assert 0 < probability < 1
    assert assemble(classifier, calibration, probability).decide(features).positive
    assert not assemble(classifier, calibration, probability + 1e-9).decide(features).positive


@pytest.mark.parametrize(
    "features", [np.zeros(len(FEATURES) - 1, np.float32), np.full(len(FEATURES), np.nan, np.float32)]
)
def test_decides_on_as_many_finite_inputs_only(classifier, calibration, features):
    with pytest.raises(ValueError, match=f"{len(FEATURES)} finite features"):
        assemble(classifier, calibration, 0.5).decide(features)


def test_calibration_is_platts(classifier, draw_images):
    features, labels = draw_images(90, seed=1)
    calibration = calibrate(classifier.decision_function(features), labels)
    platt = CalibratedClassifierCV(FrozenEstimator(classifier), method="sigmoid", ensemble=False, cv=2)
    expected = platt.fit(features, labels).predict_proba(features)[:, 1]
    assert assemble(classifier, calibration, 0.5).probabilities(features) == pytest.approx(expected, abs=1e-4)


def test_calibration_stays_finite_on_separable_images():
    calibration = calibrate([-2, -1, 1, 2], [0, 0, 1, 1])
    assert 0 < calibration.slope < 10


def test_calibration_needs_both_classes():
    with pytest.raises(DataError, match="one class"):
        calibrate([1, 2], [1, 1])


def test_whoever_orders_backwards_knows_nothing():
    flat = calibrate([2, 3, 4, -2, -3], [0, 0, 0, 1, 1])
    assert flat.slope == 0
    assert flat.probabilities([-9.0, 9.0]) == pytest.approx([3 / 7, 3 / 7])
