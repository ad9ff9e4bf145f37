"""The images behind the marks of charts: each mark has its own, and a chart holds what opens them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.display import behind
from core.display import comparison_charts as charts
from core.display import comparison_curves as curves
from core.evaluation.comparison import Answers
from core.evaluation.measures import draw
from core.evaluation.metrics import calibration_bins, confusion
from core.evaluation.predictions import Predictions
from core.vocabulary import LABELS


def held(chart: charts.Chart) -> list[str]:
    """What the marks of a chart hold."""
    traces = [trace for trace in chart.figure.data if trace.customdata is not None]
    return [str(each) for trace in traces for each in trace.customdata]


def test_the_four_cells_share_out_all_images(answers: Answers) -> None:
    counts = confusion(answers.labels, answers.scores[:, 0], 0.5)
    found = dict(behind.cells(answers, 0))
    assert [len(each.places) for each in found.values()] == [
        counts.true_positives,
        counts.false_negatives,
        counts.false_positives,
        counts.true_negatives,
    ]
    missed = found[behind.cell_key("vgg16", True, False)]
    assert missed.name == "VGG16: COVID-19, missed" and (answers.labels[list(missed.places)] == 1).all()
    assert (np.diff(answers.scores[list(missed.places), 0]) >= 0).all()  # the surest miss has the lowest
    assert sorted(place for each in found.values() for place in each.places) == [*range(answers.labels.size)]


def test_a_bin_of_reliability_holds_what_its_point_stands_for(answers: Answers) -> None:
    points = calibration_bins(answers.labels, answers.scores[:, 0], behind.BINS)
    found = [each for _, each in behind.bins(answers, 0)]
    assert [len(each.places) for each in found] == [each.images for each in points]
    for each, point in zip(found, points, strict=True):
        assert answers.scores[list(each.places), 0].mean() == pytest.approx(point.predicted)
    sure = replace(answers, scores=np.ones_like(answers.scores))
    ((_, last),) = behind.bins(sure, 0)
    assert last.name == "VGG16, says 0.9 to 1.0" and len(last.places) == answers.labels.size


@pytest.mark.parametrize("name", ["roc", "pr", "confusion", "reliability", "scores"])
def test_every_mark_that_can_be_clicked_opens_its_images(
    answers: Answers, table: Predictions, name: str
) -> None:
    draws = draw(answers.groups, 20)
    chart = {
        "roc": lambda: curves.roc_chart(answers, draws, "vgg16"),
        "pr": lambda: curves.pr_chart(answers, draws, "vgg16"),
        "confusion": lambda: charts.confusion_chart(answers),
        "reliability": lambda: curves.reliability_chart(answers),
        "scores": lambda: charts.scores_chart(answers, table, "vgg16"),
    }[name]()
    marks = held(chart)
    assert marks and set(marks) <= set(chart.behind)
    by_name = {key for key, each in chart.behind.items() if each.listed}
    if name == "scores":  # by name whole rows, by a click single images
        assert by_name == {"covid:covid-0", "normal:normal-1"}
        assert [chart.behind[mark].places for mark in marks] == [(int(mark),) for mark in marks]
        row = chart.behind["covid:covid-0"].places
        assert (np.diff(answers.scores[list(row), 0]) >= 0).all()
    else:
        assert by_name == set(marks)


def test_a_dot_of_the_story_names_its_split_and_its_model(answers: Answers) -> None:
    points = [("vgg16", "Clinics never seen", 0.6), ("vgg16", "Known sources, lungs covered", 0.5)]
    entrants = {each.key: each for each in answers.entrants}
    (dots,) = charts.shortcut_chart(points, entrants).figure.data
    assert list(dots.customdata) == [behind.dot_key("external", "vgg16"), None]
    names = behind.dot_names(["external", "own"], {"vgg16": "VGG16"})
    assert names["own:vgg16"] == ("own", "vgg16", "Your own set, VGG16: wrong at its threshold")


def test_a_table_has_the_truth_and_each_networks_probability(answers: Answers, table: Predictions) -> None:
    differ = behind.disagreements(answers, "vgg16", "mean")
    frame = behind.images_table(table, answers, differ.places, ("mean",), "from {}".format)
    assert frame["Source"].str.startswith("from ").all()
    rows = answers.rows[list(differ.places)]
    assert frame["Image"].to_list() == table.path[rows].tolist() and len(frame)
    assert frame["Class"].to_list() == [LABELS[label] for label in table.label[rows]]
    networks = [each.name for each in answers.entrants if each.kind == "backbone"]
    assert list(frame.columns[3:]) == [*networks, "Ensemble", "Mean of backbones"]
    limit = next(each.threshold for each in answers.entrants if each.key == "mean")
    assert ((frame["VGG16"] >= 0.5) != (frame["Mean of backbones"] >= limit)).all()
