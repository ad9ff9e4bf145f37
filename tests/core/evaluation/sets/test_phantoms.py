"""Phantoms to measure models on: the classes in turn, the same every time, none that training draws."""

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import RadiographError
from core.evaluation.sets.labelled import PICTURE_PX, draw_picture, find_data
from core.evaluation.sets.phantoms import COUNT, SEED, PhantomSet
from train import steps as pipeline
from train.config import PRESETS
from train.fitting import lungs


def test_the_classes_come_in_turn_and_every_phantom_is_a_patient() -> None:
    members = PhantomSet().members
    assert len(members) == COUNT == len({each.patient for each in members})
    assert [each.label for each in members[:4]] == ["covid", "normal", "pneumonia", "covid"]


def test_the_same_file_every_time_and_another_for_another() -> None:
    images = PhantomSet(3)
    first = images.read(0)
    assert first == PhantomSet(3).read(0) != images.read(1)
    grey = np.asarray(Image.open(io.BytesIO(first)))
    assert min(grey.shape) == 320 and grey.std() > 20
    assert draw_picture(first, "first.png").shape == grey.shape and max(grey.shape) <= PICTURE_PX


def test_a_name_finds_its_file() -> None:
    images = PhantomSet(3)
    assert find_data(images, f"phantom {SEED + 1}") == images.read(1)
    assert find_data(images, "phantom 1") is None


def test_no_training_draws_these() -> None:
    """Of each series, the first seed and more phantoms than any preset takes."""
    most = max(max(each.phantoms, each.findings.phantoms, each.lungs.phantoms) for each in PRESETS.values())
    starts = (
        pipeline.PHANTOM_SEED,
        pipeline.FINDINGS_SEED,
        2 * pipeline.FINDINGS_SEED,
        lungs.SEED,
        lungs.HELD_OUT_SEED,
    )
    assert max(starts) + most < SEED


def test_a_name_that_two_share_finds_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    images = PhantomSet(2)
    monkeypatch.setattr(images, "members", (images.members[0], images.members[0]))
    assert find_data(images, images.members[0].name) is None


def test_what_is_no_radiograph_is_no_picture() -> None:
    with pytest.raises(RadiographError):
        draw_picture(b"nothing", "odd.png")
