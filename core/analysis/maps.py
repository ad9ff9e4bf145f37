"""The maps of one analysis, by any method, of any network or of the ensemble, towards either class."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from core.analysis.load import Models
from core.analysis.results import Analysis, BackboneReading
from core.explain.explainers import explain, scaled
from core.explain.heat_in_lungs import HeatInLungs, heat_in_lungs
from core.explain.method import Explainer, Map, Questioner, Step
from core.explain.subject import Subject
from core.explain.together import together, weights_towards
from core.margins import crop, share_of
from core.models.ensemble import EnsembleDecision
from core.models.head import Head
from core.preprocessing import network_input
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE


def reading_of(analysis: Analysis, model: str) -> BackboneReading:
    """A backbone's answer, by its key."""
    return next(each for each in analysis.readings if each.backbone.key == model)


def head_towards(reading: BackboneReading, *, covid: bool) -> Head:
    """The head whose logit speaks for a class."""
    return reading.head if covid else reading.head.opposed()


def added(analysis: Analysis) -> dict[str, float]:
    """What each backbone added to the ensemble's decision value, positive towards COVID-19, by key."""
    given = added_to(analysis.decision)
    return {each.backbone.key: given[each.backbone.key] for each in analysis.readings}


def added_to(decision: EnsembleDecision) -> dict[str, float]:
    """The same of a decision."""
    return {part.input: part.contribution for part in decision.contributions if part.group == "backbone"}


def closed_map(analysis: Analysis, model: str, explainer: Explainer, *, covid: bool) -> Map:
    """The map of one network or of the ensemble, out of what the networks have said already.

    Args:
        analysis: It.
        model: Key of a backbone, or the ensemble's.
        explainer: By which method.
        covid: Whether COVID-19 is asked about; else normal.

    Returns:
        (rows, columns), in [0, 1]: 0 everywhere where nothing speaks for the class.
    """

    def one(reading: BackboneReading) -> Map:
        return explain(reading.features, head_towards(reading, covid=covid), explainer)[0]

    if model != ENSEMBLE:
        return one(reading_of(analysis, model))
    return ensemble_map(analysis, {each.backbone.key: one(each) for each in analysis.readings}, covid=covid)


def ensemble_map(analysis: Analysis, maps: Mapping[str, Map], *, covid: bool) -> Map:
    """Each backbone's map weighted by what it added towards the class, in [0, 1].

    Args:
        analysis: It.
        maps: Of all backbones, by key.
        covid: Whether COVID-19 is asked about; else normal.
    """
    weights = weights_towards(added(analysis), covid=covid)
    return scaled(together({key: scaled(heat)[0] for key, heat in maps.items()}, weights))[0]


def seen_by_backbones(radiograph: Radiograph, models: Models, analysis: Analysis) -> NDArray[np.float32]:
    """What the backbones were shown of a radiograph, (size, size), float32 in [0, 1].

    Args:
        radiograph: The one that was analysed, laid as it was then.
        models: Those that were asked.
        analysis: What they said.
    """
    return network_input(crop(radiograph.pixels, analysis.inside), models.manifest.preprocessing)


def subject(seen: NDArray[np.float32], models: Models, model: str, *, covid: bool) -> Subject:
    """A backbone to be asked again and again.

    Args:
        seen: What it was shown.
        models: Of the bundle.
        model: Its key.
        covid: Whether COVID-19 is asked about; else normal.
    """
    scale = next(each.scale for each in models.manifest.rows if each.key == model)
    head = models.networks.heads[model]
    return Subject(seen, models.networks.backbones[model], head if covid else head.opposed(), scale)


def asked_map(method: Questioner, asked: Subject, tell: Callable[[Step], object]) -> Map:
    """The whole map of a method that asks on, scaled to [0, 1].

    Args:
        method: It.
        asked: Whom to ask about what.
        tell: Called after each answer.
    """
    heat = np.zeros((1, 1), dtype=np.float32)
    for step in method.look(asked):
        heat = step.heat
        tell(step)
    return scaled(heat)[0]


def in_lungs(analysis: Analysis, heat: Map) -> HeatInLungs | None:
    """How a map over what the backbones saw lies to the lungs; None where nobody knows them."""
    if analysis.lungs is None:
        return None
    return heat_in_lungs(heat, share_of(analysis.box, analysis.inside), analysis.lungs)
