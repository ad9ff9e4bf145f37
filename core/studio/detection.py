"""From which dose on a disease is told from health: each network beside an observer that knows the place."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from core.analysis.results import Analysis
from core.evaluation.metrics import Interval, draw_groups
from core.margins import crop
from core.phantom.chests import Chests
from core.phantom.recipe import PATIENTS, Recipe
from core.phantom.render import Phantom
from core.preprocessing import Preprocessing, inside_box, network_input
from core.studio.many import RESAMPLES
from core.studio.observer import channels, seen_through, sites, template
from core.studio.twins import Twins, answers, mask_seen

DOSES: dict[str, tuple[float, ...]] = {
    "extent": (1, 2.5, 5, 10, 20, 40, 60),
    "density": (10, 15, 20, 30, 45, 60, 80),
}
LEARNING = 40  # patients from whom the observer learns, none of whom is asked about
OBSERVER = "observer"
DETECTED = 0.75  # AUC, which is the share of right answers where one of two pictures has to be chosen

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Viewed:
    """One patient at each dose, and without the disease.

    Attributes:
        seed: Of the recipe.
        ill: (doses, channels), what the observer's channels give about the lesion of each dose.
        well: The same places in the healthy twin.
        asked: P(COVID-19) by model: without the disease, then at each dose, (1 + doses,); empty of patients
            from whom the observer learns.
    """

    seed: int
    ill: Floats
    well: Floats
    asked: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Detection:
    """How well one of them tells the ill from the healthy.

    Attributes:
        who: A model's key, or `OBSERVER`.
        auc: At each dose, over patients it did not learn from.
        intervals: 95 %, of each: percentile bootstrap over patients.
        threshold: Smallest dose with an AUC of `DETECTED`, between doses by a straight line; None where no
            dose reaches it.
        threshold_interval: 95 %; an end beyond the largest dose is infinite.
    """

    who: str
    auc: tuple[float, ...]
    intervals: tuple[Interval, ...]
    threshold: float | None
    threshold_interval: Interval

    @property
    def detectability(self) -> tuple[float, ...]:
        """d' of each dose: the root of 2 times the normal quantile of the AUC."""
        return tuple(float(np.sqrt(2) * norm.ppf(min(max(each, 1e-3), 1 - 1e-3))) for each in self.auc)


def patient_of(recipe: Recipe, number: int) -> Recipe:
    """The patients who are asked about, then, from the other end of all there are, those to learn from.

    Args:
        recipe: Of the first patient.
        number: From 0; the first `LEARNING` are those to learn from.
    """
    if number < LEARNING:
        return recipe.of_patient(PATIENTS - 1 - number)
    return recipe.of_patient(number - LEARNING)


def view(
    recipe: Recipe,
    knob: str,
    size_px: int,
    preprocessing: Preprocessing,
    ask: Callable[[Phantom], Analysis] | None = None,
) -> Viewed:
    """Renders a patient at each dose, and lets the observer's channels, and perhaps the models, see it.

    The observer sees what the networks are given: cropped, small, its histogram equalised.

    Args:
        recipe: Of the patient.
        knob: A key of `DOSES`.
        size_px: Of the shorter side.
        preprocessing: What the bundle does to a radiograph.
        ask: What the models say of a picture; None for a patient from whom the observer learns.
    """
    chests = Chests(most=1)
    changes: list[dict[str, Any]] = [{knob: dose} for dose in DOSES[knob]]
    well = recipe.without_disease().render(size_px, chests)
    ills = [replace(recipe, **change).render(size_px, chests) for change in changes]
    pairs = [_seen_pair(Twins(ill, well), preprocessing) for ill in ills]
    asked = [answers(ask(each)) for each in (well, *ills)] if ask else []
    return Viewed(
        seed=recipe.seed,
        ill=np.array([pair[0] for pair in pairs]),
        well=np.array([pair[1] for pair in pairs]),
        asked={key: np.array([each[key] for each in asked]) for key in (asked[0] if asked else ())},
    )


