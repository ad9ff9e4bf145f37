"""An ensemble, for the tests of its decisions and those of its files."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from core.models.ensemble import FEATURES, PlattSigmoid, fit


@pytest.fixture(scope="session")
def draw_images() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Draws inputs, of which three know something, and labels."""

    def draw(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        random = np.random.default_rng(seed)
        labels = np.arange(count) % 2
        features = random.random((count, len(FEATURES)))
        features[:, [0, 3, 9]] += labels[:, np.newaxis] * 0.4
        return features.astype(np.float32), labels

    return draw


@pytest.fixture(scope="session")
def classifier(draw_images: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Pipeline:
    return fit(*draw_images(120, seed=0), c=0.1)


@pytest.fixture(scope="session")
def calibration() -> PlattSigmoid:
    return PlattSigmoid(slope=1.7, intercept=-0.3)
