"""A bundle with a head on trial: another version for all that is kept, and no figure of the usual head."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.phantom.samples import list_samples
from core.service import File, Service
from core.shortcuts.trial import Trial
from core.trial import tried
from core.vocabulary import ENSEMBLE
from tests.core.shortcuts.test_trial import KEY, NAME, outcome, trial

__all__ = ["outcome", "trial"]


def test_kept_answers_never_mix_and_what_is_unknown_is_left_out(random_bundle: Path, trial: Trial) -> None:
    service = Service()
    usual = service.load(random_bundle)
    mine = replace(trial, base=usual.version)
    other = tried(usual, mine)
    assert other.version not in (usual.version, tried(usual, replace(mine, threshold=0.2)).version)
    sample = next(each for each in list_samples() if each.path.suffix == ".png")
    file = File(sample.path.read_bytes(), sample.path.name)
    before = service.read(file, usual, lambda text: None)
    assert service.kept(file, other) is None
    tried_case = service.read(file, other, lambda text: None)
    assert service.kept(file, usual) is before and service.kept(file, other) is tried_case
    names = [each.backbone.name for each in tried_case.analysis.readings]
    assert NAME in names and NAME not in [each.backbone.name for each in before.analysis.readings]
    changed = [
        service.changed(file, each, case.analysis) for each, case in ((usual, before), (other, tried_case))
    ]
    assert changed[0][0].probabilities[KEY] != changed[1][0].probabilities[KEY]
    assert service.kept_changed(file, usual) == changed[0] and service.kept_changed(file, other) == changed[1]
    assert {each.model for each in usual.evidence} - {each.model for each in other.evidence} == {
        KEY,
        ENSEMBLE,
    }
    assert not {KEY, ENSEMBLE} & {each.model for each in other.coverage} and other.trials is None
    assert service.load(random_bundle) is usual, "what all sessions share stays as it was"
