"""Fitting the ensemble: for a bundle, and as the study did it, on any table of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import StratifiedGroupKFold, train_test_split
from sklearn.svm import SVC

from core.errors import DataError
from core.evaluation.metrics import Confusion, Evaluation, confusion, evaluate, roc_auc, youden_threshold
from core.models.backbones import BACKBONES
from core.models.ensemble import FEATURES, Calibration, Ensemble, assemble, calibrate, fit
from train.tables import Row, numbers, read_rows

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

C_GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)  # a decade and a half either side of the study's 0.5
FOLDS = 5

# What the study did: its split, its SVM, and the inputs of its three rows.
STUDY_TEST_SHARE, STUDY_SEED, STUDY_C = 0.3, 1, 0.5
STUDY_ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Binary models", FEATURES[: len(BACKBONES)]),
    ("Severity models", FEATURES[len(BACKBONES) :]),
    ("All models", FEATURES),
)
# Headings and their spelling are the published table's.
STUDY_COLUMNS = (
    ("Specificity", "specificity"),
    ("Sensivity", "sensitivity"),
    ("Accuracy", "accuracy"),
    ("F1 score", "f1"),
    ("Precision (PPV)", "ppv"),
)
LABEL = "label"


@dataclass(frozen=True, eq=False)
class Part:
    """One part of the data.

    Attributes:
        features: (n, 23), finite, in the order of `core.models.ensemble.FEATURES`.
        labels: (n,), 1 for COVID-19 and 0 for normal.
        groups: (n,), whose images belong to one patient.
    """

    features: NDArray[Any]
    labels: NDArray[Any]
    groups: NDArray[Any]


@dataclass(frozen=True, eq=False)
class EnsembleFit:
    """A fitted ensemble and how it was arrived at.

    Attributes:
        classifier: The pipeline, for `core.models.ensemble.save`.
        calibration: Its sigmoid, for the same.
        ensemble: Both and the threshold, ready to decide.
        c: The regularisation chosen.
        search: Mean ROC AUC over grouped folds of the training part, for each C tried.
        train: On the part that it was fitted to.
        validation: On the part that calibration and threshold were fitted to.
        test: On the part that nothing was fitted to; None without one.
    """

    classifier: Pipeline
    calibration: Calibration
    ensemble: Ensemble
    c: float
    search: tuple[tuple[float, float], ...]
    train: Evaluation
    validation: Evaluation
    test: Evaluation | None


@dataclass(frozen=True)
class StudyRow:
    """One row of the study's table: inputs by name, and decisions on the held-out rows."""

    name: str
    inputs: tuple[str, ...]
    confusion: Confusion


@dataclass(frozen=True)
class StudyTable:
    """The study's SVM table, refitted.

    Attributes:
        rows: Binary, severity and all models.
        train: How many rows of the table the SVMs were fitted to.
        test: How many they were measured on.
    """

    rows: tuple[StudyRow, ...]
    train: int
    test: int


def fit_ensemble(
    train: Part,
    validation: Part,
    test: Part | None = None,
    *,
    grid: Sequence[float] = C_GRID,
    folds: int = FOLDS,
    seed: int = 0,
) -> EnsembleFit:
    """Fits the SVM on one part, calibrates and sets its threshold on a second, reports on all.

    C is the smallest of those with the best mean ROC AUC (to four digits) over folds of whole groups.

    Args:
        train: Fits weights and C.
        validation: Fits the sigmoid and the threshold (Youden), nothing else.
        test: Fits nothing.
        grid: Values of C to try.
        folds: At most; fewer where a class has fewer groups.
        seed: Of the folds and the bootstrap intervals.

    Raises:
        DataError: If a part lacks a class, holds other than 23 finite features an image, or leaves
            too few groups to cross-validate.
    """
    parts = {"training": train, "validation": validation} | ({"test": test} if test else {})
    for name, part in parts.items():
        _check(name, part)
    search = _search(train, sorted(grid), folds, seed)
    c = max(search, key=lambda tried: tried[1])[0]
    classifier = fit(train.features, train.labels, c)
    uncalibrated = assemble(classifier, Calibration(1.0, 0.0), 0.5)
    calibration = calibrate(uncalibrated.decision_values(validation.features), validation.labels)
    probabilities = assemble(classifier, calibration, 0.5).probabilities(validation.features)
    ensemble = assemble(classifier, calibration, youden_threshold(validation.labels, probabilities))
    return EnsembleFit(
        classifier=classifier,
        calibration=calibration,
        ensemble=ensemble,
        c=c,
        search=search,
        train=_evaluate(ensemble, train, seed),
        validation=_evaluate(ensemble, validation, seed),
        test=_evaluate(ensemble, test, seed) if test else None,
    )


