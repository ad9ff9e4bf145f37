"""The truth beside the answers: what counts as right, and the words for it."""

from dataclasses import replace

import pytest

from core.analysis.results import Analysis
from core.display.truth import MISSED, RIGHT, WRONG, Mark, details, judged, mark
from core.phantom.samples import Sample, list_samples

BY_LABEL = {each.label: each for each in list_samples()}


def said(analysis: Analysis, label: str, votes: int, *, ensemble: bool) -> str:
    """Of an analysis by three backbones, of which so many read COVID-19."""
    readings = tuple(
        replace(each, probability=0.9 if place < votes else 0.1)
        for place, each in enumerate(analysis.readings[:3])
    )
    decision = replace(analysis.decision, probability=0.9 if ensemble else 0.1)
    return judged(BY_LABEL[label], replace(analysis, readings=readings, decision=decision))


@pytest.mark.parametrize(
    ("label", "positive", "expected"),
    [
        ("covid", True, RIGHT),
        ("covid", False, WRONG),
        ("normal", True, WRONG),
        ("normal", False, RIGHT),
        ("pneumonia", True, WRONG),
        ("pneumonia", False, MISSED),
        ("findings", False, MISSED),
    ],
)
def test_a_disease_that_nobody_taught_has_no_right_answer(label: str, positive: bool, expected: Mark) -> None:
    assert mark(label, positive=positive) is expected
    assert expected.right == (expected is RIGHT) and expected.words in str(expected)


@pytest.mark.parametrize(
    ("label", "votes", "ensemble", "expected"),
    [
        ("covid", 3, True, "**Truth: COVID-19.** All three backbones are right; the ensemble is right."),
        (
            "covid",
            1,
            False,
            "**Truth: COVID-19.** One of the three backbones is right, two wrong; the ensemble is wrong.",
        ),
        ("normal", 3, False, "**Truth: normal.** All three backbones are wrong; the ensemble is right."),
        (
            "normal",
            1,
            False,
            "**Truth: normal.** Two of the three backbones are right, one wrong; the ensemble is right.",
        ),
        (
            "pneumonia",
            3,
            True,
            "**Truth: lobar pneumonia, neither COVID-19 nor normal.** Neither answer fits: all three "
            "backbones and the ensemble read it as COVID-19, which is wrong.",
        ),
        (
            "findings",
            1,
            False,
            "**Truth: effusion and large heart, neither COVID-19 nor normal.** Neither answer fits: one of "
            "the backbones reads it as COVID-19, which is wrong; two of the backbones and the ensemble read "
            "it as normal, which misses it.",
        ),
        (
            "findings",
            0,
            True,
            "**Truth: effusion and large heart, neither COVID-19 nor normal.** Neither answer fits: "
            "the ensemble reads it as COVID-19, which is wrong; all three backbones read it as normal, which "
            "misses it.",
        ),
    ],
)
def test_the_truth_says_who_is_right(
    analysis: Analysis, label: str, votes: int, ensemble: bool, expected: str
) -> None:
    assert said(analysis, label, votes, ensemble=ensemble) == expected


@pytest.mark.parametrize("sample", list_samples(), ids=lambda each: each.key)
def test_what_a_sample_was_rendered_with_is_said_of_each(sample: Sample) -> None:
    words = details(sample)
    assert words.startswith(sample.description) and words.endswith(".")
    assert f"extent {sample.extent_score:.1f} of 8" in words
    assert ("no finding" in words) == (not sample.findings)
