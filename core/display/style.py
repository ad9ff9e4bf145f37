"""Colours, line styles and patterns: the same for a model everywhere, and never colour alone."""

from __future__ import annotations

import plotly.graph_objects as go

from core.evaluation.comparison import Entrant
from core.models.backbones import BACKBONE_BY_KEY, BACKBONES
from core.vocabulary import ENSEMBLE

NEUTRAL, ACCENT = "#9AA4AF", "#9A7FD1"  # neither is a model's
FIRST, SECOND = "#E69F00", "#56B4E9"  # COVID-19 and the rest, where a chart is about classes, not models

# Colour and line style of what is compared with the backbones: all differ from theirs and from each other.
_OTHERS = {
    ENSEMBLE: ("#94A0AE", "solid"),
    "svm_probabilities": ("#8FA8FF", "dash"),
    "svm_findings": ("#B0875B", "dot"),
    "mean": ("#A08CC8", "dashdot"),
    "vote": ("#66717D", "longdash"),
    "best": ("#FFFFFF", "longdashdot"),
}


def line_style(entrant: Entrant) -> dict[str, str | float]:
    """Colour and line style of a model, the same in every chart."""
    colour, dash = colour_and_dash(entrant.key)
    return {"color": colour, "dash": dash, "width": 2}


# Marks of points on a curve, by place in the table of backbones; Plotly's names, all with an open form.
_MARKS = ("square", "diamond", "triangle-up", "triangle-down", "pentagon", "hexagram", "cross", "hexagon")
_MARK_OF = {ENSEMBLE: "circle"} | {
    backbone.key: _MARKS[place % len(_MARKS)] for place, backbone in enumerate(BACKBONES)
}


def mark(model: str, *, filled: bool = True) -> str:
    """The mark of a model's points, filled or open."""
    return _MARK_OF[model] if filled else f"{_MARK_OF[model]}-open"


def colour_and_dash(model: str) -> tuple[str, str]:
    """Of a backbone, or of the ensemble, by key."""
    if model in BACKBONE_BY_KEY:
        return BACKBONE_BY_KEY[model].colour, BACKBONE_BY_KEY[model].dash
    return _OTHERS[model]


def still(figure: go.Figure) -> go.Figure:
    """The same figure, which neither a finger nor a mouse drags out of place: the page scrolls instead."""
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure.update_layout(dragmode=False)
