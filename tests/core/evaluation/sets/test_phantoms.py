"""Phantoms to measure models on: the classes in turn, the same every time, none that training draws."""

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import RadiographError
from core.evaluation.sets.labelled import PICTURE_PX, draw_picture, find_data
from core.evaluation.sets.phantoms import COUNT, PhantomSet
from core.phantom.seeds import SEEDS


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
    assert find_data(images, f"phantom {SEEDS['comparison'][1]}") == images.read(1)
    assert find_data(images, "phantom 1") is None


def test_a_name_that_two_share_finds_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    images = PhantomSet(2)
    monkeypatch.setattr(images, "members", (images.members[0], images.members[0]))
    assert find_data(images, images.members[0].name) is None


def test_what_is_no_radiograph_is_no_picture() -> None:
    with pytest.raises(RadiographError):
        draw_picture(b"nothing", "odd.png")
