"""What tests of this layer share."""

from collections.abc import Callable

import pytest

from core.analysis.results import Analysis
from core.evaluation.comparison import Answers, Question, ask, enter
from core.evaluation.predictions import Predictions
from core.models.ensemble import Ensemble
from core.vocabulary import FINDINGS
from tests.drawn_analysis import drawn_analysis
from train.fitting.smaller_svms import fit_smaller_svms

POINTS = [0.5] * len(FINDINGS)


@pytest.fixture(scope="session")
def table(drawn_predictions: Callable[..., Predictions]) -> Predictions:
    return drawn_predictions()


@pytest.fixture(scope="session")
def svms(table: Predictions) -> dict[str, Ensemble]:
    """The smaller SVMs, fitted to the table's validation images."""
    return {key: each.svm for key, each in fit_smaller_svms(table, POINTS).items()}


@pytest.fixture(scope="session")
def answers(table: Predictions, svms: dict[str, Ensemble]) -> Answers:
    """What all models say about the test images of the table."""
    return ask(Question("test"), table, enter(table, POINTS, svms)[0])


@pytest.fixture
def analysis() -> Analysis:
    """An analysis by no network."""
    return drawn_analysis()
