"""A radiograph for the eye: as deep as its file, as large as there is room for, and honest about either."""

from __future__ import annotations

import numpy as np
import pytest

from core.display import picture as module
from core.display.picture import depth_of, first_picture, sharp_picture
from core.reading.radiograph import Radiograph
from tests.unpacked import unpacked

RAMP = np.tile(np.linspace(0, 1, 2048, dtype=np.float32), (1800, 1))
SHALLOW = np.rint(RAMP * 255).astype(np.uint8).astype(np.float32) / np.float32(255)


def radiograph(pixels: np.ndarray) -> Radiograph:
    return Radiograph("x.png", np.ascontiguousarray(pixels), (), "PNG", None, {})


def test_eight_bits_are_told_from_more() -> None:
    assert depth_of(SHALLOW) == 8
    assert depth_of(RAMP) == 12
    assert depth_of(np.rint(RAMP * 511).astype(np.float32) / np.float32(511)) == 12


def test_a_ramp_of_many_greys_keeps_more_of_them_than_a_screen_shows() -> None:
    first = first_picture(radiograph(RAMP))
    assert max(first.packed.width, first.packed.height) == module.PICTURE_PX and first.packed.depth == 12
    greys = unpacked(first.packed)
    assert np.unique(greys).size > 1000
    window = greys[:, : greys.shape[1] // 8]  # 8-bit greys have 32 there
    assert np.unique(window).size > 128


def test_a_small_picture_of_eight_bits_is_sent_exactly_and_has_no_more_to_show() -> None:
    pixels = SHALLOW[:300, :400]
    first = first_picture(radiograph(pixels))
    assert first.exact and first.packed.depth == 8 and not first.is_worth_more(400)
    assert np.array_equal(unpacked(first.packed), np.rint(pixels * 255))


@pytest.mark.parametrize("pixels", [RAMP[:300, :400], SHALLOW])
def test_greys_that_were_rounded_or_scaled_are_not_said_to_be_exact(pixels: np.ndarray) -> None:
    assert not first_picture(radiograph(pixels)).exact


def test_greys_that_were_packed_with_a_loss_are_not_said_to_be_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PICTURE_BYTES", 500)
    noise = np.random.default_rng(0).integers(0, 256, (200, 200)).astype(np.float32) / np.float32(255)
    picture = first_picture(radiograph(noise))
    assert picture.own and not picture.exact


def test_a_large_radiograph_is_shown_whole_to_whoever_zooms_and_a_larger_one_scaled() -> None:
    large = radiograph(SHALLOW[:1500, :1900])
    first, sharp = first_picture(large), sharp_picture(large)
    assert first.is_worth_more(1900)
    assert (sharp.packed.width, sharp.packed.height) == (1900, 1500) and sharp.exact
    huge = sharp_picture(radiograph(np.tile(SHALLOW, (2, 2))[:3000, :4000])).packed
    assert 0.98 * module.SHARP_PIXELS < huge.width * huge.height <= module.SHARP_PIXELS
    assert abs(huge.width / huge.height - 4 / 3) < 0.01


def test_a_picture_is_the_same_whatever_its_file_is_called() -> None:
    one, other = (first_picture(radiograph(SHALLOW[:200, :200])) for _ in range(2))
    assert one.identity == other.identity != first_picture(radiograph(SHALLOW[:200, 200:400])).identity
