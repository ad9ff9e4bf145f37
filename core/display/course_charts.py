"""The curves of several radiographs over time; no chart needs colour to be read."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.display.course import SCORES, Course
from core.display.style import ACCENT, NEUTRAL, colour_and_dash, mark, still
from core.models.severity import MAX_EXTENT, MAX_OPACITY
from core.vocabulary import ENSEMBLE

MAXIMA = {"extent": MAX_EXTENT, "opacity": MAX_OPACITY}
CROWDED = 0.05  # of the axis: days that lie nearer have no ticks of their own
LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "itemclick": False}
MARGIN = {"l": 0, "r": 8, "t": 24, "b": 100}


def severity_figure(course: Course, chosen: str | None) -> go.Figure:
    """Extent above opacity, each with the error to expect as whiskers, and the truth where it is known.

    Args:
        course: Radiographs, oldest first.
        chosen: Key of the one on screen.
    """
    figure = make_subplots(len(SCORES), 1, shared_xaxes=True, vertical_spacing=0.08)
    for row, name in enumerate(SCORES, start=1):
        for trace in _score_traces(course, name, first=row == 1):
            figure.add_trace(trace, row, 1)
        title = f"{name.capitalize()}, 0 to {MAXIMA[name]:g}"
        figure.update_yaxes(
            range=[-0.4, MAXIMA[name] + 0.4], tickvals=[0, 2, 4, 6, 8], title=title, row=row, col=1
        )
    return _laid_out(figure, course, chosen, 460)


def _score_traces(course: Course, name: str, *, first: bool) -> list[go.Scatter]:
    scores = [film.severity.get(name) for film in course.films]
    whiskers = {
        "array": [
            min(each.mean_absolute_error, each.maximum - each.value) if each else None for each in scores
        ],
        "arrayminus": [min(each.mean_absolute_error, each.value) if each else None for each in scores],
        "thickness": 1.5,
        "width": 6,
    }
    traces = [
        _points(
            course,
            [each.value if each else None for each in scores],
            name="as the networks read it, ± error to expect",
            marker={"symbol": "circle", "size": 10, "color": ACCENT},
            line={"color": ACCENT, "width": 2},
            error_y=whiskers,
            legendgroup="read",
            showlegend=first,
        )
    ]
    if any(name in film.truth for film in course.films):
        truth = [film.truth.get(name) for film in course.films]
        style = {"symbol": "star", "size": 11, "color": NEUTRAL}
        line = {"color": NEUTRAL, "width": 1, "dash": "dot"}
        traces.append(
            _points(
                course,
                truth,
                name="the truth",
                marker=style,
                line=line,
                legendgroup="truth",
                showlegend=first,
            )
        )
    gaps = [0 if each is None else None for each in scores]
    return [*traces, *_gaps(course, gaps, show=first)]


def add_level(figure: go.Figure, ends: tuple[float, float], level: float, colour: str) -> None:
    """Adds a faint dotted line of a model at one probability.

    Args:
        figure: To which.
        ends: Of the line, on the horizontal axis.
        level: In [0, 1].
        colour: The model's.
    """
    figure.add_scatter(
        x=list(ends),
        y=[level, level],
        mode="lines",
        line={"color": colour, "width": 1, "dash": "dot"},
        opacity=0.7,
        hoverinfo="skip",
        showlegend=False,
    )


def probability_figure(course: Course, chosen: str | None) -> go.Figure:
    """One curve a backbone, with marks of its own, and the ensemble's; each with its threshold.

    Args:
        course: Radiographs, oldest first.
        chosen: Key of the one on screen.
    """
    figure = go.Figure(_gaps(course, [None if film.models else 0 for film in course.films], show=True))
    ends = _range(course)
    for key, name in reversed(course.models().items()):  # the ensemble's lies on top
        said = [film.models.get(key) for film in course.films]
        colour, dash = colour_and_dash(key)
        add_level(figure, ends, next(each.threshold for each in said if each), colour)
        figure.add_trace(
            _points(
                course,
                [each.probability if each else None for each in said],
                name=name,
                marker={
                    "symbol": [mark(key, filled=bool(each and each.positive)) for each in said],
                    "size": 12 if key == ENSEMBLE else 9,
                    "color": colour,
                    "line": {"width": 2, "color": colour},
                },
                line={"color": colour, "dash": dash, "width": 3.5 if key == ENSEMBLE else 1.5},
            )
        )
    figure.update_yaxes(
        range=[-0.05, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1], title="P(COVID-19) against normal"
    )
    return _laid_out(figure, course, chosen, 460).update_layout(legend={"traceorder": "reversed"})


def _points(course: Course, values: list[Any], **options: Any) -> go.Scatter:
    """One curve, broken where there is no value; a click on a point names its radiograph."""
    return go.Scatter(
        x=course.places,
        y=[None if value is None else round(value, 4) for value in values],
        mode="lines+markers",
        text=course.labels,
        customdata=[[film.key] for film in course.films],
        hovertemplate="%{text}: %{y:.2f}<extra>%{fullData.name}</extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        **options,
    )


def _gaps(course: Course, values: list[int | None], *, show: bool) -> list[go.Scatter]:
    """A cross at the foot of the axis where there is no answer."""
    if all(value is None for value in values):
        return []
    marks = {"symbol": "x-thin", "size": 10, "line": {"width": 2, "color": NEUTRAL}}
    trace = _points(course, values, name="no answer", marker=marks, legendgroup="gap", showlegend=show)
    return [trace.update(mode="markers", hovertemplate="%{text}: no answer<extra></extra>")]


def _range(course: Course) -> tuple[float, float]:
    """Of the axis, with room at its ends."""
    low, high = min(course.places), max(course.places)
    room = 0.06 * (high - low) or 0.5
    return low - room, high + room


def _laid_out(figure: go.Figure, course: Course, chosen: str | None, height: int) -> go.Figure:
    low, high = _range(course)
    title = "Day" if course.to_scale else "In this order; without days, time is not to scale"
    figure.update_xaxes(range=[low, high])
    if not course.to_scale:
        figure.update_xaxes(tickvals=course.places)
    elif _are_apart(course):
        figure.update_xaxes(tickvals=course.places, ticktext=[f"{place:g}" for place in course.places])
    figure.update_layout(height=height, margin=MARGIN, legend=LEGEND)
    last = f"xaxis{len(SCORES)}" if "xaxis2" in figure.layout else "xaxis"
    figure.layout[last].title = title
    place = next(
        (place for place, film in zip(course.places, course.films, strict=True) if film.key == chosen), None
    )
    if place is not None:
        figure.add_vline(x=place, line={"color": NEUTRAL, "width": 1})
        figure.add_annotation(
            x=place, y=1, yref="paper", yanchor="bottom", text="on screen", showarrow=False, font={"size": 12}
        )
    return still(figure)


def _are_apart(course: Course) -> bool:
    low, high = _range(course)
    days = sorted(set(course.places))
    return all(other - one > CROWDED * (high - low) for one, other in pairwise(days))
