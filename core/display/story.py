"""The story of Compare in words: one figure and one sentence a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.display.wording import count_word, listed, signed
from core.evaluation.comparison import Answers
from core.evaluation.story import CHANCE, Place, Step
from core.models.backbones import BACKBONE_BY_KEY
from core.vocabulary import ENSEMBLE, LUNGS_COVERED, OWN, PHANTOMS, SOURCES_LEFT_OUT, SPLITS, WHOLE_LEFT_OUT

TITLES: dict[Place, str] = {
    "test": SPLITS["test"].name,
    "covered": LUNGS_COVERED,
    "whole": WHOLE_LEFT_OUT,
    "heads": SOURCES_LEFT_OUT,
    "external": SPLITS["external"].name,
    "own": SPLITS[OWN].name,
    "phantoms": SPLITS[PHANTOMS].name,
}
_WHERE: dict[Place, str] = {
    "test": "on held-out images of the sources that it learnt from",
    "covered": "with a black rectangle over both lungs: so much can be had without them",
    "whole": "where one class comes from a source that no part of it learnt from",
    "heads": "where neither class came from a source that its head learnt from (its base did)",
    "external": "on images from clinics that are in no training set",
    "own": "on the images that you brought",
    "phantoms": "on rendered images, which flatter networks that learnt from such",
}

_ELSEWHERE: dict[Place, str] = {"test": "on known sources", "external": "at clinics never seen"}
NO_INTERVAL = (
    "No pair is ranked wrongly, so there is no interval: these images cannot say how much that leaves open."
)
WIDE = 0.2  # an interval of ROC AUC that leaves much open


@dataclass(frozen=True)
class Told:
    """A step as people see it.

    Attributes:
        title: Its name.
        figure: ROC AUC, as text.
        beside: How far that is from always the same answer.
        sentence: What it means.
        spread: How far the backbones lie apart, and how sure the figure is.
    """

    title: str
    figure: str
    beside: str
    sentence: str
    spread: str


def told(step: Step) -> Told:
    """A step in words."""
    who = "the ensemble" if step.ensemble else "a backbone on its own"
    known = [f"{step.images} images"] if step.images else []
    if step.interval:
        known.append(f"95 % interval {step.interval.text().replace('–', ' to ')}")
    return Told(
        TITLES[step.place],
        f"{step.roc_auc:.2f}",
        f"{signed(step.roc_auc - CHANCE)} against always the same answer",
        f"Of 100 pairs of a COVID-19 and a normal radiograph {who} ranks **{100 * step.roc_auc:.0f}** "
        f"correctly, {_WHERE[step.place]}.",
        " ".join(
            [*_range(step), *([f"{', '.join(known)}."] if known else []), *_faultless(step), *_mean(step)]
        ),
    )


def result(place: Place, answers: Answers, steps: Sequence[Step]) -> str:
    """What came of images that somebody brought, in a few sentences.

    Args:
        place: Which images.
        answers: What the models said of COVID-19 and normal ones among them.
        steps: Those of the bundle, and that of the images where they are of both classes.
    """
    images, ill = answers.labels.size, int(answers.labels.sum())
    column = [each.key for each in answers.entrants].index(ENSEMBLE)
    right = int((answers.called[:, column] == (answers.labels == 1)).sum())
    what = f"**{right} of {images}** COVID-19 or normal images"
    said = f"{TITLES[place]}: the ensemble classifies {what} correctly"
    step = next((each for each in steps if each.place == place), None)
    if step is None:
        return f"{said}. They are all {'COVID-19' if ill else 'normal'}, so that nothing can be ranked."
    said += f"; always the same answer would be right on {max(ill, images - ill)}."
    others = [f"{100 * each.roc_auc:.0f} {words}" for each in steps if (words := _ELSEWHERE.get(each.place))]
    said += f" Of 100 pairs it ranks {100 * step.roc_auc:.0f} correctly"
    said += f", against {listed(others)}." if others else "."
    home = next((each for each in steps if each.place == "test"), None)
    if home and step.interval and step.interval.high < home.roc_auc:
        said += " What it can do on known sources does not hold here."
    elif any(_faultless(step)):
        said += f" {NO_INTERVAL}"
    elif step.interval and step.interval.high - step.interval.low > WIDE:
        said += (
            f" So few images leave much open: the 95 % interval is {100 * step.interval.low:.0f} to "
            f"{100 * step.interval.high:.0f}."
        )
    return said


def _faultless(step: Step) -> Iterator[str]:
    """Why there is no interval where no pair is ranked wrongly."""
    if step.interval is None and step.roc_auc == 1:
        yield NO_INTERVAL


def _mean(step: Step) -> Iterator[str]:
    """What a mean is of, and what it would be if the bases knew the sources."""
    if step.ensemble:
        return
    yield f"A mean of {count_word(len(step.backbones))} backbones; no ensemble learnt so."
    if step.heads is not None:
        yield f"Where heads alone did not know the sources, the mean is {step.heads:.2f}, which flatters."


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
        f"speaks to {them} for the wrong class: a habit learnt from the sources, which the figure on "
        "known sources does not show."
    )
