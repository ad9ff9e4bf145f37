"""Maps graded against causes: does more heat lie where taking disease away moves the answer more?

A phantom is rendered again without each of its lesions in turn, one third of a lung after the other, before
its histogram is equalised, and the networks are asked about each picture: how far the log-odds fall is the
lesion's true effect. A map is then graded by how it ranks the lesions.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.analysis.maps import closed_map
from core.analysis.results import Analysis
from core.evaluation.metrics import Interval, draw_groups
from core.explain.belief import CENTRE, RANDOM, reference_maps, spearman
from core.explain.explainers import EXPLAINERS
from core.explain.method import Map
from core.explain.together import resized
from core.margins import crop
from core.once import once
from core.phantom.chests import Chests
from core.phantom.choices import Place, Side, Zone
from core.phantom.recipe import Recipe
from core.phantom.render import Phantom
from core.phantom.scene import Mask
from core.phantom.truth import eight_bits
from core.preprocessing import Preprocessing, network_input
from core.studio.many import RESAMPLES, mean_interval
from core.studio.twins import answers, mask_seen, share_outside

PLACES: tuple[Place, ...] = tuple(product(get_args(Side), get_args(Zone)))
MIN_AREA = 0.01  # of the lungs: a smaller lesion is none to rank
MIN_REGIONS = 3  # two can be ranked in two ways alone
MIN_PATIENTS = 16  # of whom one half chooses a method, and the other says what the choice is worth
SURE = 1e-7  # a probability nearer to 0 or 1 says no more
EVEN = "even"  # heat that is the same everywhere: it ranks lesions by their size
RANDOM_MAP = "random"
REFERENCES = (RANDOM_MAP, CENTRE, EVEN)  # what knows nothing of the network
By = Literal["sum", "mean"]

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Region:
    """A lesion that can be taken away.

    Attributes:
        name: A third of a lung, or a finding.
        mask: Where it lies, (height, width).
        without: The same patient without it, and with all others.
    """

    name: str
    mask: Mask
    without: Phantom


@dataclass(frozen=True, eq=False)
class Graded:
    """One patient: what each lesion truly does, and how much heat each map has on it.

    Attributes:
        seed: Of the recipe.
        regions: Names of the lesions, R of them.
        areas: (R,), pixels of what the networks are given.
        outside: Mean share of what changes there that lies outside of the lesion taken away, in [0, 1].
        effects: (R,), how far the log-odds of COVID-19 fall without each, by model.
        heats: (R,), the summed heat on each, by model and method; those of references among them, too.
    """

    seed: int
    regions: tuple[str, ...]
    areas: Vector
    outside: float
    effects: Mapping[str, Vector]
    heats: Mapping[str, Mapping[str, Vector]]


@dataclass(frozen=True, eq=False)
class Pictured:
    """A patient as graded, and the pictures that were asked about.

    Attributes:
        graded: None for a patient with too few lesions.
        whole: (height, width), uint8.
        without: The same without each lesion, where somebody is to see them.
    """

    graded: Graded | None
    whole: NDArray[np.uint8]
    without: tuple[NDArray[np.uint8], ...] = ()


@dataclass(frozen=True)
class Grade:
    """How one method ranks lesions for one model, over many patients.

    Attributes:
        model: Its key.
        method: Its key, or one of `REFERENCES`.
        values: Spearman's rank correlation of heat and effect, one a patient.
        mean: Of them.
        interval: 95 %, of the mean: percentile bootstrap over patients.
        same_as: Key of an earlier method whose heat on all lesions is the same; empty where none is.
    """

    model: str
    method: str
    values: tuple[float, ...]
    mean: float
    interval: Interval
    same_as: str = ""


@dataclass(frozen=True)
class Pick:
    """The best of a model's methods on every other patient, and what it is worth on those between them.

    Attributes:
        model: Its key.
        method: The one that ranked lesions best on the patients who choose.
        reference: Of `REFERENCES`, the one that did.
        choosing: How many patients chose.
        measuring: How many others say what follows.
        means: Mean rank correlation of the method, and of the reference.
        ahead: 95 % interval of how far the method lies ahead of the reference, patient by patient.
        firsts: Share of the patients whose hottest lesion is the one with the largest effect, by the method's
            map, and by a random one.
    """

    model: str
    method: str
    reference: str
    choosing: int
    measuring: int
    means: tuple[float, float]
    ahead: Interval
    firsts: tuple[float, float]


AskedMaps = Callable[[Analysis, Phantom], Mapping[str, Mapping[str, Map]]]


def regions(recipe: Recipe, size_px: int) -> tuple[Phantom, tuple[Region, ...]]:
    """A patient with all lesions, and each of these with a phantom that lacks it alone.

    Args:
        recipe: Of the patient.
        size_px: Of the shorter side.

    Returns:
        The lesions are the disease in each third of a lung, then the other findings; none is smaller than
        `MIN_AREA` of the lungs.
    """
    chests = Chests(most=2)
    whole = recipe.render(size_px, chests)
    found = []
    for side, zone in PLACES if "Pneumonia" in whole.masks else ():
        without = recipe.render(size_px, chests, ((side, zone),))
        there = without.masks.get("Pneumonia", np.zeros_like(whole.lungs))
        found.append(Region(f"{side} {zone}", whole.masks["Pneumonia"] & ~there, without))
    for name, _ in recipe.findings:
        others = tuple(each for each in recipe.findings if each[0] != name)
        if name in whole.masks:
            without = replace(recipe, findings=others).render(size_px, chests)
            found.append(Region(name, whole.masks[name], without))
    least = MIN_AREA * whole.lungs.sum()
    return whole, tuple(each for each in found if each.mask.sum() >= least)


def log_odds(analysis: Analysis) -> dict[str, float]:
    """Of COVID-19, of each model, by key: they are not flat where a probability is near 0 or 1."""
    said = {key: min(max(value, SURE), 1 - SURE) for key, value in answers(analysis).items()}
    return {key: float(np.log(value / (1 - value))) for key, value in said.items()}


def closed_maps(analysis: Analysis) -> dict[str, dict[str, Map]]:
    """The maps towards COVID-19 that need no question, by model and method."""
    return {
        model: {each.key: closed_map(analysis, model, each, covid=True) for each in EXPLAINERS}
        for model in answers(analysis)
    }


def grade(
    patient: tuple[Phantom, Sequence[Region]],
    seed: int,
    ask: Callable[[Phantom], Analysis],
    preprocessing: Preprocessing,
    asked_maps: AskedMaps | None = None,
) -> Graded | None:
    """Asks about a patient with and without each lesion, and sums each map's heat on each.

    Args:
        patient: From `regions`.
        seed: Of the recipe.
        ask: What the models say of a picture.
        preprocessing: What the bundle does to a radiograph.
        asked_maps: More maps of the patient, by model and method, in any scale; None for none.

    Returns:
        None for a patient with fewer lesions than `MIN_REGIONS`.
    """
    whole, lesions = patient
    if len(lesions) < MIN_REGIONS:
        return None
    analysis = ask(whole)
    before = log_odds(analysis)
    after = [log_odds(ask(each.without)) for each in lesions]
    masks = [mask_seen(each.mask, analysis.inside, preprocessing) for each in lesions]
    maps = closed_maps(analysis)
    for model, more in (asked_maps(analysis, whole) if asked_maps else {}).items():
        maps[model] = {**maps[model], **more}
    known = reference_maps(seed) | {EVEN: np.ones((2, 2), np.float32)}
    references = {key: heat_on(masks, heat) for key, heat in known.items()}
    seen = [
        network_input(crop(each.pixels, analysis.inside), preprocessing)
        for each in (whole, *(lesion.without for lesion in lesions))
    ]
    outside = [share_outside(seen[0], other, mask) for other, mask in zip(seen[1:], masks, strict=True)]
    return Graded(
        seed=seed,
        regions=tuple(each.name for each in lesions),
        areas=np.array([mask.sum() for mask in masks], np.float64),
        outside=float(np.mean(outside)),
        effects={key: np.array([before[key] - each[key] for each in after]) for key in before},
        heats={
            model: {key: heat_on(masks, heat) for key, heat in each.items()} | references
            for model, each in maps.items()
        },
    )


def backbones_see(whole: Phantom, analysis: Analysis, preprocessing: Preprocessing) -> Map:
    """What the backbones were shown of a phantom's file, (size_px, size_px), in [0, 1].

    Args:
        whole: The phantom.
        analysis: What the models said of its file.
        preprocessing: What the bundle does to a radiograph.
    """
    pixels = eight_bits(whole).astype(np.float32) / np.float32(255)
    return network_input(crop(pixels, analysis.inside), preprocessing)


def heat_on(masks: Sequence[Mask], heat: Map) -> Vector:
    """The heat that lies on each mask, summed, (masks,).

    Args:
        masks: (side, side) each.
        heat: Of any size, over the same picture.
    """
    wide = resized(heat, len(masks[0]))
    return np.array([float(wide[mask].sum()) for mask in masks])


def summarise(patients: Sequence[Graded], by: By = "sum") -> tuple[Grade, ...]:
    """How every method ranks lesions, model by model.

    Args:
        patients: At least one.
        by: Whether the summed heat of a lesion counts, or its mean.
    """
    times_drawn, _ = draw_groups(np.arange(len(patients)), RESAMPLES, seed=0)
    found = []
    for model, by_method in _rankings(patients, by).items():
        for method, pairs in by_method.items():
            values = pairs[:, 0]
            interval = mean_interval(values, times_drawn)
            same = _same_as(patients, model, method)
            found.append(Grade(model, method, tuple(values.tolist()), float(values.mean()), interval, same))
    return tuple(found)


def choose(patients: Sequence[Graded], by: By = "sum") -> tuple[Pick, ...]:
    """A method for each model, chosen on one half of the patients and measured on the other.

    Who picks the best of several on the patients that it is reported on reports luck, too. Of methods that
    rank alike the first counts.

    Args:
        patients: In any order that has nothing to do with them.
        by: As of `summarise`.

    Returns:
        None of fewer than `MIN_PATIENTS`.
    """
    if len(patients) < MIN_PATIENTS:
        return ()
    measuring = len(patients) // 2
    times_drawn, _ = draw_groups(np.arange(measuring), RESAMPLES, seed=0)
    picks = []
    for model, by_method in _rankings(patients, by).items():
        chosen = {method: float(pairs[::2, 0].mean()) for method, pairs in by_method.items()}
        method = max((each for each in chosen if each not in REFERENCES), key=chosen.__getitem__)
        reference = max(REFERENCES, key=chosen.__getitem__)
        own, other, luck = (by_method[each][1::2] for each in (method, reference, RANDOM_MAP))
        picks.append(
            Pick(
                model=model,
                method=method,
                reference=reference,
                choosing=len(patients) - measuring,
                measuring=measuring,
                means=(float(own[:, 0].mean()), float(other[:, 0].mean())),
                ahead=mean_interval(own[:, 0] - other[:, 0], times_drawn),
                firsts=(float(own[:, 1].mean()), float(luck[:, 1].mean())),
            )
        )
    return tuple(picks)


def _rankings(patients: Sequence[Graded], by: By) -> dict[str, dict[str, Vector]]:
    """By model and method, (patients, 2): rank correlation, and whether the hottest lesion matters most."""
    return {
        model: {
            method: np.array([_agreements(each)[model, method, by] for each in patients])
            for method in _methods(patients, model)
        }
        for model in patients[0].effects
    }


def _same_as(patients: Sequence[Graded], model: str, method: str) -> str:
    """An earlier method whose maps have the same heat on all lesions, whatever its scale; empty for none."""
    methods = [each for each in _methods(patients, model) if each not in REFERENCES]
    earlier = methods[: methods.index(method)] if method in methods else []
    heats = {key: _scaled(patients, model, key) for key in (*earlier, method) if key in methods}
    return next((key for key in earlier if np.allclose(heats[key], heats[method], atol=1e-3)), "")


def _scaled(patients: Sequence[Graded], model: str, method: str) -> Vector:
    heats = [each.heats[model][method] for each in patients]
    return np.concatenate([each / max(float(np.abs(each).max()), SURE) for each in heats])


def _methods(patients: Sequence[Graded], model: str) -> list[str]:
    """Those that every patient has, the three random maps as one."""
    shared = [key for key in patients[0].heats[model] if all(key in each.heats[model] for each in patients)]
    return [key for key in shared if key not in (*RANDOM, *REFERENCES)] + list(REFERENCES)


@once
def _agreements(patient: Graded) -> dict[tuple[str, str, By], tuple[float, float]]:
    """The rank correlation of heat and effect, and whether the hottest lesion has the largest effect.

    Returns:
        By model, method and how heat counts.
    """
    return {
        (model, method, by): _agreement(patient, model, method, by)
        for model in patient.effects
        for method in _methods([patient], model)
        for by in get_args(By)
    }


def _agreement(patient: Graded, model: str, method: str, by: By) -> tuple[float, float]:
    keys = RANDOM if method == RANDOM_MAP else (method,)
    each = [_ranked(patient, model, patient.heats[model][key], by) for key in keys]
    correlation, first = np.mean(each, axis=0).tolist()
    return correlation, first


def _ranked(patient: Graded, model: str, summed: Vector, by: By) -> tuple[float, float]:
    heat = summed if by == "sum" else summed / np.maximum(patient.areas, 1)
    effect = patient.effects[model]
    hottest = np.isclose(heat, heat.max())
    return spearman(np.round(heat, 6), effect), float(hottest[int(effect.argmax())] / hottest.sum())


def mean_outside(patients: Sequence[Graded]) -> float:
    """The mean share of change outside of the lesion that was taken away, in [0, 1]; at least one patient."""
    return float(np.mean([each.outside for each in patients]))


def to_csv(patients: Sequence[Graded]) -> str:
    """A row a patient, model and lesion: its area, its true effect, and the summed heat of each map.

    Args:
        patients: At least one.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    methods = list(dict.fromkeys(key for each in patients for heats in each.heats.values() for key in heats))
    writer.writerow(["patient", "model", "lesion", "area_px", "effect", *(f"heat_{key}" for key in methods)])
    writer.writerows(_rows(patients, methods))
    return file.getvalue()


def _rows(patients: Sequence[Graded], methods: Sequence[str]) -> Iterator[list[str]]:
    for each in patients:
        for model, effects in each.effects.items():
            for at, (name, effect) in enumerate(zip(each.regions, effects, strict=True)):
                heats = each.heats[model]
                yield [
                    str(each.seed),
                    model,
                    name,
                    f"{each.areas[at]:.0f}",
                    f"{effect:.4f}",
                    *(f"{heats[key][at]:.4f}" if key in heats else "" for key in methods),
                ]
