"""The comparison of models to take away."""

import csv
import io

import pytest

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


def test_latex_explains_itself_and_holds_every_measure_of_every_model(answers: Answers, found) -> None:
    text = comparison.measures_latex(answers, found, "Test_1: 385 patients")
    assert text.startswith("% Needs \\usepackage{booktabs}.\n\\begin{table}") and "–" not in text
    assert "\\caption{Test\\_1: 385 patients. In brackets, 95\\,\\% intervals" in text
    lines = text.splitlines()
    for name in ("Model", *(each.name for each in answers.entrants)):
        rows = [line for line in lines if line.startswith(f"{name} & ")]
        assert sum(row.count("&") for row in rows) == len(MEASURES)
        assert all(row.count("&") <= comparison.ABREAST and row.endswith(" \\\\") for row in rows)
    first = next(line for line in lines if line.startswith("VGG16 & "))
    figure, low, high = (found["accuracy"].values[0], found["accuracy"].low[0], found["accuracy"].high[0])
    assert any(f"{figure:.{n}f} {{\\tiny ({low:.{n}f}--{high:.{n}f})}}" in first for n in (2, 3))


def test_latex_keeps_its_minus_signs() -> None:
    assert comparison._signed("-0.16 {\\tiny (-0.30–-0.02)}") == "$-0.16$ {\\tiny ($-0.30$--$-0.02$)}"
