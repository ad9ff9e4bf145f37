"""The words of the story: each figure with its meaning, its spread, and what lies below chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.display.story import NO_INTERVAL, TITLES, below_chance, result, told
from core.evaluation.comparison import Answers
from core.evaluation.metrics import Interval
from core.evaluation.story import STEPS, Step
from core.vocabulary import BROUGHT

HOME = Step("test", 0.994, True, Interval(0.988, 0.998), 414, {"vgg16": 0.971, "xception": 0.991})
LEFT_OUT = Step("whole", 0.4, False, None, None, {"vgg16": 0.3, "xception": 0.5}, heads=0.9)
BELOW = {"vgg16": 0.45, "xception": 0.27}
COVERED = Step("covered", 0.6, True, None, 414, BELOW | {"resnet50": 0.49}, BELOW)


def test_a_step_in_words() -> None:
    words = told(HOME)
    assert (words.title, words.figure) == ("Known sources", "0.99")
    assert words.beside == "+0.49 against always the same answer"
    assert words.sentence.startswith(
        "Of 100 pairs of a COVID-19 and a normal radiograph the ensemble ranks **99**"
    )
    assert words.spread == "Backbones 0.97 to 0.99. 414 images, 95 % interval 0.99 to 1.00."


def test_a_mean_of_backbones_is_called_one() -> None:
    words = told(LEFT_OUT)
    assert "a backbone on its own ranks **40** correctly" in words.sentence
    assert words.beside.startswith("−0.10") and words.spread == (
        "Backbones 0.30 to 0.50. A mean of two backbones; no ensemble learnt so. "
        "Where heads alone did not know the sources, the mean is 0.90, which flatters."
    )
    assert "0.90" not in told(replace(LEFT_OUT, place="heads", heads=None)).spread


def test_what_is_below_chance_with_the_lungs_covered_is_explained() -> None:
    assert below_chance([HOME, LEFT_OUT]) is None  # nobody measured how sure that is
    words = below_chance([HOME, COVERED, LEFT_OUT])
    assert words and "with the lungs covered, VGG16 (0.45) and Xception (0.27) score normal" in words
    one = below_chance([replace(COVERED, below_chance={"vgg16": 0.45})])
    assert one and "VGG16 (0.45) scores normal radiographs higher" in one and "speaks to it" in one


@pytest.mark.parametrize("place", [*STEPS, "heads", *BROUGHT])
def test_every_place_has_its_words(place) -> None:
    words = told(Step(place, 0.7, True, None, 10, {"vgg16": 0.6}))
    assert words.title == TITLES[place] and words.sentence.endswith(".")
    assert words.spread == "10 images."  # one backbone has no range


def test_what_came_of_somebodys_images_in_words(answers: Answers) -> None:
    own = replace(HOME, place="own", roc_auc=0.7, interval=Interval(0.6, 0.8))
    column = [each.key for each in answers.entrants].index("ensemble")
    right = (answers.called[:, column] == (answers.labels == 1)).sum()
    ill, images = answers.labels.sum(), answers.labels.size
    words = result("own", answers, [HOME, replace(LEFT_OUT, place="external"), own])
    assert words == (
        f"Your own set: the ensemble classifies **{right} of {images}** COVID-19 or normal images correctly; "
        f"always the same answer would be right on {max(ill, images - ill)}. Of 100 pairs it ranks 70 "
        "correctly, against 99 on known sources and 40 at clinics never seen. What it can do on known "
        "sources does not hold here."
    )
    wide = replace(own, interval=Interval(0.55, 1.0))
    assert "the 95 % interval is 55 to 100" in result("own", answers, [HOME, wide])
    faultless = replace(own, roc_auc=1.0, interval=None)
    assert told(faultless).spread.endswith(NO_INTERVAL)
    assert NO_INTERVAL in result("own", answers, [HOME, faultless])
    one_class = replace(answers, labels=np.ones_like(answers.labels))
    assert result("phantoms", one_class, [HOME]).endswith("all COVID-19, so that nothing can be ranked.")
