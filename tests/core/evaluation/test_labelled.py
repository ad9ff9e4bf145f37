"""What is known of findings, and how well they are found again."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from core.evaluation.labelled import LEAST, known_findings, results_on_labels
from core.evaluation.predictions import Predictions
from core.vocabulary import FINDINGS, PHANTOM

COLUMN = {name: index for index, name in enumerate(FINDINGS)}


@pytest.fixture
def predictions(drawn_predictions: Callable[..., Predictions]) -> Predictions:
    """A collection that names effusions, and one that says which lungs are inflamed: 30 radiographs each."""
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


def test_each_collection_is_measured_where_it_says_what_is_to_be_seen(predictions: Predictions) -> None:
    found = {(each.name, each.source): each.measured for each in results_on_labels(predictions)}
    effusion, pneumonia = found["Effusion", "namer"], found["Pneumonia", "sorter"]
    assert (effusion.images, effusion.positives, effusion.roc_auc) == (30, 15, 1.0)
    assert (pneumonia.images, pneumonia.positives) == (30, 15)
    assert pneumonia.roc_auc == pytest.approx(0.5 / 15)
    assert set(found) == {
        *((name, "namer") for name in ("Effusion", "Mass", "Hernia", "Lung Lesion")),
        *((name, "sorter") for name in ("Pneumonia", "Lung Opacity")),
    }


def test_few_rendered_or_learnt_radiographs_measure_nothing(predictions: Predictions) -> None:
    assert results_on_labels(replace(predictions, source=np.full(60, PHANTOM))) == ()
    assert results_on_labels(replace(predictions, split=np.full(60, "train"))) == ()
    few = np.r_[np.arange(2 * LEAST - 1), 30:60]
    names = [each.source for each in results_on_labels(predictions.take(few))]
    assert set(names) == {"sorter"}


@pytest.mark.parametrize(("label", "named"), [("covid", None), ("other", {"Tuberculosis"}), ("other", None)])
def test_nobody_knows_the_findings_of_what_nobody_describes(label: str, named: set[str] | None) -> None:
    assert known_findings(label, named) is None
