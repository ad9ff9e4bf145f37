"""The ensemble: decisions that add up, and files that are refused with a reason."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from core.errors import BundleError, DataError
from core.models.backbones import BACKBONES
from core.models.ensemble import FEATURES, PlattSigmoid, assemble, calibrate, fit
from core.models.ensemble_files import load, save
from core.project import PROJECT
from core.vocabulary import FINDINGS

CALIBRATION = PlattSigmoid(slope=1.7, intercept=-0.3)


def _images(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    features = random.random((count, len(FEATURES)))
    features[:, [0, 3, 9]] += labels[:, np.newaxis] * 0.4
    return features.astype(np.float32), labels


@pytest.fixture(scope="module")
def classifier():
    return fit(*_images(120, seed=0), c=0.1)


@pytest.fixture
def file(tmp_path, classifier):
    path = tmp_path / "ensemble.skops"
    save(path, classifier, CALIBRATION)
    return path


def test_inputs_are_the_backbones_and_then_the_findings():
    keys = tuple(backbone.key for backbone in BACKBONES)
    assert (FEATURES[:5], FEATURES[5:]) == (keys, FINDINGS)
    assert len(FEATURES) == 23


def test_contributions_and_intercept_sum_to_the_decision_value(classifier):
    ensemble = assemble(classifier, CALIBRATION, 0.5)
    features = _images(1, seed=5)[0][0]
    decision = ensemble.decide(features)
    total = sum(part.contribution for part in decision.contributions) + decision.intercept
    assert total == pytest.approx(decision.decision_value, abs=1e-12)
    assert decision.decision_value == pytest.approx(classifier.decision_function([features])[0], abs=1e-9)


def test_contributions_name_their_inputs_largest_first(classifier):
    features = _images(1, seed=6)[0][0]
    parts = assemble(classifier, CALIBRATION, 0.5).decide(features).contributions
    assert {part.input: part.value for part in parts} == dict(zip(FEATURES, features.tolist(), strict=True))
    assert {part.input for part in parts if part.group == "finding"} == set(FINDINGS)
    sizes = [abs(part.contribution) for part in parts]
    assert sizes == sorted(sizes, reverse=True)


def test_an_average_radiograph_gets_the_intercept(classifier):
    ensemble = assemble(classifier, CALIBRATION, 0.5)
    assert ensemble.decision_values(ensemble.mean) == pytest.approx(ensemble.intercept)


def test_the_threshold_decides_on_the_probability(classifier):
    features = _images(1, seed=7)[0][0]
    probability = assemble(classifier, CALIBRATION, 0.5).decide(features).probability
    assert 0 < probability < 1
    assert assemble(classifier, CALIBRATION, probability).decide(features).positive
    assert not assemble(classifier, CALIBRATION, probability + 1e-9).decide(features).positive


@pytest.mark.parametrize("features", [np.zeros(22, np.float32), np.full(23, np.nan, np.float32)])
def test_decides_on_23_finite_inputs_only(classifier, features):
    with pytest.raises(ValueError, match="23 finite features"):
        assemble(classifier, CALIBRATION, 0.5).decide(features)


def test_calibration_is_platts(classifier):
    features, labels = _images(90, seed=1)
    calibration = calibrate(classifier.decision_function(features), labels)
    platt = CalibratedClassifierCV(FrozenEstimator(classifier), method="sigmoid", ensemble=False, cv=2)
    expected = platt.fit(features, labels).predict_proba(features)[:, 1]
    assert assemble(classifier, calibration, 0.5).probabilities(features) == pytest.approx(expected, abs=1e-4)


def test_calibration_stays_finite_on_separable_images():
    calibration = calibrate([-2, -1, 1, 2], [0, 0, 1, 1])
    assert 0 < calibration.slope < 10


@pytest.mark.parametrize(
    ("values", "labels", "reason"),
    [([1, 2], [1, 1], "one class"), ([2, 3, -2, -3], [0, 0, 1, 1], "backwards")],
)
def test_calibration_refuses(values, labels, reason):
    with pytest.raises(DataError, match=reason):
        calibrate(values, labels)


def test_a_saved_ensemble_decides_the_same(file, classifier):
    features = _images(5, seed=2)[0]
    loaded = load(file, threshold=0.4)
    assert loaded.threshold == 0.4
    assert loaded.calibration == CALIBRATION
    expected = assemble(classifier, CALIBRATION, 0.4).probabilities(features)
    assert np.array_equal(loaded.probabilities(features), expected)


def test_nothing_in_the_file_needs_skops_to_trust_more(file):
    assert skops.io.get_untrusted_types(file=file) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<!doctype html>", b"\x80\x04K\x01."])
def test_refuses_what_is_no_skops_file(tmp_path, content):
    path = tmp_path / "ensemble.skops"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"ensemble\.skops is missing or damaged"):
        load(path, 0.5)


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(BundleError, match="missing"):
        load(tmp_path / "ensemble.skops", 0.5)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_refuses_a_truncated_file(file, share):
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(BundleError, match="missing or damaged"):
        load(file, 0.5)


def test_a_flipped_byte_never_surfaces_as_another_error(file):
    whole = file.read_bytes()
    for position in np.random.default_rng(0).integers(len(whole), size=60):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        file.write_bytes(damaged)
        try:
            load(file, 0.5)
        except BundleError:
            continue


def test_refuses_types_outside_the_list_before_anything_is_built(file):
    skops.io.dump({"classifier": LogisticRegression(), "calibration": {}, "features": []}, file)
    with pytest.raises(BundleError, match="LogisticRegression, an untrusted type"):
        load(file, 0.5)


def test_refuses_code_in_disguise(file):
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(entries["schema.json"])
    schema["content"] |= {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in (entries | {"schema.json": json.dumps(schema)}).items():
            archive.writestr(name, data)
    with pytest.raises(BundleError, match=r"os\.system, an untrusted type"):
        load(file, 0.5)


def _dump(file, pipeline, features=FEATURES, slope=1.0):
    sigmoid = {"slope": slope, "intercept": 0.0}
    skops.io.dump({"classifier": pipeline, "calibration": sigmoid, "features": list(features)}, file)


def test_refuses_another_number_of_inputs(file):
    features, labels = _images(40, seed=3)
    _dump(file, fit(features[:, :22], labels))
    with pytest.raises(BundleError, match="not fitted to the 23 inputs"):
        load(file, 0.5)


def test_refuses_inputs_in_another_order(file, classifier):
    _dump(file, classifier, FEATURES[::-1])
    with pytest.raises(BundleError, match="not fitted to the 23 inputs"):
        load(file, 0.5)


@pytest.mark.parametrize("slope", [float("nan"), float("inf"), -1.0])
def test_refuses_numbers_that_no_fit_gives(file, classifier, slope):
    _dump(file, classifier, slope=slope)
    with pytest.raises(BundleError, match="no fit can give"):
        load(file, 0.5)


def test_refuses_a_curved_boundary(file):
    _dump(file, make_pipeline(StandardScaler(), SVC(kernel="rbf")).fit(*_images(40, seed=4)))
    with pytest.raises(BundleError, match="missing or damaged"):
        load(file, 0.5)


def test_loading_brings_in_neither_torch_nor_tensorflow(file):
    code = (
        "import sys; from pathlib import Path; from core.models.ensemble_files import load;"
        f"load(Path({str(file)!r}), 0.5); print({{'torch', 'tensorflow'}} & set(sys.modules) or 'neither')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "neither"
