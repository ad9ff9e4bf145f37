"""Severity fits: recover what is there, claim nothing where nothing is, never flatter."""

import numpy as np
import pytest

from core.errors import DataError
from core.vocabulary import FINDINGS, FIRST_FINDINGS
from train.data.severity_scores import SeverityLabel, read_severity_scores
from train.fitting.severity import fit_severity

OUTPUTS = len(FINDINGS)
FOLLOWED = FINDINGS.index("Lung Opacity")  # the output that the drawn scores follow


def _images(count: int = 60, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    logits = random.normal([3.0] * OUTPUTS, np.linspace(0.1, 10, OUTPUTS), size=(count, OUTPUTS))
    scores = np.clip(4 + 0.15 * (logits[:, FOLLOWED] - 3) + noise * random.normal(size=count), 0, 8)
    return logits, scores, np.arange(count) // 2


def test_finds_the_output_that_the_score_follows():
    logits, scores, groups = _images()
    fit = fit_severity(logits, scores, groups, maximum=8)
    assert fit.mean_absolute_error < 0.35 < fit.baseline_error
    assert fit.correlation > 0.9
    assert fit.weights[FOLLOWED] == pytest.approx(0.15, abs=0.03)
    assert (fit.images, fit.maximum) == (60, 8)


def test_weights_apply_to_raw_outputs():
    logits, scores, groups = _images(noise=0.0)
    model = fit_severity(logits, scores, groups, maximum=8).model("extent")
    estimates = [model.score(row).value for row in logits]
    assert estimates == pytest.approx(scores, abs=0.3)


def test_noise_is_not_turned_into_skill():
    logits, scores, groups = _images()
    shuffled = np.random.default_rng(1).permutation(scores)
    fit = fit_severity(logits, shuffled, groups, maximum=8)
    assert fit.mean_absolute_error > 0.95 * fit.baseline_error


def test_a_patients_copies_do_not_vouch_for_each_other():
    logits, scores, _ = _images(noise=3.0)
    logits, scores = logits[:20].repeat(6, axis=0), scores[:20].repeat(6)
    honest = fit_severity(logits, scores, np.arange(20).repeat(6), maximum=8)
    leaking = fit_severity(logits, scores, np.arange(120), maximum=8)
    assert leaking.mean_absolute_error < honest.mean_absolute_error / 2


def test_the_baseline_answers_with_the_mean_of_the_other_folds():
    logits = np.random.default_rng(0).normal(size=(3, OUTPUTS))
    fit = fit_severity(logits, np.array([0.0, 3.0, 6.0]), np.arange(3), maximum=6)
    assert fit.baseline_error == pytest.approx((4.5 + 0 + 4.5) / 3)


def test_estimates_are_clipped_before_the_error_is_taken():
    logits = np.zeros((20, OUTPUTS))
    logits[:, 0] = np.arange(20.0)
    scores = np.where(np.arange(20) < 10, 0.0, 8.0)
    fit = fit_severity(logits, scores, np.arange(20), maximum=8)
    line = np.polynomial.Polynomial.fit(np.arange(20.0), scores, 1)(np.arange(20.0))
    assert fit.mean_absolute_error < np.abs(line - scores).mean()


def test_constant_scores_correlate_with_nothing():
    logits, _, groups = _images(12)
    fit = fit_severity(logits, np.full(12, 2.0), groups, maximum=8)
    assert (fit.correlation, fit.mean_absolute_error) == (0.0, pytest.approx(0.0, abs=1e-9))


@pytest.mark.parametrize(
    ("logits", "scores", "groups", "reason"),
    [
        (np.zeros((4, len(FIRST_FINDINGS) - 1)), np.zeros(4), np.arange(4), f"{OUTPUTS} outputs an image"),
        (np.zeros((4, OUTPUTS)), np.zeros(4), np.arange(3), "3 groups"),
        (np.full((4, OUTPUTS), np.inf), np.zeros(4), np.arange(4), "finite outputs"),
        (np.zeros((4, OUTPUTS)), np.array([0, 1, 2, 9.0]), np.arange(4), "from 0 to 8"),
        (np.zeros((4, OUTPUTS)), np.zeros(4), np.zeros(4), "fewer than three patients"),
    ],
)
def test_refuses_what_cannot_be_fitted(logits, scores, groups, reason):
    with pytest.raises(DataError, match=reason):
        fit_severity(logits, scores, groups, maximum=8)


@pytest.mark.parametrize("column", ["geographic_extent_mean", "geographic_mean"])
def test_reads_the_radiologists_scores(tmp_path, column):
    path = tmp_path / "scores.csv"
    path.write_text(f"## mean of 3 raters,,\nfilename,{column},opacity_mean\na.png,6.0,4.0\nb.png,0,0.3\n")
    assert read_severity_scores(path) == (SeverityLabel("a.png", 6.0, 4.0), SeverityLabel("b.png", 0.0, 0.3))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("filename,opacity_mean\na,1\n", "lacks the column geographic_extent_mean"),
        ("filename,geographic_mean,opacity_mean\na,9,1\n", "out of range in line 2"),
        ("filename,geographic_mean,opacity_mean\na,1,-1\n", "out of range in line 2"),
        ("filename,geographic_mean,opacity_mean\na,1,1\na,2,2\n", "no new file in line 3"),
        ("filename,geographic_mean,opacity_mean\n,1,1\n", "no new file in line 2"),
        ("filename,geographic_mean,opacity_mean\na,,1\n", "lacks a finite number in the line 2"),
    ],
)
def test_refuses_scores_with_the_reason(tmp_path, rows, reason):
    path = tmp_path / "scores.csv"
    path.write_text(rows)
    with pytest.raises(DataError, match=reason):
        read_severity_scores(path)
