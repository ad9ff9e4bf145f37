"""A picture with heat over it: heat where it belongs, greys elsewhere."""

import numpy as np

from core.display.overlay import small_greys, with_heat
from core.display.picture import Picture
from core.display.wavelet import pack


def test_a_deep_picture_becomes_small_in_eight_bits() -> None:
    ramp = np.tile(np.linspace(0, 4095, 400).astype(np.uint16), (200, 1))
    small = small_greys(Picture(pack(ramp, 12, 10**9), own=True), 100)
    assert small.shape == (50, 100) and small.dtype == np.uint8
    assert small[:, 0].max() < 5 and small[:, -1].min() > 250


def test_heat_lies_in_its_frame_alone_and_fades_where_it_is_low() -> None:
    greys = np.full((100, 200), 80, np.uint8)
    heat = np.array([[0, 0, 0], [0, 0, 1]], np.float32)
    drawn = with_heat(greys, heat, 1.0, (0.25, 0.1, 0.75, 0.9))
    assert drawn.shape == (100, 200, 3)
    assert (drawn[:, :50] == 80).all() and (drawn[:10] == 80).all() and (drawn[:, 150:] == 80).all()
    red, green, blue = (int(each) for each in drawn[85, 145])
    assert red > 150 and red > blue, "the hottest place is yellow"
    assert abs(int(green) - 80) > 20 and (drawn[12, 52] == 80).all(), "no heat leaves the greys alone"


def test_a_network_that_is_hardly_sure_hardly_glows() -> None:
    greys, heat = np.full((100, 100), 80, np.uint8), np.ones((4, 4), np.float32)
    far = [np.abs(with_heat(greys, heat, peak, (0, 0, 1, 1)) - 80.0).mean() for peak in (0.0, 0.05, 0.5, 1.0)]
    assert far[0] == 0 and far[1] < 0.25 * far[2] and far[2] < far[3]
