"""The table of backbones."""

import numpy as np
import pytest

from core.models.backbones import BACKBONES, scale_pixels


def test_nothing_in_the_table_is_shared_by_mistake() -> None:
    for column in ("key", "name", "builder", "colour", "dash", "paper"):
        values = [getattr(backbone, column) for backbone in BACKBONES]
        assert len(set(values)) == len(BACKBONES), column


@pytest.mark.parametrize(
    ("scale", "black", "white"),
    [
        ("tf", [-1, -1, -1], [1, 1, 1]),
        ("caffe", [-103.939, -116.779, -123.68], [151.061, 138.221, 131.32]),
        (
            "torch",
            [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225],
            [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225],
        ),
    ],
)
def test_black_and_white_on_each_scale(scale: str, black: list[float], white: list[float]) -> None:
    grey = np.array([[0, 1]], np.float32)
    scaled = scale_pixels(grey, scale)
    assert scaled.shape == (1, 2, 3) and scaled.dtype == np.float32
    assert scaled[0].tolist() == [pytest.approx(black, rel=1e-5), pytest.approx(white, rel=1e-5)]


@pytest.mark.parametrize("scale", ["", "Caffe", "raw"])
def test_no_other_scale_is_taken_for_one_of_these(scale: str) -> None:
    with pytest.raises(ValueError, match=f"got '{scale}'"):
        scale_pixels(np.zeros((1, 2), np.float32), scale)
