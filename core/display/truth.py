"""What is true of a sample beside what was said of it: a mark at each answer, and sentences."""

from __future__ import annotations

from dataclasses import dataclass

from core.analysis.results import Analysis
from core.display.wording import count_word, listed
from core.phantom.samples import Sample
from core.vocabulary import LABELS, TASK, finding_name


@dataclass(frozen=True)
class Labelled:
    """What somebody says that a radiograph shows.

    Attributes:
        label: As of `Sample.label`.
        title: The same in words.
    """

    label: str
    title: str


Truth = Sample | Labelled


@dataclass(frozen=True)
class Mark:
    """How an answer lies to the truth: an icon, and words for whoever does not see it.

    Attributes:
        icon: Streamlit's name of it.
        words: What it means.
        right: Whether the answer is right.
    """

    icon: str
    words: str
    right: bool = False

    def __str__(self) -> str:
        return f"{self.icon} {self.words}"


RIGHT = Mark(":material/check_circle:", "right", right=True)
WRONG = Mark(":material/cancel:", "wrong")
MISSED = Mark(":material/do_not_disturb_on:", "not normal either")


def fits(label: str) -> bool:
    """Whether one of the two answers that the models were taught is right."""
    return label in TASK


def mark(label: str, *, positive: bool) -> Mark:
    """How an answer lies to the truth.

    Args:
        label: What the radiograph shows, as of `Sample.label`.
        positive: Whether the answer is COVID-19.
    """
    if not fits(label):
        return WRONG if positive else MISSED
    return RIGHT if positive == (label == "covid") else WRONG


def truth_name(sample: Truth) -> str:
    """What a radiograph shows, inside of a sentence."""
    if fits(sample.label):
        return LABELS["covid"] if sample.label == "covid" else LABELS["normal"]
    return sample.title[0].lower() + sample.title[1:]


def judged(sample: Truth, analysis: Analysis) -> str:
    """What is true, and who of all is right: a paragraph of Markdown."""
    said = f"**Truth: {truth_name(sample)}"
    if not fits(sample.label):
        return f"{said}, neither COVID-19 nor normal.** {_neither(analysis)}"
    right = sum(mark(sample.label, positive=each.positive).right for each in analysis.readings)
    ensemble = mark(sample.label, positive=analysis.decision.positive)
    return f"{said}.** {_right(right, len(analysis.readings))}; the ensemble is {ensemble.words}."


def _right(right: int, count: int) -> str:
    if right in (0, count):
        return f"All {count_word(count)} backbones are {RIGHT.words if right else WRONG.words}"
    return (
        f"{count_word(right).capitalize()} of the {count_word(count)} backbones "
        f"{'is' if right == 1 else 'are'} right, {count_word(count - right)} wrong"
    )


def _neither(analysis: Analysis) -> str:
    """Of a disease that the models were never taught: neither of their answers fits."""
    count, votes = len(analysis.readings), analysis.votes
    of_them = {True: votes, False: count - votes}
    clauses = []
    for positive, meaning in ((True, "COVID-19, which is wrong"), (False, "normal, which misses it")):
        some = of_them[positive]
        who = [
            f"all {count_word(count)} backbones" if some == count else f"{count_word(some)} of the backbones"
        ]
        who = (who if some else []) + (["the ensemble"] if analysis.decision.positive == positive else [])
        verb = "reads" if who == ["the ensemble"] or (some == 1 and len(who) == 1) else "read"
        clauses += [f"{listed(who)} {verb} it as {meaning}"] if who else []
    return f"Neither answer fits: {'; '.join(clauses)}."


def details(sample: Sample) -> str:
    """What a sample was rendered with."""
    shown = listed([finding_name(each) for each in sample.findings]) or "no finding"
    return (
        f"{sample.description} Rendered with extent {sample.extent_score:.1f} of 8 and opacity "
        f"{sample.opacity_score:.1f} of 6; it shows {shown}."
    )
