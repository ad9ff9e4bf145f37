"""Lung fields: heat that lies in them, and a cover over them."""

import numpy as np
import pytest

from core.explain.heat_in_lungs import HeatInLungs, heat_in_lungs
from core.models.lungs import cover_lungs, find_lungs

WHOLE = (0.0, 0.0, 1.0, 1.0)


@pytest.fixture
def lungs() -> np.ndarray:
    """Two upright bars: rows 16 to 47 of 64, columns 8 to 23 and 40 to 55."""
    probability = np.zeros((64, 64), dtype=np.float32)
    probability[16:48, 8:24] = probability[16:48, 40:56] = 0.9
    return probability


def test_even_heat_lies_in_the_lungs_by_their_area(lungs: np.ndarray) -> None:
    found = heat_in_lungs(np.ones((7, 7), dtype=np.float32), WHOLE, lungs)
    assert found is not None
    assert found.share == pytest.approx(found.area) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(("row", "column", "share"), [(8, 4, 1.0), (8, 8, 0.0), (1, 4, 0.0)])
def test_a_hot_spot_lies_in_a_lung_or_not(lungs: np.ndarray, row: int, column: int, share: float) -> None:
    heat = np.zeros((16, 16), dtype=np.float32)
    heat[row, column] = 1
    found = heat_in_lungs(heat, WHOLE, lungs)
    assert found is not None and found.share == pytest.approx(share, abs=0.05)


def test_the_crop_says_where_the_heat_lies(lungs: np.ndarray) -> None:
    left_half = heat_in_lungs(np.ones((4, 4), dtype=np.float32), (0.125, 0.25, 0.375, 0.75), lungs)
    assert left_half == HeatInLungs(pytest.approx(1, abs=0.02), pytest.approx(1, abs=0.02))


def test_nothing_is_said_without_heat_or_without_lungs(lungs: np.ndarray) -> None:
    assert heat_in_lungs(np.zeros((7, 7), dtype=np.float32), WHOLE, lungs) is None
    assert heat_in_lungs(np.ones((7, 7), dtype=np.float32), WHOLE, 0 * lungs) is None


def test_a_cover_hides_both_lungs_and_what_is_between(lungs: np.ndarray) -> None:
    pixels = np.full((200, 100), 0.7, dtype=np.float32)
    covered = cover_lungs(pixels, lungs)
    rows, columns = np.nonzero(covered == 0)
    assert (rows.min(), rows.max()) == (46, 153) and (columns.min(), columns.max()) == (10, 89)
    assert (covered == 0).sum() == 108 * 80 and (covered != 0).sum() == (covered == pixels).sum()


def test_without_lungs_the_middle_is_covered(lungs: np.ndarray) -> None:
    covered = cover_lungs(np.ones((100, 100), dtype=np.float32), 0 * lungs)
    assert covered[50, 50] == 0 and covered[10, 10] == 1


def test_all_pieces_but_the_two_largest_are_no_lungs(lungs: np.ndarray) -> None:
    with_loops = lungs.copy()
    with_loops[:6, 58:] = with_loops[60:, 30:34] = 0.8
    with_loops[2:4, 60:62] = 0.3
    found = find_lungs(np.zeros((64, 64), np.float32), lambda batch: (with_loops[None, ..., None],), 64)
    assert found.dtype == np.float32 and np.array_equal(found > 0.5, lungs > 0.5) and found[2, 60] < 0.5
    for few in (0 * lungs, np.where(np.arange(64) < 32, lungs, 0)):
        alone = find_lungs(few, lambda batch, few=few: (few[None, ..., None],), 64)
        assert np.array_equal(alone, few)


def test_the_network_sees_the_whole_radiograph_equalised() -> None:
    seen = []

    def network(batch: np.ndarray) -> tuple[np.ndarray]:
        seen.append(batch)
        return (batch,)

    pixels = np.linspace(0.4, 0.5, 300 * 200, dtype=np.float32).reshape(300, 200)
    found = find_lungs(pixels, network, 64)
    assert found.shape == (64, 64) and seen[0].shape == (1, 64, 64, 1)
    assert found.min() == 0 and found.max() == 1
