"""Wording: the vote and the decision in one breath; of trials, the least flattering figure first."""

from dataclasses import replace

import pytest

from core.analysis.results import Analysis
from core.display import wording
from core.evaluation.evidence import measure_evidence
from core.evaluation.metrics import Interval
from core.evaluation.named_findings import NamedFinding
from core.evaluation.predictions import Predictions
from core.evaluation.strata import FalseFinding
from core.evaluation.trials import CoveredLungs, LeftOutSources, MeasuredAuc, Trials
from core.models.backbones import BACKBONES
from core.models.bundle.files import read_manifest
from core.models.bundle.manifest import DataSource
from core.project import PROJECT, SHIPPED

MODEL = BACKBONES[0].key


def auc(value: float | None) -> MeasuredAuc:
    return MeasuredAuc(images=44, positives=26, roc_auc=value, low=None, high=None)


def left_out(base: str, value: float, normal: str | None = "y") -> LeftOutSources:
    return LeftOutSources(model=MODEL, base=base, covid_source="a", normal_source=normal, measured=auc(value))


def covered(split: str, before: float, after: float | None, model: str = "ensemble") -> CoveredLungs:
    return CoveredLungs(model=model, split=split, visible=auc(before), covered=auc(after))


def test_one_is_not_many() -> None:
    assert [wording.counted(number, "row") for number in (0, 1, 2000)] == ["0 rows", "1 row", "2,000 rows"]


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
        "and from 0.70 to 0.50 on 44 images from clinics never seen."
    )
    assert wording.covered_lungs(Trials(covered_lungs=(covered("test", 0.9, None),))) is None


@pytest.mark.parametrize(
    ("base", "said"), [("frozen", "had seen the sources"), ("imagenet", "heads trained anew")]
)
def test_heads_alone_are_said_to_be_just_that(base: str, said: str) -> None:
    rows = (left_out(base, 0.6), left_out(base, 0.7), left_out(base, 0.9, normal=None))
    found = wording.left_out_sources(Trials(left_out=rows))
    assert found and "0.65; with only one of the two sources left out, 0.90" in found and said in found


def test_whole_networks_trained_anew_stand_beside_heads() -> None:
    rows = (left_out("frozen", 0.9), left_out("retrained", 0.6))
    found = wording.left_out_sources(Trials(left_out=rows))
    assert (
        found
        and "0.90 (heads trained anew" in found
        and found.endswith(
            "whole networks learnt anew without a source, and so nothing in them knew it, the mean is 0.60."
        )
    )


def headline(analysis: Analysis, votes: int, probability: float = 0.35, threshold: float = 0.5) -> str:
    """Of an analysis by three backbones, of which so many read COVID-19."""
    readings = tuple(
        replace(each, probability=0.9 if place < votes else 0.1)
        for place, each in enumerate(analysis.readings[:3])
    )
    decision = replace(analysis.decision, probability=probability, threshold=threshold)
    return wording.headline(replace(analysis, readings=readings, decision=decision))


@pytest.mark.parametrize(
    ("votes", "said"),
    [
        (3, "all three backbones read this radiograph as COVID-19. "),
        (2, "two of the three backbones read this radiograph as COVID-19, one as normal. "),
        (1, "one of the three backbones reads this radiograph as COVID-19, two as normal. "),
        (0, "all three backbones read this radiograph as normal. "),
    ],
)
def test_the_headline_counts_the_backbones_of_the_analysis(analysis: Analysis, votes: int, said: str) -> None:
    assert headline(analysis, votes).startswith(said + "The ensemble reads it as normal: ")


@pytest.mark.parametrize(
    ("probability", "threshold", "said"),
    [
        (0.35, 0.5, "normal: P(COVID-19) 0.35, below its threshold of 0.50."),
        (0.613, 0.4, "COVID-19: P(COVID-19) 0.61, above its threshold of 0.40."),
        (0.4961, 0.5, "normal: P(COVID-19) 0.496, below its threshold of 0.500."),
        (0.5039, 0.5, "COVID-19: P(COVID-19) 0.504, above its threshold of 0.500."),
        (0.496, 0.494, "COVID-19: P(COVID-19) 0.50, above its threshold of 0.49."),
    ],
    ids=["below", "above", "a tie, below", "a tie, above", "no tie"],
)
def test_the_headline_shows_as_many_digits_as_tell_the_ensemble_from_its_threshold(
    analysis: Analysis, probability: float, threshold: float, said: str
) -> None:
    assert headline(analysis, 2, probability, threshold).endswith(f". The ensemble reads it as {said}")


