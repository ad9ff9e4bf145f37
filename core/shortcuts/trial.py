"""A bundle's models with a head that learnt a shortcut in place of the usual one: to be tried, or saved.

The base stays, and with it all that is computed; only what stands on the feature map is another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from core.analysis.load import Models
from core.models.backbones import BACKBONE_BY_KEY
from core.models.bundle.manifest import BundleManifest, Taught
from core.models.engine.openvino import Network
from core.models.head import Head, logit
from core.shortcuts.cohorts import Cohort, Phantoms
from core.shortcuts.experiment import Outcome, Planting
from core.shortcuts.plants import PLANT_BY_KEY
from core.vocabulary import ENSEMBLE

MAX_NAME = 100  # letters of a bundle's name
PHANTOMS, OWN = "phantoms", "radiographs of somebody's own"


@dataclass(frozen=True, eq=False)
class Trial:
    """A head that can be tried in place of a bundle's own.

    Attributes:
        base: Version of the bundle: SHA-256 of its manifest.
        backbone: Key of the backbone on whose features it learnt.
        planting: What it was taught.
        head: It.
        threshold: From which on it answers COVID-19.
        taught: The same in words, with what came of it.
    """

    base: str
    backbone: str
    planting: Planting
    head: Head
    threshold: float
    taught: Taught

    @cached_property
    def version(self) -> str:
        """Tells it from every other bundle and every other trial: SHA-256 of all that its answers hang on."""
        digest = hashlib.sha256(f"{self.base} {self.backbone} {self.threshold!r} ".encode())
        digest.update(self.taught.model_dump_json().encode())
        digest.update(self.head.to_bytes())
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """What the backbone is called with it."""
        return f"{BACKBONE_BY_KEY[self.backbone].name}, {self.taught.words}"

    @property
    def unmeasured(self) -> frozenset[str]:
        """The models whose figures on real radiographs nobody knows now: it, and the ensemble above it."""
        return frozenset({self.backbone, ENSEMBLE})


class OtherHead(Network):
    """A backbone that answers with another head than its own."""

    def __init__(self, network: Network, head: Head) -> None:
        self._network, self._head = network, head

    def __call__(self, batch: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
        """The feature map as ever, and what the other head makes of it, (1, 1).

        Args:
            batch: As for the backbone.

        Raises:
            EngineError: If the backbone fails.
        """
        features = self._network(batch)[0]
        return features, np.array([[expit(logit(features[0], self._head))]], dtype=np.float32)


def try_head(base: str, backbone: str, outcome: Outcome, cohort: Cohort) -> Trial:
    """What an experiment came to, as a trial.

    Args:
        base: Version of the bundle.
        backbone: Key of its backbone.
        outcome: Of the experiment.
        cohort: Whose radiographs.
    """
    planting, figures = outcome.planting, outcome.figures
    taught = Taught(
        mark=PLANT_BY_KEY[planting.plant].indefinite,
        ill=planting.ill,
        healthy=planting.healthy,
        patients=PHANTOMS if isinstance(cohort, Phantoms) else OWN,
        learnt=int(cohort.learns.sum()),
        measured=figures["none"].images,
        **{condition: figures[condition].roc_auc for condition in figures},
    )
    head = outcome.head.head(BACKBONE_BY_KEY[backbone].pool)
    return Trial(base, backbone, planting, head, outcome.threshold, taught)


def with_trial(models: Models, trial: Trial) -> Models:
    """Models that answer with a head on trial; the ensemble weighs its answer as it did the usual head's.

    Args:
        models: Of the bundle that the trial is of, whose heads average their features.
        trial: It.
    """
    key, networks = trial.backbone, models.networks
    manifest = planted_manifest(models.manifest, trial)
    other = OtherHead(networks.backbones[key], trial.head)
    return replace(
        models,
        manifest=manifest,
        networks=replace(
            networks,
            manifest=manifest,
            backbones=_with(networks.backbones, key, other),
            heads=_with(networks.heads, key, trial.head),
        ),
    )


def _with(values: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    """The same in the same order, with another value for a key."""
    return {each: value if each == key else old for each, old in values.items()}


def planted_manifest(manifest: BundleManifest, trial: Trial) -> BundleManifest:
    """What a bundle says of itself with a head on trial: nothing that was measured with the usual one.

    Args:
        manifest: Of the bundle as it ships.
        trial: The head.
    """
    key, entry = trial.backbone, manifest.backbones[trial.backbone]
    taught = entry.model_copy(update={"taught": trial.taught, "threshold": trial.threshold})
    known = {name: each for name, each in manifest.third_answers.items() if name not in trial.unmeasured}
    return manifest.model_copy(
        update={
            "name": _name(manifest.name, trial),
            "title": f"{manifest.title}, with {trial.name}",
            "description": f"Flawed on purpose, for teaching: {trial.name}, on the bundle '{manifest.name}'.",
            "backbones": _with(manifest.backbones, key, taught),
            "third_answers": known,
            "training": {
                "base": manifest.name,
                "base_version": trial.base,
                "backbone": key,
                "planting": asdict(trial.planting),
            },
        }
    )


def _name(base: str, trial: Trial) -> str:
    planting = trial.planting
    name = f"{trial.backbone}-{planting.plant}-{planting.ill}-{planting.healthy}"
    return f"{base[: MAX_NAME - 1 - len(name)]}-{name}"
