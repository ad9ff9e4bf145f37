"""The curves over time: to scale, with whiskers and gaps, and no model told apart by colour alone."""

from typing import Any

import pytest

from core.display.course_charts import probability_figure, severity_figure
from core.display.style import colour_and_dash, mark
from core.models.backbones import BACKBONES
from core.vocabulary import ENSEMBLE
from tests.core.display.courses import course, film, kept


def curves(figure: Any) -> dict[str, Any]:
    """Traces with marks, by name; of several, the first."""
    return {trace.name: trace for trace in reversed(figure.data) if trace.mode != "lines"}


def test_extent_has_its_error_its_truth_and_a_gap_where_it_was_refused() -> None:
    found = curves(severity_figure(course(), "b"))
    read = found["as the networks read it, ± error to expect"]
    assert (list(read.x), list(read.y)) == ([0, 3, 7, 14], [1, 7, None, 2]) and not read.connectgaps
    assert list(read.error_y.array) == [1, 1, None, 1] and list(read.error_y.arrayminus) == [1, 1, None, 1]
    assert list(found["the truth"].y) == [2, None, None, None]
    assert list(found["no answer"].y) == [None, None, 0, None]
    assert [each[0] for each in read.customdata] == ["a", "b", "c", "d"]


def test_whiskers_end_where_the_scale_ends() -> None:
    ends = course(film("a", 0, kept(0.25, 0.1)), film("b", 1, kept(7.75, 0.1)))
    read = severity_figure(ends, None).data[0]
    assert list(read.error_y.arrayminus) == [0.25, 1] and list(read.error_y.array) == [1, 0.25]


def test_each_model_has_its_threshold_and_its_marks_say_which_side() -> None:
    figure = probability_figure(course(), None)
    found = curves(figure)
    assert list(found["VGG16"].y) == [0.2, 0.8, None, 0.2]
    assert list(found["VGG16"].marker.symbol) == ["square-open", "square", "square-open", "square-open"]
    assert list(found["The ensemble"].marker.symbol[:2]) == ["circle-open", "circle"]
    thresholds = sorted(trace.y[0] for trace in figure.data if trace.mode == "lines")
    assert thresholds == [0.3, 0.5, 0.5] and list(found["no answer"].y) == [None, None, 0, None]
    assert figure.data[-1].name == "The ensemble"  # on top


def test_no_two_models_share_a_mark_or_a_colour() -> None:
    models = [ENSEMBLE, *(each.key for each in BACKBONES)]
    assert (
        len({mark(each) for each in models}) == len({colour_and_dash(each) for each in models}) == len(models)
    )


@pytest.mark.parametrize(("to_scale", "title"), [(True, "Day"), (False, "In this order")])
def test_time_is_to_scale_where_days_are_known(to_scale: bool, title: str) -> None:
    shown = course(to_scale=to_scale)
    for figure, axis in ((severity_figure(shown, "d"), "xaxis2"), (probability_figure(shown, "d"), "xaxis")):
        assert figure.layout[axis].title.text.startswith(title)
        assert list(figure.layout[axis].tickvals) == shown.places
        assert figure.layout.annotations[0].text == "on screen"
        assert figure.layout.annotations[0].x == shown.places[-1]


def test_days_that_lie_close_have_no_ticks_of_their_own() -> None:
    crowded = course(*(film(str(day), day, kept(1, 0.1)) for day in (0, 0.5, 100)))
    figure = probability_figure(crowded, "0")
    assert figure.layout.xaxis.tickvals is None and not severity_figure(crowded, None).layout.annotations
