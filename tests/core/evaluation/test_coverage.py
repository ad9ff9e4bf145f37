"""Third answers: what a model says where it may be silent, and how often that is right or silent."""

from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.coverage import judge_answers, measure_coverage
from core.evaluation.predictions import Predictions
from core.models.third_answer import ERROR_RATES, USUAL_ERROR_RATE, ThirdAnswer, calibrates
from core.vocabulary import ENSEMBLE
from train.fitting.third_answer import calibrate_answers, fit_third_answers

ANSWER = ThirdAnswer(error_rate=0.1, covid_from=0.3, normal_to=0.6, covid_images=50, normal_images=60)
APART = ANSWER.model_copy(update={"covid_from": 0.7, "normal_to": 0.4})


@pytest.mark.parametrize(
    ("probability", "overlapping", "apart"),
    [
        (0.1, "normal", "normal"),
        (0.3, "both", "normal"),
        (0.5, "both", "neither"),
        (0.6, "both", "neither"),
        (0.61, "covid", "neither"),
        (0.7, "covid", "covid"),
    ],
)
def test_like_both_and_like_neither_are_no_answers(probability: float, overlapping: str, apart: str) -> None:
    assert ANSWER.answer(probability) == overlapping and APART.answer(probability) == apart


def test_right_and_silent_are_counted_apart() -> None:
    scores, labels = np.array([0.9, 0.1, 0.5, 0.1, 0.9]), np.array([True, True, True, False, False])
    right, silent = judge_answers(scores, labels, ANSWER)
    assert right.tolist() == [True, False, True, True, False]
    assert silent.tolist() == [False, False, True, False, False]


def drawn(images: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.random(images) < 0.4
    return np.where(labels, random.beta(5, 2, images), random.beta(2, 5, images)), labels


@pytest.mark.parametrize("rate", ERROR_RATES)
def test_limits_are_the_quantiles_of_their_own_class(rate: float) -> None:
    """The rank that the theory asks for, counted by hand: ceil((n + 1) (1 - rate))."""
    scores, labels = drawn(200)
    (answer,) = calibrate_answers(scores, labels, [rate])
    covid, normal = np.sort(scores[labels])[::-1], np.sort(scores[~labels])
    assert answer.covid_from == covid[int(np.ceil((len(covid) + 1) * (1 - rate))) - 1]
    assert answer.normal_to == normal[int(np.ceil((len(normal) + 1) * (1 - rate))) - 1]
    assert (answer.covid_images, answer.normal_images) == (len(covid), len(normal))


@pytest.mark.parametrize("rate", ERROR_RATES)
def test_the_promise_is_kept_on_images_like_those_that_calibrated(rate: float) -> None:
    (answer,) = calibrate_answers(*drawn(400), [rate])
    right, _ = judge_answers(*drawn(20_000, seed=1), answer)
    assert right.mean() >= 1 - rate - 0.04  # more, where a picture is like neither


def test_a_higher_rate_makes_either_class_narrower() -> None:
    answers = calibrate_answers(*drawn(400))
    assert [each.covid_from for each in answers] == sorted(each.covid_from for each in answers)
    assert [each.normal_to for each in answers] == sorted((each.normal_to for each in answers), reverse=True)


def test_too_few_images_exclude_nothing() -> None:
    (answer,) = calibrate_answers(*drawn(12), [0.05])
    assert (answer.covid_from, answer.normal_to) == (0, 1)
    assert {answer.answer(each) for each in (0.0, 0.5, 1.0)} == {"both"}


def test_whoever_calibrated_measures_nothing(table: Predictions) -> None:
    answers = fit_third_answers(table)
    assert set(answers) == set(table.thresholds) and len(answers[ENSEMBLE]) == len(ERROR_RATES)
    found = {(each.model, each.split): each for each in measure_coverage(table, answers)
             if each.error_rate == USUAL_ERROR_RATE}  # fmt: skip
    task = (table.split == "test") & (table.label != "pneumonia")
    half = sum(not calibrates(group) for group in table.group[task])
    assert 0 < found[ENSEMBLE, "test"].images == half < task.sum()
    assert (
        found[ENSEMBLE, "external"].images
        == ((table.split == "external") & (table.label != "pneumonia")).sum()
    )
    for each in found.values():
        assert each.right_or_silent_interval.low <= each.right_or_silent <= each.right_or_silent_interval.high
        assert each.silent_interval.low <= each.silent <= each.silent_interval.high


def test_only_the_calibrating_half_of_test_moves_the_limits(table: Predictions) -> None:
    others = ~((table.split == "test") & np.array([calibrates(group) for group in table.group]))
    moved = replace(table, scores=np.where(others[:, None], 0.5, table.scores))
    assert fit_third_answers(moved) == fit_third_answers(table)


def test_without_answers_nothing_is_measured(table: Predictions) -> None:
    assert measure_coverage(table, {}) == ()
