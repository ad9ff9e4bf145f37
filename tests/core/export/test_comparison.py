"""The comparison of models to take away."""

import csv
import io

import pytest

from core.display import tables
from core.evaluation.comparison import Answers
from core.evaluation.measures import MEASURES, decisions, draw, rankings
from core.export import comparison


@pytest.fixture(scope="module")
def found(answers: Answers):
    draws = draw(answers.groups, 50)
    return decisions(answers.labels, answers.called, draws) | rankings(answers.labels, answers.scores, draws)


def test_csv_has_all_digits(answers: Answers, found) -> None:
    rows = list(csv.DictReader(io.StringIO(comparison.measures_csv(answers, found))))
    assert len(rows) == len(answers.entrants) * len(MEASURES)
    row = next(row for row in rows if (row["model"], row["measure"]) == ("Xception", "Brier score"))
    assert float(row["value"]) == found["brier"].values[4] and float(row["high"]) == found["brier"].high[4]


def test_latex_is_a_whole_table(answers: Answers, found) -> None:
    text = comparison.measures_latex(tables.measures_table(answers, found, {}, {}), "Test: 385 patients")
    assert text.startswith("\\begin{table}")
    assert text.count("\\\\") == 1 + len(answers.entrants)  # its heading and a row a model
    assert "\\toprule" in text and "–" not in text and "VGG16 &" in text
    assert "\\caption{Test: 385 patients}" in text
