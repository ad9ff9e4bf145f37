"""Wording of the trials: the least flattering figure first, and silence where nobody measured."""

import pytest

from core.display import wording
from core.evaluation.trials import CoveredLungs, LeftOutSources, MeasuredAuc, Trials
from core.models.backbones import BACKBONES

MODEL = BACKBONES[0].key


def auc(value: float | None) -> MeasuredAuc:
    return MeasuredAuc(images=44, positives=26, roc_auc=value, low=None, high=None)


def left_out(base: str, value: float, normal: str | None = "y") -> LeftOutSources:
    return LeftOutSources(model=MODEL, base=base, covid_source="a", normal_source=normal, measured=auc(value))


def covered(split: str, before: float, after: float | None, model: str = "ensemble") -> CoveredLungs:
    return CoveredLungs(model=model, split=split, visible=auc(before), covered=auc(after))


def test_without_trials_nothing_is_said() -> None:
    assert wording.covered_lungs(Trials()) is None
    assert wording.left_out_sources(Trials()) is None


def test_the_ensemble_with_its_lungs_covered() -> None:
    trials = Trials(
        covered_lungs=(
            covered("test", 0.99, 0.85),
            covered("external", 0.7, 0.5),
            covered("test", 1, 1, MODEL),
        )
    )
    assert wording.covered_lungs(trials) == (
        "With the lungs covered, the ensemble's ROC AUC goes from 0.99 to 0.85 on 44 held-out images, "
        "and from 0.70 to 0.50 on 44 images from a clinic never seen."
    )
    assert wording.covered_lungs(Trials(covered_lungs=(covered("test", 0.9, None),))) is None


@pytest.mark.parametrize(
    ("base", "said"), [("frozen", "had seen the sources"), ("imagenet", "heads trained anew")]
)
def test_heads_alone_are_said_to_be_just_that(base: str, said: str) -> None:
    rows = (left_out(base, 0.6), left_out(base, 0.7), left_out(base, 0.9, normal=None))
    found = wording.left_out_sources(Trials(left_out=rows))
    assert found and "0.65; with one of the two known, 0.90" in found and said in found


def test_whole_networks_trained_anew_are_preferred_to_heads() -> None:
    rows = (left_out("frozen", 0.9), left_out("retrained", 0.6))
    found = wording.left_out_sources(Trials(left_out=rows))
    assert found and "0.60" in found and "whole networks" in found and "0.90" not in found
