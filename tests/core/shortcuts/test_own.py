"""Somebody's own set as patients: whole patients on either side, small enough to keep, and enough of them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from core.evaluation.sets.own.own_set import open_set
from core.shortcuts.own import SHORTER_PX, OwnPatients
from tests.own_sets import zipped


def test_whole_patients_learn_or_measure_and_others_are_left_aside() -> None:
    patients = OwnPatients(open_set(zipped(10)), "mine")
    assert len(patients.labels) == 40 and patients.labels.sum() == 20 and patients.key == "mine"
    of = {name: set(patients.learns[patients.patients == name]) for name in set(patients.patients)}
    assert all(len(each) == 1 for each in of.values()), "no patient is on both sides"
    for label in (0, 1):
        assert patients.learns[patients.labels == label].mean() == 0.5
    assert patients.pixels(0).shape == (140, 140) and patients.pixels(0).dtype == np.float32


def test_a_set_with_too_few_of_a_class_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="9 patients labelled COVID-19, and a head needs 10"):
        OwnPatients(open_set(zipped(9)), "mine")


def test_large_radiographs_are_kept_small() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(zipped(10))) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(".png"):
                picture = io.BytesIO()
                Image.open(io.BytesIO(data)).resize((900, 700)).save(picture, "PNG")
                data = picture.getvalue()
            new.writestr(name, data)
    height, width = OwnPatients(open_set(file.getvalue()), "large").pixels(3).shape
    assert min(height, width) == SHORTER_PX and width > height
