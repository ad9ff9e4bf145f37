"""What tests of this layer share."""

from collections.abc import Callable

import numpy as np
import pytest

from core.evaluation.comparison import Answers, Question, ask, enter
from core.evaluation.predictions import Predictions
from core.models.backbones import BACKBONES
from core.models.ensemble import Ensemble
from core.vocabulary import FINDINGS
from train.fitting.smaller_svms import fit_smaller_svms

POINTS = [0.5] * len(FINDINGS)


@pytest.fixture(scope="session")
def drawn_predictions() -> Callable[..., Predictions]:
    """A table of predictions of models that know something: 60 images a split, two sources a class."""

    def make(seed: int = 0, splits: tuple[str, ...] = ("val", "test", "external")) -> Predictions:
        random = np.random.default_rng(seed)
        count = 60 * len(splits)
        split = np.repeat(splits, 60)
        label = np.tile(["covid", "normal", "covid", "normal", "pneumonia", "normal"], count // 6)
        source = np.array([f"{each}-{index % 2}" for index, each in enumerate(label)])
        ill = (label == "covid")[:, None]
        scores = 1 / (1 + np.exp(-(random.normal(0, 1.2, (count, 6)) + np.where(ill, 1, -1))))
        findings = random.normal(0, 1, (count, len(FINDINGS))) + 0.3 * ill
        thresholds = {each.key: 0.5 for each in BACKBONES} | {"ensemble": 0.4}
        return Predictions(
            thresholds,
            np.array([f"{index}.png" for index in range(count)]),
            split,
            source,
            np.array([f"g{index // 2}" for index in range(count)]),
            label,
            scores,
            np.full(count, np.nan),
            np.full(count, np.nan),
            findings,
        )

    return make


@pytest.fixture(scope="session")
def table(drawn_predictions: Callable[..., Predictions]) -> Predictions:
    return drawn_predictions()


@pytest.fixture(scope="session")
def svms(table: Predictions) -> dict[str, Ensemble]:
    """The smaller SVMs, fitted to the table's validation images."""
    return {key: each.svm for key, each in fit_smaller_svms(table, POINTS).items()}


@pytest.fixture(scope="session")
def answers(table: Predictions, svms: dict[str, Ensemble]) -> Answers:
    """What all eleven models say about the test images of the table."""
    return ask(Question("test"), table, enter(table, POINTS, svms)[0])
