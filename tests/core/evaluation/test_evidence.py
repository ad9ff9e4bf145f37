"""Evidence from `predictions.csv`: of bundles with and without severity scores."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import BundleError
from core.evaluation.evidence import collect_evidence
from core.evaluation.predictions import Predictions, read_predictions, write_predictions
from core.models.backbones import BACKBONES
from core.models.bundle.files import read_manifest


@pytest.fixture
def folder(random_bundle: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "own"
    shutil.copytree(random_bundle, copy)
    return copy


def with_extents(folder: Path, extents: list[str] | None) -> None:
    """Fills the column `extent`; None takes it and `opacity` away, as in older bundles."""
    file = folder / "predictions.csv"
    rows = [line.split(",") for line in file.read_text().splitlines()]
    first = rows[0].index("extent")
    for index, row in enumerate(rows):
        if extents is None:
            del row[first : first + 2]
        elif index:
            row[first] = extents[(index - 1) % len(extents)]
    file.write_text("\n".join(",".join(row) for row in rows) + "\n")


def test_an_older_bundle_knows_no_severity(folder: Path) -> None:
    with_extents(folder, None)
    predictions = read_predictions(folder, read_manifest(folder))
    assert len(predictions.label) and np.isnan(predictions.extent).all()
    assert np.isnan(predictions.opacity).all()
    assert predictions.scores.shape == (len(predictions.label), len(BACKBONES) + 1)


def test_what_is_written_is_read(folder: Path, drawn_predictions: Callable[..., Predictions]) -> None:
    table = replace(drawn_predictions(), extent=np.tile([3.25, np.nan, 8.0], 60))
    write_predictions(folder / "predictions.csv", table)
    found = read_predictions(folder, read_manifest(folder))
    for name in ("path", "split", "source", "group", "label", "extent", "opacity"):
        np.testing.assert_array_equal(getattr(found, name), getattr(table, name))
    assert found.scores == pytest.approx(table.scores, abs=1e-6)
    assert found.findings == pytest.approx(table.findings, abs=1e-6)


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
