"""A bundle as one session has it while a head is on trial there; no other session ever gets it."""

from __future__ import annotations

from dataclasses import replace

from core.service import Loaded
from core.shortcuts.trial import Trial, with_trial


def tried(bundle: Loaded, trial: Trial) -> Loaded:
    """A bundle with a head on trial, under a version of its own, so that no kept answer stands for another's.

    What was measured with the usual head is left out: of that backbone, of the ensemble, and all trials.

    Args:
        bundle: As it ships.
        trial: The head, of this bundle.
    """

    def known(model: str) -> bool:
        return model not in trial.unmeasured

    return replace(
        bundle,
        version=trial.version,
        models=with_trial(bundle.models, trial),
        evidence=tuple(each for each in bundle.evidence if known(each.model)),
        coverage=tuple(each for each in bundle.coverage if known(each.model)),
        other_diseases=tuple(each for each in bundle.other_diseases if known(each.called.model)),
        trials=None,
    )
