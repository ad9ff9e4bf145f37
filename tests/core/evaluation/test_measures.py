"""Measures of several models at once, against scikit-learn and against drawing by hand."""

import numpy as np
import pytest
from sklearn import metrics as reference

from core.evaluation.measures import MEASURES, decisions, draw, rankings
from core.evaluation.metrics import calibration_bins, roc_auc_interval, wilson

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 2, 90)
SCORES = np.clip(np.round(RANDOM.random((90, 3)) * 0.6 + 0.3 * LABELS[:, None], 2), 0, 1)  # with ties
GROUPS = RANDOM.integers(0, 40, 90)
CALLED = SCORES >= [0.5, 0.6, 0.4]


def by_bins(truth, values) -> float:
    """The mean gap over the bins of a reliability diagram."""
    bins = calibration_bins(truth, values)
    return sum(each.images * abs(each.predicted - each.observed) for each in bins) / len(truth)


DECISIONS = {each.key for each in MEASURES if each.kind == "decision"}
SKLEARN = {
    "accuracy": reference.accuracy_score,
    "balanced_accuracy": reference.balanced_accuracy_score,
    "sensitivity": reference.recall_score,
    "specificity": lambda truth, called: reference.recall_score(1 - truth, 1 - called),
    "ppv": reference.precision_score,
    "npv": lambda truth, called: reference.precision_score(1 - truth, 1 - called),
    "f1": reference.f1_score,
    "mcc": reference.matthews_corrcoef,
    "roc_auc": reference.roc_auc_score,
    "pr_auc": reference.average_precision_score,
    "brier": reference.brier_score_loss,
    "ece": by_bins,
}


def everything(labels=LABELS, scores=SCORES, called=CALLED, groups=GROUPS, resamples=50):
    draws = draw(groups, resamples)
    return decisions(labels, called, draws) | rankings(labels, scores, draws)


def test_every_row_of_the_table_is_measured() -> None:
    assert {each.key for each in MEASURES} == set(SKLEARN) == set(everything())


@pytest.mark.parametrize("key", SKLEARN)
def test_a_measure_agrees_with_scikit_learn(key: str) -> None:
    found = everything()[key]
    answers = CALLED.astype(int) if key in DECISIONS else SCORES
    assert found.values == pytest.approx([SKLEARN[key](LABELS, column) for column in answers.T])


def test_what_drawing_again_only_adds_to_has_no_interval() -> None:
    """Percentiles of draws would lie above the figure itself, as a mean of distances does with its noise."""
    rising = [each.key for each in MEASURES if each.rises_when_drawn]
    assert rising == ["ece"]
    found = everything()["ece"]
    assert np.isnan(found.low).all() and np.isnan(found.high).all() and not np.isnan(found.values).any()


@pytest.mark.parametrize("key", sorted(set(SKLEARN) - {"ece"}))
def test_an_interval_is_what_drawing_patients_one_by_one_gives(key: str) -> None:
    found = everything()[key]
    draws = draw(GROUPS, 50)
    answers = CALLED.astype(int) if key in DECISIONS else SCORES
    drawn = []
    for times in draws.times_drawn.astype(int):
        rows = np.repeat(np.arange(90), times[draws.group_of])
        drawn.append([SKLEARN[key](LABELS[rows], column[rows]) for column in answers.T])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    differ = ~np.isclose(low, high)
    assert found.low[differ] == pytest.approx(low[differ]) and found.high[differ] == pytest.approx(
        high[differ]
    )


def test_it_is_the_interval_that_the_rest_of_the_app_shows() -> None:
    found = everything(resamples=1000)["roc_auc"]
    other = roc_auc_interval(LABELS, SCORES[:, 1], GROUPS)
    assert (found.low[1], found.high[1]) == pytest.approx((other.low, other.high))


def test_what_one_class_cannot_give_is_unknown() -> None:
    ill = LABELS == 1
    found = everything(LABELS[ill], SCORES[ill], CALLED[ill], GROUPS[ill])
    unknown = {key for key, measured in found.items() if np.isnan(measured.values).all()}
    assert unknown == {"specificity", "balanced_accuracy", "roc_auc", "pr_auc", "mcc"}
    assert all(np.isnan(found[key].low).all() and np.isnan(found[key].high).all() for key in unknown)
    assert not np.isnan(found["sensitivity"].low).any()


def test_a_model_that_calls_nothing_has_no_ppv_and_the_others_keep_theirs() -> None:
    called = CALLED.copy()
    called[:, 0] = False
    found = everything(called=called)["ppv"]
    assert np.isnan([found.values[0], found.low[0], found.high[0]]).all()
    assert not np.isnan([found.values[1:], found.low[1:], found.high[1:]]).any()


def test_without_a_mistake_shares_have_wilsons_interval_and_the_rest_none() -> None:
    right = np.tile(LABELS[:, None] == 1, (1, 2))
    found = everything(LABELS, np.where(right, 0.9, 0.1), right, GROUPS)
    ill, patients = len(set(GROUPS[LABELS == 1])), len(set(GROUPS))
    shares = {"accuracy": patients, "sensitivity": ill, "ppv": ill}
    for key, count in shares.items():
        low, high = wilson(1, count)
        assert found[key].low == pytest.approx(low) and found[key].high == pytest.approx(high)
    for key in ("balanced_accuracy", "f1", "mcc", "roc_auc", "pr_auc"):
        assert found[key].values == pytest.approx(1) and np.isnan([found[key].low, found[key].high]).all()
