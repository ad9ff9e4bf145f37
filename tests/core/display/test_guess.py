"""A guess beside the truth and the answers, and the tally of a session."""

import pytest

from core.analysis.results import Analysis, at_threshold
from core.display.guess import Guess, Guessed, beside_the_answers, guessed, tally
from tests.core.display.test_truth import BY_LABEL


@pytest.mark.parametrize(
    ("guess", "label", "right", "ensemble_right"),
    [
        ("covid", "covid", True, False),
        ("normal", "normal", True, True),
        ("other", "pneumonia", True, False),
        ("normal", "findings", False, False),
        ("other", "covid", False, False),
    ],
)
def test_something_else_is_right_where_the_models_have_no_right_answer(
    analysis: Analysis, guess: Guess, label: str, right: bool, ensemble_right: bool
) -> None:
    """Whose ensemble says normal."""
    assert guessed(guess, analysis, BY_LABEL[label]) == Guessed(guess, right, ensemble_right)


def test_nobody_knows_whether_a_guess_at_a_file_is_right(analysis: Analysis) -> None:
    assert guessed("covid", analysis, None) == Guessed("covid", None, None)


@pytest.mark.parametrize(
    ("guess", "label", "said"),
    [
        (
            "normal",
            "pneumonia",
            "You said **normal**; the truth is **lobar pneumonia**, neither COVID-19 nor normal; two of the "
            "five backbones agree with you, and so does the ensemble.",
        ),
        (
            "covid",
            "covid",
            "You said **COVID-19**; the truth is **COVID-19**; three of the five backbones agree with you, "
            "but the ensemble does not.",
        ),
        (
            "other",
            "normal",
            "You said **something else, or cannot tell**; the truth is **normal**; the models were taught no "
            "such answer.",
        ),
        (
            "covid",
            None,
            "You said **COVID-19**; three of the five backbones agree with you, but the ensemble does not.",
        ),
    ],
)
def test_a_guess_stands_beside_the_truth_and_who_agrees(
    analysis: Analysis, guess: Guess, label: str | None, said: str
) -> None:
    assert beside_the_answers(guess, analysis, BY_LABEL[label] if label else None) == said


def test_the_tally_counts_only_what_somebody_knows() -> None:
    unknown = Guessed("covid", None, None)
    made = [
        Guessed("covid", True, False),
        unknown,
        Guessed("normal", True, True),
        Guessed("other", False, False),
    ]
    assert tally(made) == "So far: you 2 of 3, the ensemble 1 of 3."
    assert tally([unknown]) == tally([]) == ""


def test_where_nobody_agrees_that_is_said(analysis: Analysis) -> None:
    """The models all say normal at a threshold of 0.95."""
    alike = at_threshold(analysis, 0.95)
    said = beside_the_answers("covid", alike, None)
    assert said.endswith("none of the five backbones agree with you, nor does the ensemble.")
    said = beside_the_answers("normal", alike, None)
    assert said.endswith("; all five backbones agree with you, and so does the ensemble.")
