"""A phantom as files: valid, readable by the app's own reader, and saying of themselves what they are."""

from __future__ import annotations

import io
import json

import numpy as np
import pydicom
from PIL import Image

from core.phantom.dicom import dicom_file
from core.phantom.recipe import Recipe, recipe_word
from core.phantom.truth import SYNTHETIC, png_file, truth_of
from core.reading.radiograph import read_radiograph

RECIPE = Recipe(3, extent=40)
PHANTOM = RECIPE.render(128)


def test_a_dicom_file_is_read_as_the_phantom_and_marked_synthetic() -> None:
    data = dicom_file(PHANTOM, recipe_word(RECIPE))
    read = read_radiograph(data, "phantom.dcm")
    assert np.abs(read.pixels - PHANTOM.pixels).max() < 1e-3
    dataset = pydicom.dcmread(io.BytesIO(data))
    assert (
        dataset.ImageComments == SYNTHETIC
        and dataset.SyntheticData == "YES"
        and "PHANTOM" in str(dataset.PatientName)
    )
    assert data == dicom_file(PHANTOM, recipe_word(RECIPE))
    other = pydicom.dcmread(io.BytesIO(dicom_file(PHANTOM, "another")))
    assert other.SOPInstanceUID != dataset.SOPInstanceUID


def test_a_png_file_is_the_phantom_in_8_bits_and_marked_synthetic() -> None:
    with Image.open(io.BytesIO(png_file(PHANTOM))) as image:
        assert image.info["Comment"] == SYNTHETIC
    assert np.abs(read_radiograph(png_file(PHANTOM), "phantom.png").pixels - PHANTOM.pixels).max() < 0.002


def test_the_truth_is_json_and_whole() -> None:
    truth = json.loads(json.dumps(truth_of(PHANTOM)))
    assert set(truth["boxes"]) == {"Lungs", *truth["findings"]} and truth["label"] == "covid"
    left, top, right, bottom = truth["boxes"]["Pneumonia"]
    assert PHANTOM.masks["Pneumonia"][top:bottom, left:right].sum() == PHANTOM.masks["Pneumonia"].sum()
