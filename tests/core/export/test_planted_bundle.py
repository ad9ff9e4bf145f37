"""A bundle saved with a head that learnt a shortcut: whole, loadable, with the same answers as the trial."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.analysis.load import Models, load_models
from core.analysis.run import analyse
from core.evaluation.evidence import collect_evidence
from core.export.planted_bundle import ask_measured, bundle_zip, tabulate
from core.models.bundle.files import manifest_sha256, read_cards
from core.reading.radiograph import Radiograph
from core.shortcuts.experiment import Outcome
from core.shortcuts.trial import Trial, with_trial
from core.vocabulary import ENSEMBLE
from tests.core.shortcuts.test_trial import COHORT, KEY, NAME, outcome, trial

__all__ = ["outcome", "trial"]


def test_a_saved_bundle_loads_and_gives_the_same_probabilities(
    random_bundle: Path,
    random_models: Models,
    trial: Trial,
    outcome: Outcome,
    drawn_radiograph: Callable[[int], Radiograph],
    tmp_path: Path,
) -> None:
    mine = replace(trial, base=manifest_sha256(random_bundle))
    tried = with_trial(random_models, mine)
    answers = list(ask_measured(tried, mine, COHORT))
    predictions = tabulate(tried, COHORT, answers)
    with zipfile.ZipFile(bundle_zip(random_bundle, random_models, mine, outcome, predictions)) as archive:
        assert not [each for each in archive.infolist() if each.filename.count("/") != 1]
        archive.extractall(tmp_path)
    folder = tmp_path / tried.manifest.name
    assert [each.name for each in tmp_path.iterdir()] == [folder.name]
    loaded = load_models(folder)
    for seed in (1, 2):
        radiograph = drawn_radiograph(seed)
        expected, found = (analyse(radiograph, each) for each in (tried, loaded))
        assert [each.probability for each in found.readings] == pytest.approx(
            [each.probability for each in expected.readings], abs=1e-4
        )
        assert found.decision.probability == pytest.approx(expected.decision.probability, abs=1e-4)
        assert [each.threshold for each in found.readings] == [each.threshold for each in expected.readings]
        assert found.taught == (KEY,) and NAME in {each.backbone.name for each in found.readings}
    manifest = loaded.manifest
    assert NAME in manifest.title and manifest.precisions is None and manifest.trials is None
    assert (
        manifest.backbones[KEY].taught == trial.taught and not {KEY, ENSEMBLE} & manifest.third_answers.keys()
    )
    card = read_cards(folder, manifest)["Model card"]
    assert "Flawed on purpose" in card and NAME in card
    for condition in ("as_learnt", "flipped"):
        assert f"| {outcome.figures[condition].roc_auc:.2f} (" in card
    evidence = {each.model: each.figures for each in collect_evidence(folder, manifest)}
    assert evidence[KEY].images == 12 and evidence[KEY].positives == 6
