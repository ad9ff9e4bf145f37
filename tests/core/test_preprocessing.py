"""What happens to pixels before a network sees them."""

import numpy as np
import pytest

from core.margins import Box
from core.preprocessing import Preprocessing, crop_box, equalise, network_input


def test_crop_box_takes_the_same_share_of_each_side() -> None:
    assert crop_box(Box(0, 0, 1000, 500), 0.06) == Box(60, 30, 940, 470)
    assert crop_box(Box(10, 20, 1010, 520), 0.06) == Box(70, 50, 950, 490)


def test_equalised_greys_are_spread_evenly() -> None:
    random = np.random.default_rng(0)
    skewed = (random.random((128, 128)) ** 2).astype(np.float32)
    flat = equalise(skewed)
    assert flat.min() == 0 and flat.max() == 1
    assert np.abs(np.percentile(flat, (25, 50, 75)) - (0.25, 0.5, 0.75)).max() < 0.08


def test_equalising_forgets_the_exposure() -> None:
    pixels = np.random.default_rng(1).random((64, 64)).astype(np.float32)
    assert np.abs(equalise(pixels) - equalise(pixels * np.float32(0.5) + np.float32(0.25))).max() < 0.02


def test_equalising_a_flat_image_stays_finite() -> None:
    assert np.isfinite(equalise(np.full((8, 8), 0.5, np.float32))).all()


@pytest.mark.parametrize(("height", "width"), [(300, 200), (128, 512)])
def test_input_is_a_square_of_the_crop(height: int, width: int) -> None:
    pixels = np.zeros((height, width), np.float32)
    pixels[:, : width // 20] = 1  # a bright border that the crop cuts off
    square = network_input(pixels, Preprocessing(size_px=64, equalise=False))
    assert square.shape == (64, 64) and square.dtype == np.float32
    assert square.max() == 0
