"""Evidence from `predictions.csv`: of bundles with and without severity scores."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import BundleError
from core.evaluation.evidence import collect_evidence
from core.evaluation.predictions import read_predictions
from core.models.bundle.files import read_manifest


@pytest.fixture
def folder(random_bundle: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "own"
    shutil.copytree(random_bundle, copy)
    return copy


def with_extents(folder: Path, extents: list[str]) -> None:
    """Adds the column `extent` behind the label."""
    file = folder / "predictions.csv"
    header, *rows = (line.split(",") for line in file.read_text().splitlines())
    header.insert(5, "extent")
    for index, row in enumerate(rows):
        row.insert(5, extents[index % len(extents)])
    file.write_text("\n".join(",".join(row) for row in (header, *rows)) + "\n")


def test_a_bundle_of_before_has_no_extents(folder: Path) -> None:
    predictions = read_predictions(folder, read_manifest(folder))
    assert len(predictions.label) and np.isnan(predictions.extent).all()
    assert predictions.scores.shape == (len(predictions.label), 6)


def test_extents_are_read_and_change_no_figure(folder: Path) -> None:
    manifest = read_manifest(folder)
    before = collect_evidence(folder, manifest)
    with_extents(folder, ["3.50", ""])
    found = read_predictions(folder, manifest).extent
    assert found[0] == 3.5 and np.isnan(found[1])
    assert collect_evidence(folder, manifest) == before != ()


@pytest.mark.parametrize("extent", ["9", "-1", "much"])
def test_an_impossible_extent_is_refused(folder: Path, extent: str) -> None:
    with_extents(folder, [extent])
    with pytest.raises(BundleError, match="damaged"):
        read_predictions(folder, read_manifest(folder))


def test_decisions_are_made_at_each_models_own_threshold(folder: Path) -> None:
    predictions = read_predictions(folder, read_manifest(folder))
    for column, threshold in enumerate(predictions.thresholds.values()):
        expected = predictions.scores[:, column] >= threshold
        np.testing.assert_array_equal(predictions.called[:, column], expected)
