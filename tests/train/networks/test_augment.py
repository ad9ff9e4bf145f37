"""Augmentation: always a valid square, never the same one, and true to the plain one."""

import numpy as np

from train.networks import augment as changes
from train.networks.augment import augment, plain

SQUARE = np.tile(np.linspace(0, 255, 64).astype(np.uint8), (64, 1))


def test_the_same_randomness_gives_the_same_copy() -> None:
    copies = [augment(SQUARE, 48, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert (copies[0] == copies[1]).all() and (copies[0] != copies[2]).any()
    assert copies[0].shape == (48, 48) and copies[0].dtype == np.float32
    assert min(copy.min() for copy in copies) >= 0 and max(copy.max() for copy in copies) <= 1


def test_plain_changes_only_the_size() -> None:
    assert np.abs(plain(SQUARE, 64) * 255 - SQUARE).max() < 1e-4
    assert plain(SQUARE, 16).shape == (16, 16)


def test_the_warp_turns_about_the_middle_and_mirrors() -> None:
    still = changes.Changes(rotation_degrees=0.0, zoom=(1.0, 1.0), shift=0.0)
    image = changes._shrink(SQUARE, 64)
    warps = [changes._draw_warp(64, np.random.default_rng(seed), still) for seed in range(12)]
    assert {np.asarray(changes._warp(image, warp))[32, 5] for warp in warps} == {
        SQUARE[32, 5],
        SQUARE[32, 58],
    }


def test_gentle_changes_leave_what_is_small() -> None:
    spotted = np.full((96, 96), 90, dtype=np.uint8)
    spotted[46:50, 46:50] = 180
    copies = [augment(spotted, 96, np.random.default_rng(seed), changes.GENTLE) for seed in range(40)]
    assert all(copy.max() - np.median(copy) > 0.15 for copy in copies)


def test_a_mask_moves_with_its_image() -> None:
    mask = np.zeros((64, 64), dtype=np.uint8)
    mask[20:50, 8:26] = 255
    for seed in range(8):
        image, moved = changes.augment_with_mask(mask, mask, np.random.default_rng(seed))
        assert set(np.unique(moved)) == {0, 1} and 200 < moved.sum() < 900
        assert np.corrcoef(image.ravel(), moved.ravel())[0, 1] > 0.6  # less what is blurred, noisy and erased
