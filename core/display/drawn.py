"""Charts that are drawn once and shown often."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go

from core.display.comparison_charts import Chart

Figure = go.Figure  # by this name for pages, which plot nothing themselves


class Drawn(go.Figure):  # type: ignore[misc]  # Plotly has no types
    """A figure of which only its description is left, to keep and to show but not to change.

    Plotly's own is thousands of objects, which the garbage collector walks through after each click and
    which are copied before they are sent.
    """

    def __init__(self, figure: go.Figure) -> None:
        """Takes the description from a figure."""
        self._description: dict[str, Any] = figure.to_dict()
        self._large: Drawn | None = None  # for a lecture, once there was one

    def to_dict(self) -> dict[str, Any]:
        """What is sent; the same object each time."""
        return self._description


LECTURE_PX = 16  # no text in a chart is smaller, where the last row has to read it
LECTURE_ROOM = 1.25  # what a chart's height and margins grow by for that


def on_ground(figure: go.Figure, colour: str) -> go.Figure:
    """A figure on a ground of its own, so that its text can be read where it is saved as a picture.

    Args:
        figure: For Plotly.
        colour: As CSS has it.
    """
    return figure.update_layout(paper_bgcolor=colour)


def enlarged(figure: go.Figure) -> Drawn:
    """The same chart for a lecture hall: larger type, and the room that this takes.

    Args:
        figure: A figure, or what is left of it; of the latter it is kept.
    """
    if not isinstance(figure, Drawn):
        return Drawn(go.Figure(_enlarged(figure.to_dict())))
    if figure._large is None:
        figure._large = Drawn(go.Figure(_enlarged(figure.to_dict())))
    return figure._large


def _enlarged(figure: dict[str, Any]) -> dict[str, Any]:
    """A description in larger type: what sets no size gets one, too, for else Streamlit's theme sets it."""
    description = copy.deepcopy(figure)
    layout = description.setdefault("layout", {})
    layout.pop("template", None)  # Streamlit brings its own
    _at_least(layout)
    axes = [axis for name, axis in layout.items() if name.startswith(("xaxis", "yaxis"))]
    for axis in axes:
        _with_font(axis, "tickfont")
        if isinstance(axis.get("title"), dict):
            _with_font(axis["title"], "font")
    _with_font(layout, "font")
    _with_font(layout.setdefault("legend", {}), "font")
    for annotation in layout.get("annotations", ()):
        _with_font(annotation, "font")
    for trace in description.get("data", ()):
        _at_least(trace)
        if trace.get("text") is not None:
            _with_font(trace, "textfont")
    if "height" in layout:
        layout["height"] = round(LECTURE_ROOM * layout["height"])
    layout["margin"] = {side: round(LECTURE_ROOM * px) for side, px in layout.get("margin", {}).items()}
    return description


def _with_font(owner: dict[str, Any], name: str) -> None:
    font = owner.setdefault(name, {})
    font["size"] = max(font.get("size") or 0, LECTURE_PX)


def _at_least(part: Any) -> None:
    """Makes each font in a part of a description, that has a size, as large as it has to be."""
    for name, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, dict) and str(name).endswith("font") and "size" in value:
            value["size"] = max(value["size"], LECTURE_PX)
        elif isinstance(value, dict | list | tuple):
            _at_least(value)


def settled(chart: Chart) -> Chart:
    """The same chart with its figure drawn."""
    return replace(chart, figure=Drawn(chart.figure))