def _seen_pair(twins: Twins, preprocessing: Preprocessing) -> tuple[Floats, Floats]:
    """What the channels about the lesion give of both twins."""
    inside = inside_box(twins.well.pixels, preprocessing)
    lesion = mask_seen(twins.lesion, inside, preprocessing)
    if not lesion.any():  # all of it lies outside of what the networks are given, or there is none
        lesion = np.ones_like(lesion)
    through = channels(sites(lesion), preprocessing.size_px)
    ill, well = (
        seen_through(network_input(crop(each.pixels, inside), preprocessing), through)
        for each in (twins.ill, twins.well)
    )
    return ill, well


def detect(learning: Sequence[Viewed], tested: Sequence[Viewed], knob: str) -> tuple[Detection, ...]:
    """How well the observer and each model tell the ill from the healthy, dose by dose.

    Args:
        learning: From whom the observer learns: well more than it has channels.
        tested: At least two, none of them among the others.
        knob: A key of `DOSES`.
    """
    scores = {OBSERVER: _observer_scores(learning, tested)}
    for key in tested[0].asked:
        said = np.array([each.asked[key] for each in tested])
        scores[key] = (said[:, 1:], np.repeat(said[:, :1], said.shape[1] - 1, axis=1))
    return tuple(_detection(who, ill, well, DOSES[knob]) for who, (ill, well) in scores.items())


def _observer_scores(learning: Sequence[Viewed], tested: Sequence[Viewed]) -> tuple[Floats, Floats]:
    """(patients, doses), of the ill and of the healthy: a template a dose, for the observer knows it."""
    ill, well = (np.array([getattr(each, name) for each in learning]) for name in ("ill", "well"))
    templates = [template(ill[:, dose], well[:, dose]) for dose in range(ill.shape[1])]
    both = (
        np.array([np.sum(getattr(each, name) * templates, axis=1) for each in tested])
        for name in ("ill", "well")
    )
    first, second = both
    return first, second


def _detection(who: str, ill: Floats, well: Floats, doses: Sequence[float]) -> Detection:
    count = len(ill)
    drawn, _ = draw_groups(np.arange(count), RESAMPLES, seed=0)
    greater = ill[:, None, :] > well[None, :, :]
    wins = greater + 0.5 * (ill[:, None, :] == well[None, :, :])
    areas = wins.mean(axis=(0, 1))
    resampled = np.einsum("ri,ijd,rj->rd", drawn, wins, drawn, optimize=True) / count**2
    low, high = np.quantile(resampled, (0.025, 0.975), axis=0).tolist()
    thresholds = np.sort([_crossing(each, doses) for each in resampled])
    ends = thresholds[[round(share * (len(thresholds) - 1)) for share in (0.025, 0.975)]].tolist()
    at = _crossing(areas, doses)
    return Detection(
        who=who,
        auc=tuple(areas.tolist()),
        intervals=tuple(Interval(*each) for each in zip(low, high, strict=True)),
        threshold=at if np.isfinite(at) else None,
        threshold_interval=Interval(*ends),
    )


def _crossing(areas: Floats, doses: Sequence[float]) -> float:
    """The smallest dose with an AUC of `DETECTED`; without a dose nobody does better than chance."""
    curve, at = np.array([0.5, *areas]), np.array([0.0, *doses])
    reached = np.flatnonzero(curve >= DETECTED)
    if not reached.size:
        return float("inf")
    upper = int(reached[0])
    share = (DETECTED - curve[upper - 1]) / (curve[upper] - curve[upper - 1])
    return float(at[upper - 1] + share * (at[upper] - at[upper - 1]))


def to_csv(found: Sequence[Detection], knob: str) -> str:
    """A row a dose and observer: its AUC with the interval, and d'.

    Args:
        found: From `detect`.
        knob: A key of `DOSES`.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([knob, "who", "auc", "low", "high", "d_prime"])
    for each in found:
        for dose, area, interval, prime in zip(
            DOSES[knob], each.auc, each.intervals, each.detectability, strict=True
        ):
            figures = (area, interval.low, interval.high, prime)
            writer.writerow([f"{dose:g}", each.who, *(f"{figure:.4f}" for figure in figures)])
    return file.getvalue()
