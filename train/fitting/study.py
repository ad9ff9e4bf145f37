"""The study's three SVMs, fitted to any table of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from core.errors import DataError
from core.evaluation.measures import MEASURE_BY_KEY
from core.evaluation.metrics import Confusion, confusion
from core.evaluation.study import SINGLE, STUDY
from core.models.ensemble import input_names
from core.vocabulary import FIRST_FINDINGS
from train.tools.csv_tables import TableLine, numbers, read_rows

FIT = STUDY["fit"]  # its split and its SVM
BACKBONES = tuple(result.key for result in SINGLE)
INPUTS = input_names(BACKBONES, FIRST_FINDINGS)
STUDY_ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Binary models", BACKBONES),
    ("Severity models", FIRST_FINDINGS),
    ("All models", INPUTS),
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


def fit_study_table(path: Path) -> StudyTable:
    """Fits the study's three SVMs on a table of features, and measures them as it did.

    The study (Solis Calero 2021) splits by row, at random, and fits `SVC(C=0.5, kernel="linear")` on raw
    inputs. Its third row was printed from the second one's predictions; here it is fitted.

    Args:
        path: CSV with the columns `INPUTS` and `label` (1 for COVID-19, 0 for normal), in any case
            and order; others are ignored.

    Raises:
        DataError: If the table is unreadable, lacks columns, has bad rows, or too few to split.
    """
    rows = read_rows(path, (*INPUTS, LABEL))
    features, labels = numbers(path, rows, INPUTS), _labels(path, rows)
    if len(rows) < 4:
        raise DataError(f"{path.name} has {len(rows)} rows, too few to hold some out; add more.")
    split = train_test_split(features, labels, test_size=FIT["test_share"], random_state=FIT["seed"])
    if len(np.unique(split[2])) < 2:
        raise DataError(f"{path.name} leaves rows of one class only to train on; add rows of the other one.")
    fitted = tuple(_study_row(name, inputs, split) for name, inputs in STUDY_ROWS)
    return StudyTable(fitted, train=len(split[0]), test=len(split[1]))


def _labels(path: Path, rows: Sequence[TableLine]) -> NDArray[np.int64]:
    labels = numbers(path, rows, [LABEL])[:, 0]
    for row, label in zip(rows, labels, strict=True):
        if label not in (0, 1):
            raise DataError(
                f"{path.name} has label {label:g} in line {row.line}; use 1 for COVID-19 and 0 for normal."
            )
    return labels.astype(np.int64)


def _study_row(name: str, inputs: tuple[str, ...], split: Sequence[NDArray[Any]]) -> StudyRow:
    train_x, test_x, train_y, test_y = split
    columns = [INPUTS.index(column) for column in inputs]
    svm = SVC(C=FIT["c"], kernel="linear").fit(train_x[:, columns], train_y)
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
        figures = (MEASURE_BY_KEY[key].formula(row.confusion.counts) for _, key in STUDY_COLUMNS)
        sheet.add_row(row.name, *(repr(float(figure)) for figure in figures))
    return sheet


def print_report(table: StudyTable, file: TextIO | None = None) -> None:
    """Prints `report` without ever cutting a digit off: a narrow terminal wraps it."""
    sheet, console = report(table), Console(file=file)
    console.width = max(
        console.width, console.measure(sheet, options=console.options.update(width=500)).maximum
    )
    console.print(sheet)
