"""Tests for two models, against published worked examples."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.evaluation.significance import adjust, compare_aucs, compare_decisions, kappa

# DeLong et al. 1988: albumin, total protein, Krebs-Goplerud score and whether surgery helped, of 43 patients.
OVARIAN = """
30 58 10 0  32 63 5 1  39 68 3 1  28 48 6 0  32 58 3 1  09 40 5 0  25 57 8 0  16 56 5 1  38 57 5 1  37 67 6 1
32 54 4 1  38 66 6 1  41 66 5 1  36 57 5 1  43 70 4 1  36 67 4 0  23 44 6 1  42 76 4 0  40 66 6 0  35 58 6 1
38 68 7 1  30 47 8 0  45 74 5 1  37 74 5 1  31 66 6 1  41 82 6 1  43 70 5 1  43 65 4 1  32 51 5 1  26 47 6 1
33 68 6 0  17 40 7 0  37 61 5 1  33 63 7 1  42 77 6 1  35 62 5 1  29 57 9 0  21 48 7 1  28 62 8 0  40 70 7 1
33 57 6 1  37 69 5 1  36 66 5 1
"""


@pytest.fixture
def ovarian() -> np.ndarray:
    albumin, protein, score, helped = np.array(OVARIAN.split(), float).reshape(-1, 4).T
    return np.stack([albumin, protein, -score, helped])


def test_delong_on_its_own_example(ovarian: np.ndarray) -> None:
    albumin, protein, score, helped = ovarian
    found = compare_aucs(helped, albumin, score)
    assert found.first == pytest.approx(0.7366, abs=5e-5) and found.second == pytest.approx(0.7258, abs=5e-5)
    assert found.error == pytest.approx(0.0953, abs=5e-5) and found.p == pytest.approx(0.9102, abs=5e-5)
    found = compare_aucs(helped, protein, score)
    assert found.difference == pytest.approx(-0.0780, abs=1e-4)
    assert found.error == pytest.approx(0.1046, abs=5e-5) and found.p == pytest.approx(0.4561, abs=5e-5)


def test_patients_count_once_however_many_copies_their_images_have(ovarian: np.ndarray) -> None:
    albumin, _, score, helped = ovarian
    once = compare_aucs(helped, albumin, score)
    thrice = [np.repeat(each, 3) for each in (helped, albumin, score)]
    grouped = compare_aucs(*thrice, np.repeat(np.arange(helped.size), 3))
    assert grouped.error == pytest.approx(once.error)
    assert compare_aucs(*thrice).error < 0.6 * once.error  # as if they were strangers


def test_a_patient_of_both_classes_ties_them(ovarian: np.ndarray) -> None:
    """Patients whose second image is of the other class: the error agrees with a bootstrap over them."""
    random = np.random.default_rng(1)
    truth = np.tile([1, 0], 80)
    patient = np.repeat(np.arange(80), 2)
    level = random.normal(size=80)[patient]
    first = truth + level + random.normal(0, 0.5, 160)
    second = 0.5 * truth + random.normal(0, 1, 160)
    found = compare_aucs(truth, first, second, patient)
    drawn = []
    for _ in range(400):
        rows = np.concatenate([2 * each + [0, 1] for each in random.integers(80, size=(80, 1))])
        drawn.append(compare_aucs(truth[rows], first[rows], second[rows]).difference)
    assert found.error == pytest.approx(np.std(drawn), rel=0.12)


def test_models_that_rank_alike_do_not_differ(ovarian: np.ndarray) -> None:
    albumin, _, _, helped = ovarian
    assert compare_aucs(helped, albumin, 2 * albumin + 1).p == 1


def test_one_patient_of_a_class_says_nothing() -> None:
    found = compare_aucs([1, 0, 0], [0.9, 0.5, 0.1], [0.3, 0.5, 0.1])
    assert math.isnan(found.p) and found.first == 1


def test_mcnemar_on_approval_ratings() -> None:
    """Agresti 2002, Categorical Data Analysis, section 10.1.1: 86 against 150 who changed sides."""
    truth = np.ones(794 + 150 + 86 + 570)
    first = np.repeat([1, 1, 0, 0], [794, 150, 86, 570])
    second = np.repeat([1, 0, 1, 0], [794, 150, 86, 570])
    found = compare_decisions(truth, first, second)
    assert (found.first_only, found.second_only) == (150, 86)
    assert found.chi_square == pytest.approx(17.36, abs=0.005) and found.p < 1e-4
    assert compare_decisions(truth, second, first).p == found.p


def test_mcnemar_by_hand() -> None:
    """Six to nothing: twice one half to the sixth."""
    found = compare_decisions([1, 1, 1, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0, 1], [0, 0, 0, 1, 1, 1, 1])
    assert found.p == pytest.approx(2 / 64) and found.chi_square == 6
    alike = compare_decisions([1, 0], [1, 1], [1, 1])
    assert alike.p == 1 and math.isnan(alike.chi_square)


def test_holm_by_hand() -> None:
    assert adjust([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    adjusted = adjust([0.5, math.nan, 0.9])
    assert adjusted[0] == 1 and math.isnan(adjusted[1]) and adjusted[2] == 1
    assert adjust([]) == ()


def test_kappa_of_two_raters() -> None:
    """Cohen's kappa by hand: observed 0.7, expected 0.5."""
    first = [1] * 25 + [0] * 25
    second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert kappa(first, second) == pytest.approx(0.4)
    assert math.isnan(kappa([1, 1], [1, 1]))
    assert kappa([1, 1, 0], [1, 1, 1]) == 0  # one never changes its mind


def test_kappa_is_scikit_learns() -> None:
    """On decisions that agree, more or less."""
    drawn = np.random.default_rng(3).random((2, 200)) < [[0.3], [0.4]]
    drawn[1, :120] = drawn[0, :120]
    assert kappa(*drawn) == pytest.approx(float(cohen_kappa_score(*drawn)))