def test_how_often_the_ensemble_was_wrong_stands_beside_always_the_same_answer(table: Predictions) -> None:
    evidence = [each for each in measure_evidence(table) if each.split in ("test", "external")]
    found = {each.split: each for each in evidence if each.model == "ensemble"}
    test, external = found["test"], found["external"]
    counts = test.figures.confusion, external.figures.confusion
    normal, ill = zip(
        *((c.true_negatives + c.false_positives, c.true_positives + c.false_negatives) for c in counts),
        strict=True,
    )
    said = wording.track_record(evidence)
    assert f"wrong on {test.wrong} of {normal[0] + ill[0]} held-out images" in said
    assert said.endswith(
        f"Always answering COVID-19 would be wrong on {normal[0]} and {normal[1]}, always normal on {ill[0]} "
        f"and {ill[1]}."
    )
    moved = wording.track_record(evidence, moved=True)
    assert moved == said.replace("The ensemble was", "At its own threshold the ensemble was")
    alone = wording.track_record([external])
    assert alone.endswith(f"COVID-19 would be wrong on {normal[1]}, always normal on {ill[1]}.")
    assert "nobody knows how wrong" in wording.track_record([])


def test_sides_are_named_as_the_pictures_and_as_the_patients(analysis: Analysis) -> None:
    assert "Left in the picture is the patient's right (R), unless" in wording.frame(analysis)
    peaks = [wording.heat(each) for each in analysis.readings]
    assert all("the heat peaks in the middle left part of the picture." in each for each in peaks)


def test_numbers_beyond_the_words_are_digits() -> None:
    assert [wording.count_word(count) for count in (0, 5, 10, 11)] == ["none", "five", "ten", "11"]


def test_what_is_found_on_normal_radiographs_too_is_said(analysis: Analysis) -> None:
    """The most frequent first, of what is found here alone, and of the stand-in alone."""
    seen = ("Mass", "Pneumonia")
    findings = tuple(replace(each, score=0.9 if each.name in seen else 0.1) for each in analysis.findings)
    here = replace(analysis, findings=findings)
    known = [
        FalseFinding(name, 200, 150, share, Interval(0, 1), ())
        for name, share in (("Mass", 0.05), ("Pneumonia", 0.9), ("Hernia", 0.4))
    ]
    said = wording.found_on_normals(here, known).replace("\N{NO-BREAK SPACE}", " ")
    assert said.startswith("Of 200 normal") and said.endswith("the same: Pneumonia on 90 % and Mass on 5 %.")
    every = [FalseFinding(each.name, 200, 150, 0.1, Interval(0, 1), ()) for each in findings]
    all_of_it = replace(analysis, findings=tuple(replace(each, score=0.9) for each in findings))
    assert wording.found_on_normals(all_of_it, every).endswith(f" and {len(findings) - 4} more on fewer.")
    official = replace(here, provenance=replace(here.provenance, findings_source="official"))
    nothing = replace(here, findings=tuple(replace(each, score=0.1) for each in findings))
    assert wording.found_on_normals(official, known) == wording.found_on_normals(nothing, known) == ""
    assert wording.found_on_normals(here, ()) == ""


def test_findings_are_as_good_as_somebody_measured(analysis: Analysis) -> None:
    """On phantoms, and on radiographs of which a collection names what is to be seen."""
    manifest = read_manifest(PROJECT / "assets" / "bundles" / SHIPPED).model_copy(
        update={
            "sources": [DataSource(name="clinic", citation="Doe et al. 2020. Title.", licence="", counts={})]
        }
    )
    aucs = {"Mass": 0.6, "Hernia": 1.0}
    here = replace(
        analysis, findings=tuple(replace(each, roc_auc=aucs.get(each.name)) for each in analysis.findings)
    )
    likely = "On radiographs it is likely worse."
    rendered = wording.findings_quality(here, (), manifest)
    assert "is 0.80 on average: from 0.60 (Mass) to 1.00 (Hernia). On" in rendered
    assert rendered.endswith(likely)
    measured = MeasuredAuc(images=90, positives=30, roc_auc=0.7, low=0.6, high=0.8)
    named = [
        NamedFinding(name, "clinic", measured, 20, from_normal)
        for name, from_normal in (("Mass", False), ("Hernia", True), ("Edema", True))
    ]
    figure = "0.700 (0.60–0.80) in Doe et al. 2020"
    assert wording.findings_quality(here, named, manifest) == (
        f"{rendered.removesuffix(likely)}On held-out radiographs it is known for three of "
        f"{len(here.findings)}: told from normal ones alone, Hernia {figure} and Edema {figure}; told from "
        f"others, too, Mass {figure}."
    )
    unmeasured = replace(analysis, findings=tuple(replace(each, roc_auc=None) for each in here.findings))
    assert wording.findings_quality(unmeasured, (), manifest) == ""
    assert wording.findings_quality(unmeasured, named[:1], manifest).endswith(f"others, too, Mass {figure}.")
    official = replace(here, provenance=replace(here.provenance, findings_source="official"))
    assert wording.findings_quality(official, named, manifest) == ""
