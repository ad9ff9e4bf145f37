"""Charts of the comparison page: the numbers behind them, the words, one style a model."""

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as reference

from core.display import comparison_charts as charts
from core.display import comparison_curves as curves
from core.display.wording import count_word
from core.evaluation.comparison import Answers
from core.evaluation.measures import Draws, draw
from core.evaluation.metrics import confusion
from core.evaluation.predictions import Predictions
from core.evaluation.significance import kappa


@pytest.fixture(scope="module")
def draws(answers: Answers) -> Draws:
    return draw(answers.groups, 200)


def line(chart: charts.Chart, name: str):
    (found,) = [trace for trace in chart.figure.data if trace.name == name and trace.mode == "lines"]
    return found


def test_roc_curve_is_scikit_learns(answers: Answers, draws: Draws) -> None:
    chart = curves.roc_chart(answers, draws, "vgg16")
    drawn = line(chart, "VGG16")
    assert drawn.line.shape == "hv"
    assert np.sum(drawn.y[:-1] * np.diff(drawn.x)) == pytest.approx(
        reference.roc_auc_score(answers.labels, answers.scores[:, 0])
    )
    counts = confusion(answers.labels, answers.scores[:, 0], 0.5)
    assert chart.table[0]["Sensitivity at its threshold"] == counts.sensitivity
    models = len(answers.entrants) - 1  # the best single backbone is one of them already
    assert len(chart.table) == models and f"{models} models" in chart.words


def test_models_that_find_as_much_are_not_told_apart(answers: Answers, draws: Draws) -> None:
    alike = replace(answers, scores=np.repeat(answers.scores[:, :1], answers.scores.shape[1], axis=1))
    models = count_word(len(answers.entrants) - 1)
    said = curves.roc_chart(alike, draws, "vgg16").words
    assert f"{models} of them find as much of COVID-19 as any does" in said
    other = replace(answers, scores=np.hstack([answers.labels[:, None], alike.scores[:, 1:] * 0]))
    assert "VGG16 finds most of COVID-19, 100\u00a0%" in curves.roc_chart(other, draws, "vgg16").words


def test_a_roc_curve_keeps_its_stairs_without_the_points_between(answers: Answers, draws: Draws) -> None:
    drawn = line(curves.roc_chart(answers, draws, "vgg16"), "VGG16")
    false, true, _ = reference.roc_curve(answers.labels, answers.scores[:, 0], drop_intermediate=False)
    assert len(drawn.x) < len(false)
    corners = set(zip(drawn.x, drawn.y, strict=True))
    between = [each for each in zip(np.float32(false), np.float32(true), strict=True) if each not in corners]
    for x, y in between:  # each lies on the way along and then up, from one to the next
        before = max((corner for corner in corners if corner[0] <= x and corner[1] <= y), key=sum)
        after = min((corner for corner in corners if corner[0] >= x and corner[1] >= y), key=sum)
        assert before[1] == y or after[0] == x


def test_a_band_holds_its_curve(answers: Answers, draws: Draws) -> None:
    for chart in (curves.roc_chart(answers, draws, "vgg16"), curves.pr_chart(answers, draws, "vgg16")):
        (band,) = [trace for trace in chart.figure.data if trace.fill == "toself"]
        high, low = band.y[:101], band.y[101:][::-1]
        assert (high >= low).all() and (high > low).any()
        drawn = line(chart, "VGG16")
        at = np.interp(np.linspace(0.3, 0.9, 7), drawn.x, drawn.y)
        places = np.linspace(30, 90, 7).astype(int)
        assert (at <= high[places] + 0.05).all() and (at >= low[places] - 0.05).all()


def test_precision_recall_is_scikit_learns(answers: Answers, draws: Draws) -> None:
    drawn = line(curves.pr_chart(answers, draws, "vgg16"), "VGG16")
    area = float(np.sum(np.diff(drawn.x) * drawn.y[1:]))
    assert area == pytest.approx(reference.average_precision_score(answers.labels, answers.scores[:, 0]))


def test_matrices_hold_counts_and_shares(answers: Answers) -> None:
    chart = charts.confusion_chart(answers)
    counts = confusion(answers.labels, answers.scores[:, 0], 0.5)
    first = chart.figure.data[0]
    assert np.allclose(np.sum(first.z, axis=1), 1)
    assert first.z[0][0] == pytest.approx(counts.sensitivity)
    assert str(counts.true_positives) in first.text[0][0]
    assert chart.table[0]["False negatives"] == counts.false_negatives


def test_reliability_counts_every_image(answers: Answers) -> None:
    rows = [row for row in curves.reliability_chart(answers).table if row["Model"] == "VGG16"]
    assert sum(row["Images"] for row in rows) == answers.labels.size


def test_scores_stand_by_class_and_source(answers: Answers, table: Predictions) -> None:
    chart = charts.scores_chart(answers, table, "vgg16")
    assert [(row["Source"], row["Class"]) for row in chart.table] == [
        ("covid-0", "COVID-19"),
        ("normal-1", "normal"),
    ]
    assert sum(row["Images"] for row in chart.table) == answers.labels.size
    assert chart.words.startswith("VGG16, by source: ") and "differ" not in chart.words
    source = table.source.copy()
    source[answers.rows[answers.labels == 0][:10]] = "other"
    named = charts.scores_chart(
        answers, replace(table, source=source), "vgg16", lambda key: f"{key} et al. 2020"
    )
    assert "They differ most in normal: of " in named.words and "of other et al. 2020" in named.words
    assert {row["Source"] for row in named.table} == {
        f"{key} et al. 2020" for key in ("covid-0", "normal-1", "other")
    }
    boxes = [trace.name for trace in named.figure.data]
    assert boxes[0] == f"covid-0 et al. 2020:<br>COVID-19 ({named.table[0]['Images']})"
    assert "covid:covid-0" in named.behind, "marks keep their keys"


