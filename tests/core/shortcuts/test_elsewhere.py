"""Clinics never seen: those images of a bundle's record that the data folder holds, and nobody learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from core.evaluation.predictions import Predictions
from core.evaluation.sets.own.own_set import open_set
from core.project import PROJECT, SHIPPED
from core.shortcuts.elsewhere import ExternalImages, Strangers, external_patients
from tests.own_sets import zipped


def held(table: Predictions, folder: Path, count: int) -> None:
    """Puts drawings of the first external images there."""
    names = table.path[(table.split == "external") & (table.label != "pneumonia")][:count]
    for number, name in enumerate(names):
        grey = np.random.default_rng(number).integers(0, 255, (140, 150), dtype=np.uint8)
        Image.fromarray(grey).save(folder / str(name))


def test_only_what_the_folder_holds_measures_and_nothing_is_learnt(drawn_predictions, tmp_path: Path) -> None:
    table = drawn_predictions()
    held(table, tmp_path, 30)
    patients = external_patients(table, tmp_path, "v")
    assert patients and len(patients.labels) == 30 and 0 < patients.labels.sum() < 30
    assert not patients.learns.any() and patients.key == "external v"
    assert patients.pixels(0).shape == (140, 150)
    assert external_patients(table, None, "v") is None
    (tmp_path / "empty").mkdir()
    assert external_patients(table, tmp_path / "empty", "v") is None
    images = ExternalImages(table, tmp_path)
    (tmp_path / images.members[0].name).unlink()
    with pytest.raises(DataError, match="no longer in the data folder"):
        images.read(0)
    out = replace(table, path=np.array([f"../{each}" for each in table.path]))
    with pytest.raises(DataError, match="outside the data folder"):
        ExternalImages(out, tmp_path)


def test_an_own_set_abroad_measures_as_a_whole_and_needs_few() -> None:
    patients = Strangers(open_set(zipped(6)), "mine")
    assert not patients.learns.any() and len(patients.labels) == 24
    with pytest.raises(DataError, match="4 patients labelled COVID-19, and to measure takes 5"):
        Strangers(open_set(zipped(4)), "few")


def test_the_shipped_bundles_external_images_are_there(data_folder: Path) -> None:
    from core.evaluation.predictions import read_predictions
    from core.models.bundle.files import read_manifest

    folder = PROJECT / "assets" / "bundles" / SHIPPED
    patients = external_patients(read_predictions(folder, read_manifest(folder)), data_folder, "v")
    assert patients and len(patients.labels) > 40 and np.isfinite(patients.pixels(0)).all()
