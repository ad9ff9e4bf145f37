"""Colours, line styles and patterns: the same for a model everywhere, and never colour alone."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from core.evaluation.comparison import Entrant
from core.models.backbones import BACKBONE_BY_KEY
from core.vocabulary import ENSEMBLE

NEUTRAL, ACCENT = "#9AA4AF", "#9A7FD1"  # neither is a model's
# The dark end of Cividis: white numbers on it have a contrast of 5 and more (WCAG 2.2, 1.4.3 asks for 4.5).
CELLS = sample_colorscale("Cividis", [0.45 * step / 8 for step in range(9)])
FIRST, SECOND = "#E69F00", "#56B4E9"  # COVID-19 and the rest, where a chart is about classes, not models

# Colour, line style and symbol of what is compared with the backbones: all differ from theirs and from each
# other.
_OTHERS = {
    ENSEMBLE: ("#94A0AE", "solid", "circle"),
    "svm_probabilities": ("#8FA8FF", "dash", "hexagon"),
    "svm_findings": ("#B0875B", "dot", "pentagon"),
    "mean": ("#A08CC8", "dashdot", "x"),
    "vote": ("#66717D", "longdash", "hourglass"),
    "best": ("#FFFFFF", "longdashdot", "bowtie"),
}


def line_style(entrant: Entrant) -> dict[str, str | float]:
    """Colour and line style of a model, the same in every chart."""
    colour, dash = colour_and_dash(entrant.key)
    return {"color": colour, "dash": dash, "width": 2}


def marker_style(entrant: Entrant) -> dict[str, str | float]:
    """Colour and mark of a model's points, the same in every chart."""
    return {"color": colour_and_dash(entrant.key)[0], "symbol": mark(entrant.key), "size": 10}


def mark(model: str, *, filled: bool = True) -> str:
    """The mark of a model's points, by its key: Plotly's name of the form, filled or open."""
    symbol = BACKBONE_BY_KEY[model].symbol if model in BACKBONE_BY_KEY else _OTHERS[model][2]
    return symbol if filled else f"{symbol}-open"


def colour_and_dash(model: str) -> tuple[str, str]:
    """Of a model, by its key."""
    if model in BACKBONE_BY_KEY:
        return BACKBONE_BY_KEY[model].colour, BACKBONE_BY_KEY[model].dash
    colour, dash, _ = _OTHERS[model]
    return colour, dash


def unit_axis(figure: go.Figure, title: str) -> go.Figure:
    """The same figure with an upright axis for what lies between 0 and 1, and room for marks at either end.

    Args:
        figure: For Plotly.
        title: Of the axis.
    """
    return figure.update_yaxes(title=title, range=[-0.03, 1.03], tickvals=[0, 0.25, 0.5, 0.75, 1])


def area_axis(figure: go.Figure) -> go.Figure:
    """The same figure with an upright axis of ROC AUC, and a line at the coin's."""
    figure.add_hline(y=0.5, line={"color": NEUTRAL, "dash": "dot", "width": 1})
    return unit_axis(figure, "ROC AUC")


def still(figure: go.Figure) -> go.Figure:
    """The same figure, which neither a finger nor a mouse drags out of place: the page scrolls instead."""
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure.update_layout(dragmode=False)
