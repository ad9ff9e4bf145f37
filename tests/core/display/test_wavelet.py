"""What is packed here comes out of the browser's own code as it went in, or nearly where room is short."""

from __future__ import annotations

import numpy as np
import pytest

from core.display.wavelet import MAX_LEVELS, pack, unpack
from tests.unpacked import unpacked

ROOMY = 10**9


def drawn(height: int, width: int, depth: int, noise: float = 0.02) -> np.ndarray:
    """A smooth picture with grain and a sharp edge, from black to white."""
    down, across = np.mgrid[:height, :width]
    smooth = 0.5 + 0.3 * np.sin(down / 40) * np.cos(across / 60)
    smooth[: height // 4, : width // 4] = 1
    grain = np.random.default_rng(0).normal(0, noise, smooth.shape)
    return np.rint((smooth + grain).clip(0, 1) * (2**depth - 1)).astype(np.uint16)


@pytest.mark.parametrize("depth", [8, 12])
@pytest.mark.parametrize("size", [(128, 128), (129, 131), (200, 16), (31, 400), (9, 5), (1, 1)])
def test_what_fits_comes_out_as_it_went_in(size: tuple[int, int], depth: int) -> None:
    greys = drawn(*size, depth)
    packed = pack(greys, depth, ROOMY)
    assert packed.exact and len(packed.steps) <= MAX_LEVELS
    assert np.array_equal(unpack(packed), greys) and np.array_equal(unpacked(packed), greys)


@pytest.mark.parametrize(("share", "most"), [(0.8, 8), (0.5, 60), (0.25, 250)])
def test_what_does_not_fit_is_made_to_with_a_small_loss(share: float, most: float) -> None:
    greys = drawn(300, 401, 12)
    room = int(share * len(pack(greys, 12, ROOMY).data))
    packed = pack(greys, 12, room)
    assert not packed.exact and 0.6 * room < len(packed.data) <= room
    found = unpacked(packed).astype(int)
    errors = found - greys
    assert np.sqrt(np.mean(errors**2)) < most and abs(errors.mean()) < most / 10
    assert found.max() < 2**12


def test_extreme_greys_next_to_each_other_stay_in_range() -> None:
    greys = np.where(np.random.default_rng(1).random((160, 160)) < 0.5, 0, 4095).astype(np.uint16)
    assert np.array_equal(unpacked(pack(greys, 12, ROOMY)), greys)
    found = unpacked(pack(greys, 12, 9_000))
    assert (found[greys == 4095].mean() > 2500) and (found[greys == 0].mean() < 1500)


def test_nothing_is_refused_for_its_size() -> None:
    assert len(pack(drawn(64, 64, 8), 8, 10).data) > 10


def test_the_same_picture_packs_to_the_same_bytes() -> None:
    assert pack(drawn(99, 99, 12), 12, 5_000).data == pack(drawn(99, 99, 12), 12, 5_000).data


def test_what_lost_a_little_is_had_as_a_browser_has_it() -> None:
    packed = pack(drawn(99, 131, 12), 12, 5_000)
    assert not packed.exact and np.array_equal(unpack(packed), unpacked(packed))
