"""What is known of findings, and how well they are found again."""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.named_findings import (
    MIN_WITH_AND_WITHOUT,
    known_findings,
    results_on_named_findings,
)
from core.evaluation.predictions import Predictions
from core.vocabulary import FINDINGS, PHANTOM

POINTS = [0.5] * len(FINDINGS)
COLUMN = {name: index for index, name in enumerate(FINDINGS)}


def known(label: str, named: Collection[str] | None) -> dict[str, float]:
    labels = known_findings(label, named)
    assert labels is not None
    return {name: float(value) for name, value in zip(FINDINGS, labels, strict=True) if not np.isnan(value)}


def test_what_nobody_names_of_nihs_findings_is_absent_and_what_follows_is_present() -> None:
    named = known("pneumonia", {"Mass", "Fracture", "Cardiomegaly"})
    assert {name for name, value in named.items() if value} == {
        *("Mass", "Fracture", "Cardiomegaly", "Lung Lesion", "Lung Opacity", "Enlarged Cardiomediastinum")
    }
    assert named["Pneumonia"] == 0 and set(named) == {*FINDINGS}
    effusion = known("covid", {"Effusion"})
    assert effusion["Lung Lesion"] == 0 and not {"Lung Opacity", "Fracture"} & set(effusion)


@pytest.mark.parametrize("named", [None, (), {"normal (reader)"}])
def test_a_normal_radiograph_shows_nothing_but_perhaps_an_old_fracture(named: Collection[str] | None) -> None:
    found = known("normal", named)
    assert not any(found.values()) and set(found) == {*FINDINGS} - {"Fracture"}


@pytest.mark.parametrize("named", [None, (), {"virus"}])
def test_of_a_pneumonia_that_nobody_describes_it_alone_is_known(named: Collection[str] | None) -> None:
    assert known("pneumonia", named) == {"Pneumonia": 1, "Lung Opacity": 1}


@pytest.mark.parametrize(
    ("label", "named"), [("covid", None), ("covid", ()), ("other", {"Tuberculosis"}), ("other", None)]
)
def test_nobody_knows_the_findings_of_what_nobody_describes(
    label: str, named: Collection[str] | None
) -> None:
    assert known_findings(label, named) is None


@pytest.fixture
def predictions(drawn_predictions: Callable[..., Predictions]) -> Predictions:
    """A collection that names findings, and one that says which lungs are inflamed: 30 radiographs each."""
    drawn = drawn_predictions(3, ("test",))
    row = np.arange(len(drawn.label))
    named, ill = row < 30, row % 2 == 0
    findings = drawn.findings.copy()
    findings[:, COLUMN["Effusion"]] = np.where(ill, 1.0, -1.0)
    findings[:, COLUMN["Pneumonia"]] = np.where(ill ^ (row == 59), -1.0, 1.0)  # all wrong, the last not quite
    return replace(
        drawn,
        source=np.where(named, "namer", "sorter"),
        label=np.where(named | ill, "pneumonia", "normal"),
        reported=np.where(named, np.where(ill, "Effusion|Mass", "Hernia"), np.where(ill, "virus", "")),
        findings=findings,
    )


def test_each_collection_is_measured_where_it_names_what_is_to_be_seen(predictions: Predictions) -> None:
    """What only follows, as an opacity from a mass, has no figure of its own."""
    results = results_on_named_findings(predictions, POINTS)
    found = {(each.name, each.source): each.measured for each in results}
    effusion, pneumonia = found["Effusion", "namer"], found["Pneumonia", "sorter"]
    assert (effusion.images, effusion.positives, effusion.roc_auc) == (30, 15, 1.0)
    assert (pneumonia.images, pneumonia.positives) == (30, 15)
    assert pneumonia.roc_auc == pytest.approx(0.5 / 15)
    assert set(found) == {
        *((name, "namer") for name in ("Effusion", "Mass", "Hernia")),
        ("Pneumonia", "sorter"),
    }
    assert [each.source for each in results if each.from_normal] == ["sorter"]
    hits = {(each.name, each.source): each.found for each in results}
    assert hits["Effusion", "namer"] == 15 and hits["Pneumonia", "sorter"] == 0


def test_few_rendered_or_learnt_radiographs_measure_nothing(predictions: Predictions) -> None:
    assert results_on_named_findings(replace(predictions, source=np.full(60, PHANTOM)), POINTS) == ()
    assert results_on_named_findings(replace(predictions, split=np.full(60, "train")), POINTS) == ()
    few = np.r_[np.arange(2 * MIN_WITH_AND_WITHOUT - 1), 30:60]
    names = [each.source for each in results_on_named_findings(predictions.take(few), POINTS)]
    assert set(names) == {"sorter"}
