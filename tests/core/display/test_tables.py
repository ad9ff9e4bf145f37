"""Tables to take along."""

import numpy as np
import pandas as pd
import pytest

from core.display import tables
from core.evaluation import study
from core.evaluation.comparison import OTHERS, Answers
from core.evaluation.measures import Measured, decisions, draw, rankings
from core.evaluation.significance import adjust, compare_aucs, compare_decisions
from core.models.backbones import BACKBONES


@pytest.fixture(scope="module")
def found(answers: Answers):
    draws = draw(answers.groups, 50)
    return decisions(answers.labels, answers.called, draws) | rankings(answers.labels, answers.scores, draws)


def test_the_table_on_the_page(answers: Answers, found) -> None:
    frame = tables.measures_table(answers, found, {"vgg16": 14_700_000}, {})
    first = frame.iloc[0]
    area = found["roc_auc"]
    assert first["Model"] == "VGG16" and first["File"] == "14.7 MB" and first["Parameters"] == "14.7 M"
    assert first["ROC AUC"] == f"{area.values[0]:.2f} ({area.low[0]:.2f}–{area.high[0]:.2f})"
    assert len(frame) == len(BACKBONES) + len(OTHERS) and {*tables.NAMES.values()} <= {*frame.columns}
    short = tables.measures_table(answers, found, {}, {}, intervals=False)
    assert short.iloc[0]["ROC AUC"] == f"{area.values[0]:.2f}"
    assert [bool(text) for text in short["Parameters"]] == [True] * len(BACKBONES) + [False] * len(OTHERS)


@pytest.mark.parametrize(("width", "digits"), [(0.02, 3), (0.3, 2)])
def test_figures_have_the_digits_that_their_intervals_bear(width: float, digits: int) -> None:
    values = np.array([0.98765, 0.5, np.nan])
    measured = Measured(values, values - width / 2, np.minimum(values + width / 2, 1))
    figures, ranges = tables.measured_text(measured)
    assert figures == [f"{0.98765:.{digits}f}", f"{0.5:.{digits}f}", "not measured"]
    assert ranges[1] == f"{0.5 - width / 2:.{digits}f}–{0.5 + width / 2:.{digits}f}" and ranges[2] == ""


def test_a_figure_without_an_interval_bears_no_more_digits() -> None:
    none = np.full(2, np.nan)
    measured = Measured(np.array([1.0, 1.0, 0.5]), np.append(none, 0.2), np.append(none, 0.8))
    assert tables.measured_text(measured) == (["1.00", "1.00", "0.50"], ["", "", "0.20–0.80"])


def test_a_charts_numbers_say_what_nobody_measured() -> None:
    shown = tables.figures_table([{"Model": "VGG16", "Images": 44, "ROC AUC": 0.76923, "Far": float("nan")}])
    assert shown.iloc[0].to_list() == ["VGG16", "44", "0.77", "not measured"]


def test_the_studys_rows_stand_below_ours_marked(answers: Answers, found) -> None:
    frame = tables.with_study(tables.measures_table(answers, found, {}, {}))
    ours, published = len(answers.entrants), (*study.SINGLE, *study.SVMS)
    assert list(frame["Model"][ours:]) == [f"Study: {each.model}" for each in published]
    assert frame["Model"][ours] == "Study: VGG16"
    assert (frame["Caveat"][ours:].str.len() > 20).all() and set(frame["Caveat"][:ours]) == {""}
    assert frame["ROC AUC"][ours] == "" and frame["Accuracy"][ours] == "0.955"


def test_pairs_are_tested_and_corrected(answers: Answers) -> None:
    columns = [(0, 1), (0, 2), (1, 2)]
    frame = tables.pairs(answers, columns)
    areas = [
        compare_aucs(answers.labels, answers.scores[:, i], answers.scores[:, j], answers.groups)
        for i, j in columns
    ]
    assert frame["DeLong p, Holm"].to_list() == pytest.approx(adjust([each.p for each in areas]))
    decision = compare_decisions(answers.labels, answers.called[:, 1], answers.called[:, 2])
    assert frame["McNemar p"][2] == decision.p and frame["Only first right"][2] == decision.first_only
    assert set(tables.FRACTIONS) <= set(frame.columns)


def test_the_studys_rows_say_what_to_mind() -> None:
    frame = tables.published((*study.SINGLE, *study.SVMS))
    assert len(frame) == 8 and (frame["Caveat"].str.len() > 20).all()
    assert frame["Accuracy"].to_list()[:5] == ["0.955", "0.970", "0.991", "0.961", "0.997"]
    assert frame["Sensitivity"][0] == f"{71 / 86:.3f}" and frame["PPV"][0] == ""
    assert frame["F1"].to_list()[5:] == ["1.000", "0.936", "0.936"]


def test_a_model_takes_what_its_networks_take(answers: Answers, found) -> None:
    alone = {each.key: float(10 + place) for place, each in enumerate(BACKBONES)}
    times, together = alone | {"findings": 7.0}, sum(alone.values())
    column = tables.measures_table(answers, found, {}, times).set_index("Model")["ms an image"]
    assert column["VGG16"] == "10.0" and column["SVM, findings"] == "7.0"
    assert column["Mean of backbones"] == column["SVM, probabilities"] == f"{together:.1f}"
    assert column["Ensemble"] == f"{together + 7:.1f}"
    best = next(each for each in answers.entrants if each.key == "best")
    assert column[best.name] == f"{times[best.same_as]:.1f}"


def test_a_table_for_paper_has_every_cell_and_runs_nothing() -> None:
    frame = pd.DataFrame(
        {"a<b>": ["<script>alert(1)</script>", "&"], "n": [0.12345, np.nan], "k": [7, None]}, dtype=object
    )
    frame["n"] = frame["n"].astype(float)
    found = tables.printed_table(frame, 3)
    assert "<script" not in found and "&lt;script&gt;" in found and "<td>&amp;</td>" in found
    assert "<th>a&lt;b&gt;</th>" in found and "<td>0.123</td><td>7</td>" in found
    assert found.count("<td></td>") == 2 and found.count("<tr>") == 3
    small = tables.printed_table(pd.DataFrame({"p": [3e-9, -0.25, 0.0]}), 4)
    assert "<td>&lt;0.0001</td>" in small and "<td>−0.2500</td>" in small and "<td>0.0000</td>" in small
