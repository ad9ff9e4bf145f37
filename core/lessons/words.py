"""What the page says of a lesson: how far one is, and whether an answer is right."""

from __future__ import annotations

from core.display.wording import counted
from core.lessons.lesson import Choice, Lesson

NONE = "There are no lessons: none ships, and no folder that THORAXLENS_LESSONS names holds any."
HOW = (
    "Each lesson opens other pages, set as it needs them, while its text stays at hand; it asks one question "
    "before it shows the answer, and ends in a sentence to take home."
)
FIGURES_FROM = "The figures in a lesson are those of the models in use, computed now."


def entry(lesson: Lesson, *, answered: bool) -> str:
    """What the list says below a lesson's title."""
    return f"{lesson.about}. {counted(lesson.minutes, 'minute')}{', answered' if answered else ''}."


def position(lesson: Lesson, number: int) -> str:
    """How far one is.

    Args:
        lesson: The lesson.
        number: Of the step, from 1.
    """
    return f"Step {number} of {len(lesson.steps)}"


def judged(right: Choice, chosen: Choice) -> tuple[str, ...]:
    """Whether an answer is right and why; where it is wrong, also which one is.

    Args:
        right: The right answer, its figures filled in.
        chosen: The one that was given.

    Returns:
        Paragraphs of Markdown.
    """
    if chosen.right:
        return (f"**Right. {chosen.text}** {chosen.why}",)
    wrong, better = (each.text.rstrip(".") for each in (chosen, right))
    return f"**“{wrong}” is not so.** {chosen.why}", f"**Right is “{better}”.** {right.why}"
