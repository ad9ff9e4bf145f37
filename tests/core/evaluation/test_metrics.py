"""Metrics against textbook values and scikit-learn."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics as reference

from core.errors import DataError
from core.evaluation import formulas
from core.evaluation.metrics import (
    Confusion,
    Interval,
    calibration_bins,
    confusion,
    evaluate,
    roc_auc,
    roc_auc_interval,
    share_intervals,
    wilson,
    youden_threshold,
)

LABELS = [1, 1, 0, 1, 0, 0]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.3, 0.1]


def test_auc_counts_ordered_pairs():
    assert roc_auc(LABELS, SCORES) == pytest.approx(
        8 / 9
    )  # of 9 pairs, only (0.6, 0.7) is the wrong way round


def test_auc_agrees_with_scikit_learn_on_ties():
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 80), random.integers(0, 9, 80) / 9
    assert roc_auc(labels, scores) == pytest.approx(reference.roc_auc_score(labels, scores))


def test_auc_of_one_class_is_unknown():
    assert math.isnan(roc_auc([1, 1], [0.2, 0.3]))


def test_a_screening_test_by_the_book():
    # Altman & Bland 1994, BMJ 308:1552 and 309:102: liver scans against pathology.
    scan = Confusion(true_positives=231, false_positives=32, true_negatives=54, false_negatives=27)
    assert scan.sensitivity == pytest.approx(0.90, abs=0.005)
    assert scan.specificity == pytest.approx(0.63, abs=0.005)
    assert formulas.ppv(scan.counts) == pytest.approx(0.88, abs=0.005)
    assert formulas.npv(scan.counts) == pytest.approx(0.67, abs=0.005)


def test_counts_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    labels, scores = random.integers(0, 2, 80), random.random(80)
    counts, calls = confusion(labels, scores, 0.4), scores >= 0.4
    assert formulas.accuracy(counts.counts) == pytest.approx(reference.accuracy_score(labels, calls))
    assert formulas.balanced_accuracy(counts.counts) == pytest.approx(
        reference.balanced_accuracy_score(labels, calls)
    )
    assert formulas.f1(counts.counts) == pytest.approx(reference.f1_score(labels, calls))
    assert formulas.mcc(counts.counts) == pytest.approx(reference.matthews_corrcoef(labels, calls))


def test_a_score_on_the_threshold_is_positive():
    assert confusion([1], [0.5], 0.5) == Confusion(1, 0, 0, 0)


@pytest.mark.parametrize("measure", ["specificity", "balanced_accuracy", "npv", "mcc"])
def test_what_the_images_cannot_tell_is_unknown(measure):
    assert math.isnan(getattr(formulas, measure)(Confusion(3, 0, 0, 0).counts))


def test_youden_is_the_best_point_of_the_roc_curve():
    random = np.random.default_rng(3)
    labels = random.integers(0, 2, 200)
    scores = labels + random.normal(size=200)
    counts = confusion(labels, scores, youden_threshold(labels, scores))
    false_positive_rate, sensitivity, _ = reference.roc_curve(labels, scores)
    best = (sensitivity - false_positive_rate).max()
    assert counts.sensitivity + counts.specificity - 1 == pytest.approx(best)


def test_youden_splits_the_gap_between_separable_classes():
    assert youden_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.9]) == pytest.approx(0.4)


def test_of_equally_good_thresholds_the_most_sensitive_is_taken():
    # Between 0.7 and 0.8, and between 0.3 and 0.6, Youden's index is 2/3 alike.
    assert youden_threshold(LABELS, SCORES) == pytest.approx(0.45)


def test_scores_without_information_call_everything_positive():
    assert youden_threshold([0, 1], [0.5, 0.5]) == 0.5


def test_no_threshold_from_one_class():
    with pytest.raises(DataError, match="one class"):
        youden_threshold([1, 1], [0.2, 0.3])


def test_calibration_by_hand():
    labels, probabilities = [0, 1, 1, 1], [0.2, 0.25, 0.8, 1.0]
    low, high, top = calibration_bins(labels, probabilities, bins=4)
    assert (low.predicted, low.observed, low.images) == (0.2, 0.0, 1)
    assert (high.predicted, high.observed, high.images) == (0.25, 1.0, 1)
    assert (top.predicted, top.observed, top.images) == (0.9, 1.0, 2)


def test_the_calibration_error_is_the_mean_gap_of_ten_bins():
    labels, probabilities = [0, 1, 1, 0], [0.21, 0.25, 0.8, 1.0]  # the bins of 0.2, of 0.8 and of 0.9
    gaps = 2 * abs(0.23 - 0.5) + abs(0.8 - 1) + 1.0
    assert formulas.calibration_error(formulas.once(labels, probabilities)) == pytest.approx(gaps / 4)


def test_intervals_repeat_with_their_seed_and_hold_the_estimate():
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, 100)
    scores = labels + random.normal(size=100)
    first = roc_auc_interval(labels, scores, resamples=200, seed=3)
    assert first == roc_auc_interval(labels, scores, resamples=200, seed=3)
    assert first != roc_auc_interval(labels, scores, resamples=200, seed=4)
    assert first.low < roc_auc(labels, scores) < first.high


def test_the_interval_is_that_of_one_draw_after_the_other():
    random = np.random.default_rng(5)
    labels, scores = random.integers(0, 2, 30), random.integers(0, 9, 30) / 9
    groups = random.integers(0, 12, 30)
    names = np.unique(groups)
    aucs = []
    for draw in np.random.default_rng(3).integers(len(names), size=(200, len(names))):
        rows = np.concatenate([np.flatnonzero(groups == names[group]) for group in draw])
        if len(set(labels[rows])) == 2:
            aucs.append(reference.roc_auc_score(labels[rows], scores[rows]))
    found = roc_auc_interval(labels, scores, groups, resamples=200, seed=3)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(aucs, [0.025, 0.975])))


def test_no_images_and_one_class_have_no_interval():
    for labels in ([], [1, 1]):
        assert math.isnan(roc_auc_interval(labels, [0.5] * len(labels)).low)


def test_copies_of_a_patient_do_not_narrow_the_interval():
    random = np.random.default_rng(2)
    labels = np.arange(40) % 2
    scores = labels + random.normal(size=40)
    copies = np.tile(np.arange(40), 10)
    alone = roc_auc_interval(labels, scores, resamples=200)
    naive = roc_auc_interval(labels[copies], scores[copies], resamples=200)
    grouped = roc_auc_interval(labels[copies], scores[copies], copies, resamples=200)
    assert grouped == alone
    assert naive.high - naive.low < (alone.high - alone.low) / 2


def test_an_evaluation_says_it_all():
    result = evaluate(LABELS, SCORES, 0.5, resamples=50)
    assert (result.images, result.positives, result.threshold) == (6, 3, 0.5)
    assert result.confusion == Confusion(3, 1, 2, 0)
    assert result.roc_auc == pytest.approx(8 / 9)
    assert result.brier == pytest.approx(reference.brier_score_loss(LABELS, SCORES))
    assert result.roc_auc_interval.low <= result.roc_auc <= result.roc_auc_interval.high


def test_labels_and_scores_must_pair():
    with pytest.raises(ValueError, match="one label a score"):
        roc_auc([0, 1], [0.5])


def test_the_interval_of_a_share_draws_whole_groups_and_each_model_by_itself() -> None:
    hits = np.array([[True, False], [True, False], [False, False], [True, False]])
    alone, never = share_intervals(hits, ["a", "b", "c", "d"])
    assert 0 <= alone.low < 0.75 < alone.high == 1
    together, _ = share_intervals(hits, ["a", "a", "a", "a"])
    assert together.low < alone.low and together.high <= 1  # one patient says next to nothing
    assert share_intervals(hits, ["a", "b", "c", "d"]) == (alone, never)


@pytest.mark.parametrize("right", [0, 12])
def test_a_share_without_any_change_has_wilsons_interval_of_its_patients(right: int) -> None:
    hits = np.arange(24)[:, None] < 2 * right
    (found,) = share_intervals(hits, np.repeat(np.arange(12), 2))
    known = binomtest(right, 12).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_wilsons_interval_is_scipys() -> None:
    counts = np.array([(0, 5), (3, 5), (5, 5), (90, 200)])
    known = [binomtest(hits, images).proportion_ci(method="wilson") for hits, images in counts.tolist()]
    found = wilson(counts[:, 0] / counts[:, 1], counts[:, 1])
    assert pytest.approx(np.array([(each.low, each.high) for each in known])) == found.T


def test_a_ranking_without_a_mistake_has_no_interval() -> None:
    assert not roc_auc_interval([0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]).known


def test_an_interval_has_digits_enough_to_tell_its_ends_apart() -> None:
    assert Interval(0.9, 0.97).text() == "0.90–0.97"
    assert Interval(0.998, 1.0).text() == "0.998–1.000"
    assert Interval(0.99997, 1.0).text() == "1.0000–1.0000"
    assert Interval(0.5, 0.75).in_brackets(3) == " (0.500–0.750)"
    assert Interval(math.nan, math.nan).in_brackets() == ""


def test_no_images_have_no_interval() -> None:
    (found,) = share_intervals(np.empty((0, 1), dtype=bool), [])
    assert np.isnan(found.low) and np.isnan(found.high)
