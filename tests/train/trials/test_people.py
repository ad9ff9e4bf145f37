"""Results by sex and age, and severity against the Brixia score."""

import numpy as np
import pytest

from core.evaluation.predictions import Predictions
from core.models.bundle.manifest import SeverityFit
from core.vocabulary import FINDINGS
from train.bundle.predictions import tabulate
from train.data.records import Record
from train.outputs import Outputs
from train.trials.people import check_severity, measure_people

THRESHOLDS = {"vgg16": 0.5, "ensemble": 0.9}


def person(row: int, split: str = "test", **facts: object) -> Record:
    return Record(f"{row}.png", "covid", split, "clinic", f"g{row // 2}", **facts)  # type: ignore[arg-type]


def predictions(records: list[Record], scores: list[float]) -> Predictions:
    """What two models say: the backbone these scores, the ensemble always 0.7."""
    count, silent = len(records), np.zeros((len(records), len(FINDINGS)))
    said = Outputs(("vgg16",), np.array(scores)[:, None], silent, np.zeros((count, 1)), ("contrast",), {})
    return tabulate(records, np.full((count, 2), np.nan), said, np.full(count, 0.7), THRESHOLDS)


def test_each_stratum_counts_its_own_held_out_images() -> None:
    records = [person(row, sex="F", age=30.0) for row in range(6)]
    records += [person(row, sex="M", age=75.0) for row in range(6, 16)]
    records += [person(row, split="val", sex="F", age=30.0) for row in range(16, 20)]
    records += [person(row, sex="M", age=60.0) for row in range(20, 24)]
    said = [0.9] * 3 + [0.1] * 3 + [0.9] * 10 + [0.1] * 4 + [0.9] * 4
    found = {(each.model, each.stratum): each for each in measure_people(records, predictions(records, said))}
    women, men = found["vgg16", "women"], found["vgg16", "men"]
    assert (women.images, women.groups, women.right) == (6, 3, 0.5)
    assert women.low < 0.5 < women.high
    assert (men.images, men.right, men.high) == (14, 1, 1) and men.low < 1
    assert found["ensemble", "men"].right == 0  # its threshold is higher
    assert {stratum for _, stratum in found} == {"women", "men", "under 50 years", "70 years and older"}
    assert {each.label for each in found.values()} == {"covid"}


def test_severity_is_held_against_people_to_whom_it_was_not_fitted() -> None:
    records = [person(row, brixia=float(row)) for row in range(12)] + [person(12)]
    logits = np.zeros((13, len(FINDINGS)))
    logits[:, 0] = np.arange(13) / 4
    logits[:4, 0] = 9  # of patients to whom it was fitted: they would spoil the order
    weights = [1.0] + [0.0] * (len(FINDINGS) - 1)
    fit = SeverityFit(
        weights=weights,
        intercept=0,
        maximum=8,
        mean_absolute_error=1,
        baseline_error=2,
        correlation=0.5,
        images=9,
    )
    (check,) = check_severity(records, logits, {"extent": fit}, fitted=[0, 2])
    assert (check.images, check.groups, check.against) == (8, 4, "Brixia")
    assert check.correlation == pytest.approx(1) and check.low == pytest.approx(1)
    assert check_severity(records[:8], logits, {"extent": fit}, fitted=[0, 2, 4]) == ()
