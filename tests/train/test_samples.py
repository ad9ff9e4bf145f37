"""The samples that ship: reproducible, readable, honest about what they are."""

import numpy as np
import pydicom
import pytest
from PIL import Image

from core.errors import DataError
from core.phantom import render
from core.phantom.samples import SAMPLES, list_samples
from core.vocabulary import FINDINGS
from train.samples import SAMPLE_RECIPES, write_samples

SHIPPED = list_samples()
DICOM = [recipe for recipe in SAMPLE_RECIPES if recipe.file.endswith(".dcm")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_samples(tmp_path_factory.mktemp("samples"))


def test_the_command_writes_what_is_in_the_repository(written):
    assert {path.name for path in written} == {path.name for path in SAMPLES.iterdir()}
    assert [path.name for path in written if path.read_bytes() != (SAMPLES / path.name).read_bytes()] == []


def test_the_samples_stay_small():
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 6_000_000


def test_the_truth_is_complete():
    assert [sample.path.name for sample in SHIPPED] == [recipe.file for recipe in SAMPLE_RECIPES]
    assert {sample.label for sample in SHIPPED} == {"normal", "covid", "pneumonia", "findings"}
    for sample in SHIPPED:
        assert sample.title and sample.description.endswith(".")
        assert set(sample.boxes) == {"Lungs", *sample.findings}
        assert [name for name in FINDINGS if name in sample.findings] == list(sample.findings)
        for box in sample.boxes.values():
            assert 0 <= box.left < box.right <= sample.width_px
            assert 0 <= box.top < box.bottom <= sample.height_px


def test_extent_grows_from_mild_to_severe():
    grades = ("covid-mild", "covid-moderate", "covid-severe")
    covid = [sample for sample in SHIPPED if sample.key in grades]
    assert [round(sample.extent, 2) for sample in covid] == [0.14, 0.42, 0.8]
    assert [sample.extent_score for sample in covid] == sorted(sample.extent_score for sample in covid)


def test_the_series_is_one_chest_whose_disease_grows_and_shrinks():
    series = [sample for sample in SHIPPED if sample.series]
    assert len({(sample.series, sample.seed) for sample in series}) == 1
    assert [sample.day for sample in series] == [0, 3, 7, 14]
    assert [sample.extent_score for sample in series] == [2, 4, 6, 2]
    first, spread, height, _ = (np.asarray(Image.open(sample.path), np.int16) for sample in series)
    changed = [np.abs(first - other) > 8 for other in (spread, height)]  # more of the later one, nothing else
    assert 0.02 < changed[0].mean() < changed[1].mean() < 0.5
    lungs = series[0].boxes["Lungs"]
    assert not changed[0][: lungs.top].any() and series[2].boxes["Lungs"] == lungs


@pytest.mark.parametrize("sample", [s for s in SHIPPED if s.path.suffix == ".png"], ids=lambda s: s.path.stem)
def test_png_is_grey_and_of_the_stated_size(sample):
    with Image.open(sample.path) as image:
        assert (image.mode, image.size) == ("L", (sample.width_px, sample.height_px))
        assert not image.info


@pytest.mark.parametrize("recipe", DICOM, ids=lambda recipe: recipe.file)
def test_dicom_holds_the_rendered_pixels(recipe):
    dataset = pydicom.dcmread(SAMPLES / recipe.file)
    stored = dataset.pixel_array.astype(np.float64)
    assert stored.max() <= 4095
    grey = (4095 - stored if dataset.PhotometricInterpretation == "MONOCHROME1" else stored) / 4095
    assert np.abs(grey - render(recipe.spec).pixels).max() < 0.51 / 4095


@pytest.mark.parametrize("recipe", DICOM, ids=lambda recipe: recipe.file)
def test_dicom_says_that_it_is_a_phantom(recipe):
    dataset = pydicom.dcmread(SAMPLES / recipe.file)
    assert str(dataset.PatientName).startswith("PHANTOM^")
    assert dataset.file_meta.TransferSyntaxUID.name == "Explicit VR Little Endian"
    assert dataset.SOPClassUID.name == "Digital X-Ray Image Storage - For Presentation"
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)
    assert dataset.SOPInstanceUID.is_valid and dataset.StudyDate == ""
    assert (dataset.WindowCenter, dataset.WindowWidth) == (2048, 4096)
    assert (SAMPLES / recipe.file).read_bytes()[:128] == bytes(128)


def test_one_dicom_is_inverted_and_uids_are_distinct():
    datasets = [pydicom.dcmread(SAMPLES / recipe.file, stop_before_pixels=True) for recipe in DICOM]
    assert sorted(d.PhotometricInterpretation for d in datasets) == ["MONOCHROME1", "MONOCHROME2"]
    uids = [uid for d in datasets for uid in (d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID)]
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"samples": [{}]}', '{"samples": [3]}'])
def test_a_damaged_list_is_refused_with_advice(tmp_path, text):
    if text is not None:
        (tmp_path / "truth.json").write_text(text)
    with pytest.raises(DataError, match="python -m train samples"):
        list_samples(tmp_path)
