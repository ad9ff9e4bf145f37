"""Who answers about changed pictures when maps are put to the test: one backbone, or the whole ensemble."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from core.analysis.load import Models
from core.analysis.maps import added_to
from core.explain.belief import Witness
from core.explain.explainers import EXPLAINERS, scaled
from core.explain.method import Map
from core.explain.subject import Subject
from core.explain.together import together, weights_towards
from core.models.backbones import scale_pixels
from core.models.ensemble import EnsembleDecision
from core.models.findings import findings_scale, sigmoid
from core.models.inference import checked, ensemble_features

Grey = NDArray[np.float32]
Answer = tuple[EnsembleDecision, Mapping[str, NDArray[np.float32]]]  # and A of each backbone, by key


def backbone_witness(subject: Subject) -> Witness:
    """One network, towards the class of its head."""

    def maps(grey: Grey) -> dict[str, Map]:
        features = subject.features(grey)
        return {each.key: each.heat(features, subject.head) for each in EXPLAINERS}

    return Witness(subject.seen, lambda grey: float(sigmoid(subject.score(grey))), maps)


def shown_alike(models: Models) -> bool:
    """Whether the findings network is shown the same as the backbones, so that one picture asks all."""
    return models.manifest.findings.preprocessing == models.manifest.preprocessing


def ensemble_witness(
    seen: Grey, models: Models, in_turn: Callable[[Callable[[], Answer]], Answer], *, covid: bool
) -> Witness:
    """The ensemble, all of whose networks are shown the changed picture, the findings network among them.

    Args:
        seen: What the backbones were shown.
        models: Of the bundle.
        in_turn: Waits for a place before each answer.
        covid: Whether COVID-19 is asked about; else normal.
    """

    def probability(grey: Grey) -> float:
        decision, _ = in_turn(lambda: decide_on(grey, models))
        return decision.probability if covid else 1 - decision.probability

    def maps(grey: Grey) -> dict[str, Map]:
        decision, features = in_turn(lambda: decide_on(grey, models))
        weights = weights_towards(added_to(decision), covid=covid)
        heads = {key: head if covid else head.opposed() for key, head in models.networks.heads.items()}
        return {
            each.key: together(
                {key: scaled(each.heat(found, heads[key]))[0] for key, found in features.items()}, weights
            )
            for each in EXPLAINERS
        }

    return Witness(seen, probability, maps)


def decide_on(grey: Grey, models: Models) -> Answer:
    """What the ensemble makes of a picture as the networks are shown it.

    Args:
        grey: (size, size), float32 in [0, 1], greys spread evenly.
        models: Of a bundle whose findings network is shown the same as its backbones.

    Raises:
        EngineError: If a network answers with something that is not a number.
    """
    probabilities, maps = {}, {}
    for row in models.manifest.rows:
        features, probability = models.networks.backbones[row.key](scale_pixels(grey[np.newaxis], row.scale))
        maps[row.key] = checked(features[0], row.name)
        probabilities[row.key] = float(checked(probability, row.name).item())
    (logits,) = models.networks.findings(findings_scale(grey))
    points = models.manifest.findings.operating_points
    inputs = ensemble_features(probabilities, checked(logits[0], "The findings network"), points)
    return models.ensemble.decide(inputs), maps
