"""The story of Compare in words: one figure and one sentence a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.display.wording import listed
from core.evaluation.story import CHANCE, Place, Step
from core.models.backbones import BACKBONE_BY_KEY

TITLES: dict[Place, str] = {
    "test": "At home",
    "covered": "With the lungs covered",
    "left out": "Collections never learnt from",
    "external": "Clinics never seen",
    "own": "Your own set",
    "phantoms": "Phantoms",
}
_WHERE: dict[Place, str] = {
    "test": "on held-out images of the collections that it learnt from",
    "covered": "with a black rectangle over both lungs: so much can be had without them",
    "left out": "where neither the ill nor the healthy came from a collection that it learnt from",
    "external": "on images from clinics that are in no training set",
    "own": "on the images that you brought",
    "phantoms": "on rendered images, which flatter networks that learnt from such",
}


@dataclass(frozen=True)
class Told:
    """A step as people see it.

    Attributes:
        title: Its name.
        figure: ROC AUC, as text.
        beside: How far that is from always the same answer.
        sentence: What it means.
        spread: How sure it is, and how far the backbones lie apart.
    """

    title: str
    figure: str
    beside: str
    sentence: str
    spread: str


def told(step: Step) -> Told:
    """A step in words."""
    who = "the ensemble" if step.ensemble else "a backbone, on average,"
    known = [f"{step.images} images"] if step.images else []
    if step.interval:
        known.append(f"95 % interval {step.interval.low:.2f} to {step.interval.high:.2f}")
    return Told(
        TITLES[step.place],
        f"{step.roc_auc:.2f}",
        f"{step.roc_auc - CHANCE:+.2f} against always the same answer",
        f"Of 100 pairs of a COVID-19 and a normal radiograph {who} ranks **{100 * step.roc_auc:.0f}** "
        f"rightly, {_WHERE[step.place]}.",
        " ".join([*_range(step), *([f"{', '.join(known)}."] if known else [])]),
    )


def _range(step: Step) -> Iterator[str]:
    areas = sorted(step.backbones.values())
    if len(areas) > 1:
        yield f"Backbones {areas[0]:.2f} to {areas[-1]:.2f}."


def below_chance(steps: Sequence[Step]) -> str | None:
    """What a ROC AUC below one half means with the lungs covered, where chance does not explain it."""
    low = next((step.below_chance for step in steps if step.place == "covered"), {})
    if not low:
        return None
    names = listed([f"{BACKBONE_BY_KEY[key].name} ({value:.2f})" for key, value in low.items()])
    scores, them = ("scores", "it") if len(low) == 1 else ("score", "them")
    return (
        "Below 0.50 is worse than always the same answer, and no lack of knowledge either: with the lungs "
        f"covered, {names} {scores} normal radiographs higher than COVID-19. What is left of the picture "
        f"speaks to {them} for the wrong class: a habit learnt from the collections, which the figure at "
        "home does not show."
    )
