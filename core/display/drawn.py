"""Charts that are drawn once and shown often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import plotly.graph_objects as go

from core.analysis.results import Analysis
from core.display import figures
from core.display.comparison_charts import Chart
from core.once import once


class Drawn(go.Figure):  # type: ignore[misc]  # Plotly has no types
    """A figure of which only its description is left, to keep and to show but not to change.

    Plotly's own is thousands of objects, which the garbage collector walks through after each click and
    which are copied before they are sent.
    """

    def __init__(self, figure: go.Figure) -> None:
        """Takes the description from a figure."""
        self._description: dict[str, Any] = figure.to_dict()

    def to_dict(self) -> dict[str, Any]:
        """What is sent; the same object each time."""
        return self._description


def settled(chart: Chart) -> Chart:
    """The same chart with its figure drawn."""
    return replace(chart, figure=Drawn(chart.figure))


@once
def probabilities(analysis: Analysis) -> Drawn:
    """`figures.probabilities_figure`, drawn."""
    return Drawn(figures.probabilities_figure(analysis))


@once
def findings(analysis: Analysis) -> Drawn:
    """`figures.findings_figure`, drawn."""
    return Drawn(figures.findings_figure(analysis))


@once
def contributions(analysis: Analysis) -> Drawn:
    """`figures.contributions_figure`, drawn."""
    return Drawn(figures.contributions_figure(analysis))
