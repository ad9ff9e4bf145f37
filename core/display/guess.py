"""A guess before the answers: the three that there are, and what is said afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from core.analysis.results import Analysis
from core.display.truth import Truth, fits, mark, truth_name
from core.display.wording import count_word

Guess = Literal["covid", "normal", "other"]
GUESSES: dict[Guess, str] = {
    "covid": "COVID-19",
    "normal": "Normal",
    "other": "Something else, or cannot tell",
}
ASKED = "what does this radiograph show? The answers come after your guess."
NOTHING_TO_GUESS = "There is nothing to guess here: the networks were not asked."
TABLE_WAITS = "The table can be taken along after a guess at each of its radiographs."
WAITS = "The curves come after a guess at each of these radiographs."


@dataclass(frozen=True)
class Guessed:
    """A guess that was made.

    Attributes:
        guess: What was said.
        right: Whether that is true; None where nobody knows.
        ensemble_right: The same of the ensemble, at its own threshold.
    """

    guess: Guess
    right: bool | None
    ensemble_right: bool | None


def guessed(guess: Guess, analysis: Analysis, sample: Truth | None) -> Guessed:
    """A guess beside the truth.

    Args:
        guess: What was said.
        analysis: What the models say, at their own thresholds.
        sample: What was guessed at, with its truth; None where nobody knows it.
    """
    if sample is None:
        return Guessed(guess, None, None)
    true = sample.label if fits(sample.label) else "other"
    return Guessed(guess, guess == true, mark(sample.label, positive=analysis.decision.positive).right)


def beside_the_answers(guess: Guess, analysis: Analysis, sample: Truth | None) -> str:
    """What was said, what is true and who agrees, in a sentence of Markdown."""
    said = "COVID-19" if guess == "covid" else GUESSES[guess].lower()
    parts = [f"You said **{said}**"]
    if sample:
        neither = "" if fits(sample.label) else ", neither COVID-19 nor normal"
        parts.append(f"the truth is **{truth_name(sample)}**{neither}")
    return f"{'; '.join([*parts, _agreeing(guess, analysis)])}."


def _agreeing(guess: Guess, analysis: Analysis) -> str:
    if guess == "other":
        return "the models were taught no such answer"
    positive, count = guess == "covid", len(analysis.readings)
    agreeing = sum(each.positive == positive for each in analysis.readings)
    verb = "agrees" if agreeing == 1 else "agree"
    who = (
        f"all {count_word(count)}"
        if agreeing == count
        else f"{count_word(agreeing)} of the {count_word(count)}"
    )
    said = f"{who} backbones {verb} with you"
    if analysis.decision.positive == positive:
        return f"{said}, {'and so does the ensemble' if agreeing else 'but the ensemble does'}"
    return f"{said}, {'but the ensemble does not' if agreeing else 'nor does the ensemble'}"


def tally(made: Iterable[Guessed]) -> str:
    """How often the user and the ensemble were right where the truth is known; empty where it never is."""
    known = [each for each in made if each.right is not None]
    if not known:
        return ""
    you, ensemble = (
        sum(each.right is True for each in known),
        sum(each.ensemble_right is True for each in known),
    )
    return f"So far: you {you} of {len(known)}, the ensemble {ensemble} of {len(known)}."