def test_agreement_of_every_pair(answers: Answers) -> None:
    chart = charts.agreement_chart(answers)
    own = charts.distinct(answers)
    assert len(own) == len(answers.entrants) - 1  # the best single backbone is one of them already
    assert len(chart.table) == math.comb(len(own), 2)
    row = next(row for row in chart.table if {row["Model"], row["And"]} == {"VGG16", "Xception"})
    first, last = answers.called[:, 0], answers.called[:, 4]
    assert row["Kappa"] == pytest.approx(kappa(first, last)) and row["Differ on"] == (first != last).sum()


def test_a_cell_of_the_agreement_matrix_names_its_pair(answers: Answers) -> None:
    heat, cells = charts.agreement_chart(answers).figure.data
    names = {each.key: each.name for each in answers.entrants}
    for x, y, (first, second) in zip(cells.x, cells.y, cells.customdata, strict=True):
        assert (names[second], charts.two_lines(names[first])) == (x, y)
        assert heat.text[heat.y.index(y)][heat.x.index(x)]
    assert len(cells.x) == math.comb(len(charts.distinct(answers)), 2)


def test_net_benefit_by_hand(answers: Answers) -> None:
    """Vickers & Elkin 2006: at a threshold of 25 % a false positive costs a third of a true one."""
    chart = curves.decision_chart(answers)
    counts = confusion(answers.labels, answers.scores[:, 0], 0.25)
    count = answers.labels.size
    expected = counts.true_positives / count - counts.false_positives / count / 3
    assert chart.table[0]["Net benefit at 25 %"] == pytest.approx(expected)
    (everybody,) = [trace for trace in chart.figure.data if trace.name == "Act on all"]
    prevalence = answers.labels.mean()
    assert everybody.y[24] == pytest.approx(prevalence - (1 - prevalence) / 3)


def test_predictive_values_of_a_textbook() -> None:
    """Altman & Bland 1994: liver scans, sensitivity 231/258, specificity 54/86, 258 of 344 abnormal."""
    ppv, npv = curves.predictive_values(231 / 258, 54 / 86, np.array([258 / 344, 0.25]))
    assert ppv == pytest.approx([0.88, 0.45], abs=0.006) and npv == pytest.approx([0.67, 0.95], abs=0.006)


def test_prevalence_turns_a_good_test_into_a_poor_one(answers: Answers) -> None:
    rare, common = (curves.prevalence_chart(answers, share).table[0] for share in (0.005, 0.5))
    assert rare["PPV"] < 0.1 < common["PPV"] and rare["NPV"] > common["NPV"]


@pytest.mark.parametrize("threshold", [0.0, 1.1])
def test_words_hold_where_all_are_called_alike(answers: Answers, threshold: float) -> None:
    alike = replace(answers, thresholds=np.full(len(answers.entrants), threshold))
    made = (
        charts.confusion_chart(alike),
        charts.agreement_chart(alike),
        curves.decision_chart(alike),
        curves.prevalence_chart(alike, 0.05),
    )
    assert not any("nan" in chart.words for chart in made)


def test_the_fall_is_one_picture(answers: Answers) -> None:
    entrants = {each.key: each for each in answers.entrants}
    points = [
        ("vgg16", "Far", 0.6),
        ("mean", "Far", 0.5),
        ("xception", "Far", 0.9),
        ("vgg16", "Known sources", 0.99),
        ("xception", "Known sources", 0.98),
    ]
    chart = charts.shortcut_chart(points, entrants)
    assert {row["Model"] for row in chart.table} == {"VGG16", "Xception"}  # one point is no fall
    assert chart.words == (
        "From known sources to far, VGG16 falls from 0.99 to 0.60, further than any other; Xception falls "
        "from 0.98 to 0.90. The best on known sources is not the best there, which is Xception."
    )
    assert not math.isnan(chart.table[0]["Far"])
    told = charts.shortcut_chart(points, entrants, [("vgg16", "Normal images", 0.97)])
    assert told.table[0]["Normal images"] == 0.97
    assert "two sources of normal images apart with a mean ROC AUC of up to 0.97" in told.words
    assert charts.shortcut_chart([], entrants).words == ""
    ill = charts.shortcut_chart(points, entrants, [("vgg16", "COVID-19 images", 0.6)])
    assert "two sources of COVID-19 images" in ill.words


def test_a_rise_is_no_fall(answers: Answers) -> None:
    entrants = {each.key: each for each in answers.entrants}
    points = [("vgg16", "Far", 0.85), ("mean", "Far", 0.99), ("vgg16", "Known sources", 0.8)]
    assert (
        charts.shortcut_chart(points, entrants).words
        == "From known sources to far, VGG16 rises from 0.80 to 0.85."
    )


def test_calibration_is_told_in_words(answers: Answers) -> None:
    honest = replace(
        answers, scores=np.repeat(answers.labels[:, None].astype(float), len(answers.entrants), 1)
    )
    words = curves.reliability_chart(honest).words
    assert words.startswith("Reliability: VGG16 means what it says best, off by 0.00 on average")
    sure = honest.scores.copy()
    sure[:, 1] = 1.0
    share = 1 - answers.labels.mean()
    assert (
        f"DenseNet121 least, off by {share:.2f}."
        in curves.reliability_chart(replace(honest, scores=sure)).words
    )