def _check(name: str, part: Part) -> None:
    if part.features.shape != (len(part.labels), len(FEATURES)) or len(part.groups) != len(part.labels):
        raise DataError(
            f"The {name} part has features of shape {part.features.shape} for {len(part.labels)} labels and "
            f"{len(part.groups)} groups; give one label, one group and {len(FEATURES)} features an image."
        )
    if not np.isfinite(part.features).all():
        raise DataError(f"The {name} part has features that are not finite; compute them again.")
    if set(np.unique(part.labels)) != {0, 1}:
        raise DataError(
            f"The {name} part needs images of both classes, labelled 0 and 1; add the missing ones."
        )


def _search(part: Part, grid: Sequence[float], folds: int, seed: int) -> tuple[tuple[float, float], ...]:
    smallest = min(len(np.unique(part.groups[part.labels == label])) for label in (0, 1))
    if smallest < 2:
        raise DataError("The training part has a class with a single patient; add patients of that class.")
    splitter = StratifiedGroupKFold(min(folds, smallest), shuffle=True, random_state=seed)
    splits = [
        split
        for split in splitter.split(part.features, part.labels, part.groups)
        if all(len(np.unique(part.labels[rows])) == 2 for rows in split)
    ]
    if not splits:
        raise DataError("The training part has too few patients of both classes to cross-validate; add some.")
    return tuple((c, _cross_validated_auc(part, c, splits)) for c in grid)


def _cross_validated_auc(part: Part, c: float, splits: Sequence[tuple[Any, Any]]) -> float:
    features, labels = part.features, part.labels
    folds = [
        roc_auc(labels[held_out], fit(features[kept], labels[kept], c).decision_function(features[held_out]))
        for kept, held_out in splits
    ]
    return round(float(np.mean(folds)), 4)  # finer differences are noise, and would choose C


def _evaluate(ensemble: Ensemble, part: Part, seed: int) -> Evaluation:
    probabilities = ensemble.probabilities(part.features)
    return evaluate(part.labels, probabilities, ensemble.threshold, part.groups, seed=seed)


def fit_study_table(path: Path) -> StudyTable:
    """Fits the study's three SVMs on a table of features, and measures them as it did.

    The study (Solis Calero 2021) splits by row, at random, and fits `SVC(C=0.5, kernel="linear")` on raw
    inputs. Its third row was printed from the second one's predictions; here it is fitted.

    Args:
        path: CSV with the columns `FEATURES` and `label` (1 for COVID-19, 0 for normal), in any case
            and order; others are ignored.

    Raises:
        DataError: If the table is unreadable, lacks columns, has bad rows, or too few to split.
    """
    rows = read_rows(path, (*FEATURES, LABEL))
    features, labels = numbers(path, rows, FEATURES), _labels(path, rows)
    if len(rows) < 4:
        raise DataError(f"{path.name} has {len(rows)} rows, too few to hold some out; add more.")
    split = train_test_split(features, labels, test_size=STUDY_TEST_SHARE, random_state=STUDY_SEED)
    if len(np.unique(split[2])) < 2:
        raise DataError(f"{path.name} leaves rows of one class only to train on; add rows of the other one.")
    fitted = tuple(_study_row(name, inputs, split) for name, inputs in STUDY_ROWS)
    return StudyTable(fitted, train=len(split[0]), test=len(split[1]))


def _labels(path: Path, rows: Sequence[Row]) -> NDArray[np.int64]:
    labels = numbers(path, rows, [LABEL])[:, 0]
    for row, label in zip(rows, labels, strict=True):
        if label not in (0, 1):
            raise DataError(
                f"{path.name} has label {label:g} in line {row.line}; use 1 for COVID-19 and 0 for normal."
            )
    return labels.astype(np.int64)


def _study_row(name: str, inputs: tuple[str, ...], split: Sequence[NDArray[Any]]) -> StudyRow:
    train_x, test_x, train_y, test_y = split
    columns = [FEATURES.index(column) for column in inputs]
    svm = SVC(C=STUDY_C, kernel="linear").fit(train_x[:, columns], train_y)
    return StudyRow(name, inputs, confusion(test_y, svm.predict(test_x[:, columns]), 0.5))


def report(table: StudyTable) -> Table:
    """The table as published: every digit, and the study's spelling of its headings."""
    sheet = Table(
        "Models",
        *(heading for heading, _ in STUDY_COLUMNS),
        caption=f"Fitted to {table.train} rows, measured on the {table.test} held out. "
        "The study printed row two again as row three; here it is fitted.",
    )
    for row in table.rows:
        sheet.add_row(row.name, *(repr(getattr(row.confusion, measure)) for _, measure in STUDY_COLUMNS))
    return sheet


def print_report(table: StudyTable, file: TextIO | None = None) -> None:
    """Prints `report` without ever cutting a digit off: a narrow terminal wraps it."""
    sheet, console = report(table), Console(file=file)
    console.width = max(
        console.width, console.measure(sheet, options=console.options.update(width=500)).maximum
    )
    console.print(sheet)
