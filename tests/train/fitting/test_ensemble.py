"""Fitting the ensemble: whole patients, held-out thresholds, and the study's table to the digit."""

import csv
import dataclasses
import io
import os
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataError
from core.evaluation import formulas
from core.evaluation.metrics import roc_auc
from core.evaluation.study import SINGLE
from core.models.ensemble import FEATURES
from core.models.ensemble_files import load, save
from core.vocabulary import FIRST_FINDINGS
from train.fitting.ensemble import Part, cross_fit, fit_ensemble
from train.fitting.study import STUDY_COLUMNS, fit_study_table, print_report

PUBLISHED = {
    "Binary models": ["1.0"] * len(STUDY_COLUMNS),
    "Severity models": [
        "0.9736842105263158",
        "0.9565217391304348",
        "0.9696969696969697",
        "0.9361702127659575",
        "0.9166666666666666",
    ],
    "All models": ["1.0"]
    * len(STUDY_COLUMNS),  # published as a copy of the second row; this is what a fit gives
}


def _part(seed: int, patients: int = 30, images: int = 2, signal: float = 1.0) -> Part:
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(patients), images)
    labels = groups % 2
    features = random.normal(size=(len(groups), len(FEATURES)))
    features[:, :3] += signal * labels[:, np.newaxis]
    return Part(features.astype(np.float32), labels, groups)


def test_the_test_part_is_measured_and_fits_nothing():
    result = fit_ensemble(_part(1, signal=2), _part(2, signal=2), grid=(1.0, 0.01))
    assert [c for c, _ in result.search] == [0.01, 1.0]
    assert result.fit.c == max(result.search, key=lambda tried: tried[1])[0]
    assert result.test.roc_auc > 0.8
    assert result.fit.held_out.threshold == result.test.threshold == result.fit.svm.threshold
    assert (result.fit.held_out.images, result.test.positives) == (60, 30)
    other = fit_ensemble(_part(1, signal=2), grid=(1.0, 0.01))
    assert other.test is None
    assert np.array_equal(result.fit.svm.weights, other.fit.svm.weights)
    assert result.fit.svm.calibration == other.fit.svm.calibration


def test_of_equally_good_c_the_smallest_is_taken():
    assert fit_ensemble(_part(1, signal=20), grid=(1.0, 0.1, 0.01)).fit.c == 0.01


def test_every_image_fits_the_weights_and_none_is_judged_by_a_fit_that_saw_it():
    """A weak signal: a fit knows its own images better than others."""
    part = _part(0, patients=120, signal=0.35)
    fitted = cross_fit(part, c=3.0)
    seen = roc_auc(part.labels, fitted.svm.decision_values(part.features))
    assert seen > 0.72 > 0.66 > fitted.held_out.roc_auc
    less = dataclasses.replace(
        part, features=part.features[2:], labels=part.labels[2:], groups=part.groups[2:]
    )
    assert not np.array_equal(fitted.svm.weights, cross_fit(less, c=3.0).svm.weights)


def test_c_is_not_chosen_by_recognising_patients():
    # A weak signal, but a patient's images repeat: split by image, the fit knows them by heart.
    part = _part(0, images=6, signal=0.5)
    repeated = dataclasses.replace(part, features=part.features[::6].repeat(6, axis=0))
    by_image = dataclasses.replace(repeated, groups=np.arange(len(part.labels)))
    leaking, honest = (cross_fit(each, 1.0).held_out.roc_auc for each in (by_image, repeated))
    assert leaking > 0.9 > 0.75 > honest


def test_what_is_saved_is_what_was_fitted(tmp_path):
    result, path = fit_ensemble(_part(0)).fit, tmp_path / "ensemble.skops"
    save(path, result.classifier, result.svm.calibration)
    features = _part(2).features
    loaded = load(path, result.svm.threshold)
    assert np.array_equal(loaded.probabilities(features), result.svm.probabilities(features))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"features": np.zeros((60, len(FEATURES) - 1))}, f"{len(FEATURES)} features an image"),
        ({"features": np.full((60, len(FEATURES)), np.nan)}, "not finite"),
        ({"labels": np.ones(60, int)}, "both classes"),
        ({"groups": np.arange(3)}, "3 groups"),
        ({"groups": np.repeat(np.arange(30), 2) % 2}, "single patient"),
    ],
)
def test_refuses_parts_that_cannot_be_fitted(change, reason):
    part = dataclasses.replace(_part(0), **change)
    with pytest.raises(DataError, match=reason):
        fit_ensemble(part, grid=(0.1,))


def _write(path: Path, header: list[str], rows: list[list[object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def _synthetic_table(path: Path, rows: int = 60) -> Path:
    part = _part(4, patients=rows, images=1, signal=6.0)
    header = [name.upper() for name in FEATURES[::-1]] + ["Label", "Files"]
    content = zip(part.features[:, ::-1].tolist(), part.labels.tolist(), strict=True)
    return _write(path, header, [[*features, label, "name, with comma"] for features, label in content])


def test_fits_the_studys_svm_on_any_table(tmp_path):
    table = fit_study_table(_synthetic_table(tmp_path / "table.csv"))
    assert (table.train, table.test) == (42, 18)
    backbones = tuple(each.key for each in SINGLE)
    assert [row.inputs for row in table.rows] == [backbones, FIRST_FINDINGS, (*backbones, *FIRST_FINDINGS)]
    binary, severity, everything = (row.confusion for row in table.rows)
    assert formulas.accuracy(binary.counts) == 1.0  # the signal lies in the first three backbones
    assert formulas.accuracy(severity.counts) < 0.9
    assert formulas.accuracy(everything.counts) == 1.0


def test_printed_digits_survive_a_narrow_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    table = fit_study_table(_synthetic_table(tmp_path / "table.csv"))
    printed = io.StringIO()
    print_report(table, printed)
    lines = {name: line for line in printed.getvalue().splitlines() for name in PUBLISHED if name in line}
    assert repr(float(formulas.f1(table.rows[1].confusion.counts))) in lines["Severity models"]
    assert "Sensivity" in printed.getvalue()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda header, rows: header.remove("Mass"), "lacks the column Mass"),
        (lambda header, rows: rows[3].__setitem__(0, "n/a"), "in the line 5, first under 'vgg16'"),
        (lambda header, rows: rows[3].__setitem__(-1, 2), "label 2 in line 5"),
        (lambda header, rows: rows.__delitem__(slice(3, None)), "3 rows, too few"),
        (lambda header, rows: [row.__setitem__(-1, 1) for row in rows], "one class only"),
    ],
)
def test_refuses_a_table_with_its_reason(tmp_path, change, reason):
    part = _part(0, patients=10, images=1)
    header = [*FEATURES, "label"]
    content = zip(part.features.tolist(), part.labels.tolist(), strict=True)
    rows = [[*features, label] for features, label in content]
    change(header, rows)
    path = _write(tmp_path / "table.csv", header, [row[: len(header)] for row in rows])
    with pytest.raises(DataError, match=reason):
        fit_study_table(path)


def test_reproduces_the_published_table_to_the_digit():
    data = os.environ.get("THORAXLENS_DATA")
    path = Path(data or ".").parent / "seed" / "Data_assemble.csv"
    if not data or not path.is_file():
        pytest.skip("needs the study's table beside THORAXLENS_DATA, which is not part of the project")
    printed = io.StringIO()
    print_report(fit_study_table(path), printed)
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in printed.getvalue().splitlines()]
    assert {row[0]: row[1:] for row in cells if row} == PUBLISHED
