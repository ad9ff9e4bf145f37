"""Uniform margins are found whatever they are like, and whatever lies inside of them stays the same."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.margins import Box, bright_corners, find_inside, share_of
from core.preprocessing import Preprocessing, inside_box
from core.reading.greyscale import scale_floats, scale_integers

CUT = Preprocessing(cut_margins=True)
SIDES = [(20, 20, 20, 20), (40, 40, 40, 40), (30, 0, 0, 0), (0, 0, 0, 37), (11, 3, 0, 29), (1, 0, 0, 0)]


def picture(height: int = 160, width: int = 200, seed: int = 0) -> np.ndarray:
    """Smooth greys without any uniform line, (height, width), float32 in [0.1, 0.9]."""
    random = np.random.default_rng(seed)
    small = (random.random((9, 11)) * 255).astype(np.uint8)
    smooth = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=np.float32) / 255 * 0.8 + 0.1


def padded(pixels: np.ndarray, sides: tuple[int, int, int, int], grey: float) -> tuple[np.ndarray, Box]:
    """A margin of so many pixels (left, top, right, bottom) around a picture; and where that lies now."""
    left, top, right, bottom = sides
    height, width = pixels.shape
    around = np.pad(pixels, ((top, bottom), (left, right)), constant_values=grey)
    return around, Box(left, top, left + width, top + height)


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_a_margin_of_any_grey_and_on_any_side_is_found(sides, grey: float) -> None:
    around, inside = padded(picture(), sides, grey)
    assert find_inside(around) == inside


def test_a_picture_without_margins_stays_whole() -> None:
    assert find_inside(picture()) == (0, 0, 200, 160)


def test_frames_within_frames_are_found() -> None:
    film, first = padded(picture(), (15, 8, 15, 8), 0.0)
    line, second = padded(film, (1, 1, 1, 1), 1.0)
    page, third = padded(line, (30, 40, 10, 5), 1.0)
    left, top = (sum(each[axis] for each in (first, second, third)) for axis in (0, 1))
    assert find_inside(page) == (left, top, left + 200, top + 160)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_put_around_a_picture_its_inside_is_the_same(seed: int) -> None:
    """Also of a picture that has margins of its own, which may touch and equal those put around it."""
    random = np.random.default_rng(seed)
    own, _ = padded(picture(seed=seed), tuple(random.integers(0, 20, 4)), random.choice([0.0, 1.0]))
    before = find_inside(own)
    around, place = padded(own, tuple(random.integers(0, 40, 4)), random.choice([0.0, 0.5, 1.0]))
    after = find_inside(around)
    assert after == tuple(
        edge + shift for edge, shift in zip(before, (place.left, place.top) * 2, strict=True)
    )


def test_noise_within_the_tolerance_is_a_margin_and_beyond_it_is_none() -> None:
    around, inside = padded(picture(), (20, 20, 20, 20), 0.5)
    quiet = around.copy()
    quiet[:20, ::2] += 7 / 255
    assert find_inside(quiet) == inside
    loud = around.copy()
    loud[:20, ::2] += 9 / 255
    assert find_inside(loud).top == 0


def test_a_blank_picture_stays_whole() -> None:
    assert find_inside(np.full((150, 130), 0.3, np.float32)) == (0, 0, 130, 150)


@pytest.mark.parametrize("quality", [75, 85, 95])
@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_what_jpeg_smears_at_the_edge_of_a_margin_is_cut_with_it(quality: int, grey: float) -> None:
    content = picture() * 0.3 + (0.6 if grey < 0.5 else 0.05)  # unlike the margin, as lungs are unlike a page
    around, inside = padded(content, (21, 34, 13, 27), grey)
    data = BytesIO()
    Image.fromarray(np.rint(around * 255).astype(np.uint8)).save(data, "JPEG", quality=quality)
    read = np.asarray(Image.open(data), dtype=np.float32) / np.float32(255)
    assert find_inside(read, lossy=True) == inside
    assert quality == 95 or find_inside(read) != inside, "nothing is smeared at this quality"


def test_jpeg_around_a_film_with_a_border_of_its_own() -> None:
    film, border = padded(picture() * 0.5 + 0.3, (17, 17, 17, 17), 0.0)
    around, place = padded(film, (29, 29, 29, 29), 1.0)
    data = BytesIO()
    Image.fromarray(np.rint(around * 255).astype(np.uint8)).save(data, "JPEG", quality=85)
    found = find_inside(np.asarray(Image.open(data), dtype=np.float32) / np.float32(255), lossy=True)
    expected = (border.left + place.left, border.top + place.top)
    assert np.abs(np.subtract((found.left, found.top), expected)).max() <= 1


def test_only_a_recipe_that_says_so_cuts() -> None:
    around, inside = padded(picture(), (20, 20, 20, 20), 1.0)
    assert inside_box(around, CUT) == inside
    assert inside_box(around, Preprocessing()) == (0, 0, 240, 200)


def test_a_spot_on_a_page_is_not_taken_for_the_radiograph() -> None:
    around, _ = padded(picture(40, 40), (80, 80, 80, 80), 1.0)
    assert inside_box(around, CUT) == (0, 0, 200, 200)


@pytest.mark.parametrize("grey", [0, 2000, 4095, 65535])
def test_a_margin_leaves_the_scale_of_deep_greys_alone(grey: int) -> None:
    stored = np.rint(picture() * 4000).astype(np.uint16)
    around = np.pad(stored, 40, constant_values=grey)
    assert np.array_equal(scale_integers(around)[40:-40, 40:-40], scale_integers(stored))
    floats = around.astype(np.float32)
    assert np.array_equal(scale_floats(floats)[40:-40, 40:-40], scale_floats(stored.astype(np.float32)))


def test_shares_of_a_box() -> None:
    assert share_of(Box(20, 30, 60, 40), Box(10, 20, 110, 70)) == (0.1, 0.2, 0.5, 0.4)


def test_bright_corners_are_measured_and_dark_ones_are_air() -> None:
    pixels = picture(200, 200)
    pixels[::2, ::2] -= 0.05  # film has grain
    rows, columns = np.mgrid[:200, :200]
    for grey, share in ((1.0, 0.02), (0.0, 0.0)):
        turned = pixels.copy()
        turned[rows + columns < 40] = grey  # a triangle of half of 40 x 40 pixels
        assert bright_corners(turned) == pytest.approx(share, rel=0.06)
        assert bright_corners(turned[::-1, ::-1]) == bright_corners(turned)
    assert bright_corners(pixels) < 0.001
