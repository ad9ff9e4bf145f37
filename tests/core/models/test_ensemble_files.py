"""The SVMs' files: what is saved is what decides, and whatever else is refused with a reason."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from core.errors import BundleError
from core.models.ensemble import FEATURES, assemble, fit
from core.models.ensemble_files import load, save
from core.project import PROJECT


@pytest.fixture
def file(tmp_path, classifier, calibration):
    path = tmp_path / "ensemble.skops"
    save(path, classifier, calibration)
    return path


def test_a_saved_ensemble_decides_the_same(file, classifier, draw_images, calibration):
    features = draw_images(5, seed=2)[0]
    loaded = load(file, threshold=0.4)
    assert loaded.threshold == 0.4
    assert loaded.calibration == calibration
    expected = assemble(classifier, calibration, 0.4).probabilities(features)
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


def test_refuses_another_number_of_inputs(file, draw_images):
    features, labels = draw_images(40, seed=3)
    _dump(file, fit(features[:, :-1], labels))
    with pytest.raises(BundleError, match=f"not fitted to the {len(FEATURES)} inputs"):
        load(file, 0.5)


def test_refuses_inputs_in_another_order(file, classifier):
    _dump(file, classifier, FEATURES[::-1])
    with pytest.raises(BundleError, match=f"not fitted to the {len(FEATURES)} inputs"):
        load(file, 0.5)


@pytest.mark.parametrize("slope", [float("nan"), float("inf"), -1.0])
def test_refuses_numbers_that_no_fit_gives(file, classifier, slope):
    _dump(file, classifier, slope=slope)
    with pytest.raises(BundleError, match="no fit can give"):
        load(file, 0.5)


def test_refuses_a_curved_boundary(file, draw_images):
    _dump(file, make_pipeline(StandardScaler(), SVC(kernel="rbf")).fit(*draw_images(40, seed=4)))
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
