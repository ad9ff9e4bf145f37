"""Bringing a bundle on disk to today's format: what it lacks is added, the rest stays to the byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import BundleError
from core.evaluation.predictions import Predictions, write_predictions
from core.models.bundle.files import MANIFEST_FILE, file_sha256, read_manifest, verify_files
from core.models.ensemble_files import load_smaller_svms
from core.vocabulary import FINDINGS
from train.bundle.upgrade import upgrade_bundle
from train.fitting.smaller_svms import fit_smaller_svms


@pytest.fixture
def older(random_bundle: Path, tmp_path: Path, drawn_predictions: Callable[..., Predictions]) -> Path:
    """A bundle of the first format, whose predictions suffice to fit SVMs to."""
    folder = tmp_path / "older"
    shutil.copytree(random_bundle, folder)
    write_predictions(folder / "predictions.csv", drawn_predictions())
    content = json.loads((folder / MANIFEST_FILE).read_text("utf-8"))
    for entry in content.pop("smaller_svms").values():
        (folder / entry["file"]).unlink()
    del content["licence"]
    content["format"] = 1
    content["predictions"]["sha256"] = file_sha256(folder / "predictions.csv")
    names = {"cohen": 9, "phantom": 4, "actualmed": 0}
    content["sources"] = [
        {"name": name, "citation": "", "licence": "", "counts": {"train": count}}
        for name, count in names.items()
    ]
    (folder / MANIFEST_FILE).write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_what_is_missing_is_added_and_nothing_else_changes(
    older: Path, drawn_predictions: Callable[..., Predictions]
) -> None:
    before = {path.name: path.read_bytes() for path in older.iterdir() if path.name != MANIFEST_FILE}
    first = read_manifest(older)
    assert upgrade_bundle(older)
    manifest = read_manifest(older)
    verify_files(older, manifest)
    assert manifest.licence == "CC BY-NC-SA 4.0"
    assert manifest.model_copy(update={"smaller_svms": {}, "licence": "", "third_answers": {}}) == first
    assert {name: (older / name).read_bytes() for name in before} == before
    fits = fit_smaller_svms(drawn_predictions(), first.findings.operating_points)
    found = load_smaller_svms(older, manifest)
    assert {key: svm.inputs for key, svm in found.items()} == {
        "svm_probabilities": tuple(manifest.backbones),
        "svm_findings": FINDINGS,
    }
    for key, svm in found.items():
        assert svm.weights == pytest.approx(fits[key].svm.weights, abs=1e-3)
        assert svm.threshold == pytest.approx(fits[key].svm.threshold, abs=1e-4)
    assert not upgrade_bundle(older)


def test_a_damaged_bundle_is_refused_and_stays(older: Path) -> None:
    text = (older / MANIFEST_FILE).read_text("utf-8")
    (older / "predictions.csv").write_text("nothing")
    with pytest.raises(BundleError, match="predictions"):
        upgrade_bundle(older)
    assert (older / MANIFEST_FILE).read_text("utf-8") == text
