"""The third answer in words, and what is said of other diseases and of the plain mean."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from core.analysis.results import Analysis
from core.display.third_answer_wording import (
    beside_the_mean,
    neither,
    promise,
    third_answers,
    third_sentence,
    third_table,
)
from core.evaluation.coverage import Coverage
from core.evaluation.metrics import Interval
from core.evaluation.strata import OtherDisease, Share
from core.evaluation.trials import LeftOutCoverage, LeftOutSources, MeasuredAuc
from core.models.third_answer import ThirdAnswer
from core.vocabulary import ENSEMBLE

AT_TEN = ThirdAnswer(error_rate=0.1, covid_from=0.3, normal_to=0.6, covid_images=50, normal_images=60)
AT_FIVE = AT_TEN.model_copy(update={"error_rate": 0.05, "covid_from": 0.05, "normal_to": 0.95})
WIDE = Interval(0.5, 1.0)


def bundle(**training: object) -> SimpleNamespace:
    return SimpleNamespace(training=training)


@pytest.fixture
def answered(analysis: Analysis) -> Analysis:
    """The analysis with third answers."""
    said = {"vgg16": 0.1, "xception": 0.9, ENSEMBLE: 0.35}
    return replace(
        analysis,
        third_answers={
            model: {"5": AT_FIVE.answer(probability), "10": AT_TEN.answer(probability)}
            for model, probability in said.items()
        },
    )


def coverage(model: str, split: str, right: float) -> Coverage:
    return Coverage(model, split, 0.1, 44, right, WIDE, 0.25, WIDE)


def test_each_model_answers_or_is_silent(answered: Analysis) -> None:
    found = third_answers(answered, 0.1)
    assert found == {"vgg16": "normal", "xception": "covid", ENSEMBLE: "both"}  # 0.1, 0.9, 0.35
    assert third_answers(answered, 0.05) == {
        "vgg16": "both",
        "xception": "both",
        ENSEMBLE: "both",
    }
    assert third_sentence(found, 0.1) == (
        "Rather silent than wrong on more than 10\u00a0% of either class: the ensemble cannot tell (the "
        "picture is like both of the classes); of the backbones 1 say COVID-like, 1 say normal-like."
    )
    sure = found | {ENSEMBLE: "covid"}
    assert "the ensemble says COVID-like" in third_sentence(sure, 0.1)


def test_what_that_is_worth_stands_beside_it(answered: Analysis) -> None:
    measured = [coverage(ENSEMBLE, "test", 0.93), coverage(ENSEMBLE, "external", 0.64)]
    auc = MeasuredAuc(images=9, positives=4, roc_auc=0.7, low=0.5, high=0.9)
    left_out = [
        LeftOutSources(
            model="vgg16",
            base="frozen",
            covid_source="a",
            normal_source=normal,
            measured=auc,
            coverage=(LeftOutCoverage(error_rate=0.1, right_or_silent=right, silent=0.5),),
        )
        for normal, right in (("x", 0.4), ("y", 0.6), (None, 1.0))
    ]
    rows = {row["Model"]: row for row in third_table(third_answers(answered, 0.1), measured, left_out, 0.1)}
    assert rows["Ensemble"]["Known sources"] == "0.93 (0.50–1.00), silent 0.25 (0.50–1.00)"
    assert (
        rows["Ensemble"]["Clinics never seen"] == "0.64 (0.50–1.00), silent 0.25 (0.50–1.00)"
        and rows["Ensemble"]["Sources left out of heads"] == "–"
    )
    assert (
        rows["VGG16"]["Sources left out of heads"] == "0.50, silent 0.50"
        and rows["VGG16"]["Known sources"] == "–"
    )
    said = promise(measured, 0.1)
    assert (
        "at least 0.90" in said and "0.64 (silent on 0.25) on clinics that the models have never seen" in said
    )
    assert promise(measured, 0.2) == "Nobody measured what such answers are worth."


def test_other_diseases_stand_beside_a_positive_answer() -> None:
    share = Share(ENSEMBLE, 61, 60, 0.713, WIDE)
    others = [
        OtherDisease("another disease; *Tuberculosis*", "pakistan", share, 0.8),
        OtherDisease("another disease", "pakistan", replace(share, model="vgg16"), 0.8),
    ]
    manifest = SimpleNamespace(source_name={"pakistan": "Somebody et al. 2020"}.get)
    said = neither(others, manifest)
    line = r"- another disease; \*Tuberculosis\*: 71" + "\u00a0% of 61 (Somebody et al. 2020)"
    assert [each for each in said.splitlines() if each.startswith("- ")] == [line]
    assert "COVID-19:\n" in said and "at its own threshold:\n" in neither(others, manifest, moved=True)
    assert neither([], manifest) == ""


@pytest.mark.parametrize(
    ("svm", "said"),
    [
        ({}, ""),
        ({"wrong": 18, "mean_wrong": 18, "validation": 244}, ""),
        (
            {"wrong": 19, "mean_wrong": 18, "validation": 244},
            "wrong on 19, the plain mean of its backbones on 18",
        ),
    ],
)
def test_an_ensemble_worse_than_the_mean_says_so_first(svm: dict, said: str) -> None:
    words = beside_the_mean(bundle(ensemble=svm))
    assert said in words and bool(words) == bool(said)
