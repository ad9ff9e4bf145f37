"""Plotly figures. One colour and one pattern a backbone everywhere; heat in perceptually even maps."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale
from plotly.subplots import make_subplots

from core.analysis.results import Analysis, BackboneReading
from core.display.style import ACCENT, NEUTRAL
from core.margins import Box
from core.models.backbones import BACKBONE_BY_KEY
from core.models.findings import FindingScore
from core.models.lungs import LUNG
from core.vocabulary import finding_name

COLOUR_MAPS = ("Inferno", "Viridis", "Cividis", "Magma")
GRID_PX = 96  # heat is drawn on so many cells a side; the map itself is 5 to 14
OPAQUE_FROM = 0.45  # heat below fades out, so that the radiograph stays readable
DIM = "rgba(70, 74, 80, 0.75)"  # over what was cut, black or white


def fading(colour_map: str) -> list[list[Any]]:
    """A colour scale whose low end is transparent.

    Args:
        colour_map: One of `COLOUR_MAPS`.
    """
    shares = np.linspace(0, 1, 21)
    colours = sample_colorscale(get_colorscale(colour_map), shares.tolist())
    alphas = np.clip(shares / OPAQUE_FROM, 0, 1)
    return [
        [float(share), colour.replace("rgb(", "rgba(").replace(")", f", {alpha:.3f})")]
        for share, colour, alpha in zip(shares, colours, alphas, strict=True)
    ]


def upsample(heatmap: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) in [0, 1] as (GRID_PX, GRID_PX), smooth: for display only."""
    smooth = Image.fromarray(heatmap).resize((GRID_PX, GRID_PX), Image.Resampling.BICUBIC)
    return np.asarray(np.clip(np.asarray(smooth), 0, 1))


def as_uri(grey: NDArray[np.uint8]) -> str:
    """A greyscale picture, (h, w), as a data URI."""
    data = io.BytesIO()
    Image.fromarray(grey).save(data, format="JPEG", quality=90)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode()


def radiograph_figure(
    grey: NDArray[np.uint8],
    analysis: Analysis,
    reading: BackboneReading | None,
    colour_map: str = COLOUR_MAPS[0],
    height_px: int = 320,
) -> go.Figure:
    """A radiograph on black, with a backbone's heat over what the networks saw.

    Args:
        grey: The radiograph for display, (h, w), uint8, of any size.
        analysis: The analysis.
        reading: Whose heat to lay over it; None for the outline of the lungs instead, where they are known.
        colour_map: One of `COLOUR_MAPS`.
        height_px: Of the figure.
    """
    figure = go.Figure()
    _add_radiograph(figure, as_uri(grey), analysis)
    if reading is not None:
        figure.add_trace(_heat(grey, analysis, reading, colour_map))
    elif analysis.lungs is not None:
        figure.add_trace(_outline(analysis.lungs, analysis))
    figure.update_xaxes(range=[0, analysis.width_px], visible=False, constrain="domain")
    figure.update_yaxes(range=[analysis.height_px, 0], visible=False, scaleanchor="x", constrain="domain")
    return _still(_on_black(figure, height_px))


def linked_figure(
    grey: NDArray[np.uint8], analysis: Analysis, colour_map: str, columns: int = 2, height_px: int = 700
) -> go.Figure:
    """All heatmaps in one figure whose zoom is shared.

    Args:
        grey: The radiograph for display, (h, w), uint8.
        analysis: The analysis.
        colour_map: One of `COLOUR_MAPS`.
        columns: How many side by side.
        height_px: Of a row.
    """
    count = len(analysis.readings)
    titles = [f"{each.backbone.name} {each.probability:.2f}" for each in analysis.readings]
    rows = -(-count // columns)
    figure = make_subplots(
        rows, columns, subplot_titles=titles, horizontal_spacing=0.01, vertical_spacing=0.03
    )
    source = as_uri(grey)
    for index, reading in enumerate(analysis.readings):
        row, column = divmod(index, columns)
        figure.add_trace(_heat(grey, analysis, reading, colour_map), row + 1, column + 1)
        suffix = "" if index == 0 else str(index + 1)
        _add_radiograph(figure, source, analysis, f"x{suffix}", f"y{suffix}")
        figure.layout[f"yaxis{suffix}"].update(scaleanchor=f"x{suffix}")
    figure.update_xaxes(range=[0, analysis.width_px], visible=False, matches="x", constrain="domain")
    figure.update_yaxes(range=[analysis.height_px, 0], visible=False, matches="y", constrain="domain")
    figure.update_annotations(font_color="#E8EAED")
    return _on_black(figure, height_px * rows, top_px=30)


def _add_radiograph(figure: go.Figure, source: str, analysis: Analysis, x: str = "x", y: str = "y") -> None:
    figure.add_layout_image(
        source=source,
        xref=x,
        yref=y,
        x=0,
        y=0,
        sizex=analysis.width_px,
        sizey=analysis.height_px,
        sizing="stretch",
        layer="below",
    )
    for cut in _cut_off(analysis):
        corners = {"x0": cut.left, "y0": cut.top, "x1": cut.right, "y1": cut.bottom}
        figure.add_shape(type="rect", xref=x, yref=y, **corners, fillcolor=DIM, line={"width": 0})
    box = analysis.box
    figure.add_shape(
        type="rect",
        xref=x,
        yref=y,
        x0=box.left,
        y0=box.top,
        x1=box.right,
        y1=box.bottom,
        line={"color": NEUTRAL, "width": 1, "dash": "dot"},
    )


def _cut_off(analysis: Analysis) -> list[Box]:
    """The margins that were cut, as up to four rectangles."""
    width, height, inside = analysis.width_px, analysis.height_px, analysis.inside
    sides = (
        Box(0, 0, width, inside.top),
        Box(0, inside.bottom, width, height),
        Box(0, inside.top, inside.left, inside.bottom),
        Box(inside.right, inside.top, width, inside.bottom),
    )
    return [side for side in sides if side.width and side.height]


def _still(figure: go.Figure) -> go.Figure:
    """The same figure, which neither a finger nor a mouse drags out of place: the page scrolls instead."""
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure.update_layout(dragmode=False)


def _heat(
    grey: NDArray[np.uint8], analysis: Analysis, reading: BackboneReading, colour_map: str
) -> go.Heatmap:
    box = analysis.box
    dx, dy = (box.right - box.left) / GRID_PX, (box.bottom - box.top) / GRID_PX
    return go.Heatmap(
        z=upsample(reading.heatmap),
        customdata=_greys(grey, analysis),
        x0=box.left + dx / 2,
        dx=dx,
        y0=box.top + dy / 2,
        dy=dy,
        zmin=0,
        zmax=1,
        zsmooth="fast",
        colorscale=fading(colour_map),
        showscale=False,
        hovertemplate="heat %{z:.2f}<br>grey %{customdata:.2f}<extra></extra>",
    )


def _outline(lungs: NDArray[np.float32], analysis: Analysis) -> go.Contour:
    """A dashed line around the lung fields."""
    rows, columns = lungs.shape
    inside = analysis.inside
    dx, dy = inside.width / columns, inside.height / rows
    return go.Contour(
        z=lungs,
        x0=inside.left + dx / 2,
        dx=dx,
        y0=inside.top + dy / 2,
        dy=dy,
        contours={"start": LUNG, "end": LUNG, "size": 1, "coloring": "lines"},
        line={"dash": "dash", "width": 1.5},
        colorscale=[[0, ACCENT], [1, ACCENT]],
        showscale=False,
        hoverinfo="skip",
    )


def _greys(grey: NDArray[np.uint8], analysis: Analysis) -> NDArray[np.float32]:
    """What is under the heat, on its grid: (GRID_PX, GRID_PX) in [0, 1]."""
    across, down = grey.shape[1] / analysis.width_px, grey.shape[0] / analysis.height_px
    left, top, right, bottom = analysis.box
    box = (left * across, top * down, right * across, bottom * down)
    small = Image.fromarray(grey).resize((GRID_PX, GRID_PX), Image.Resampling.BOX, box=box)
    return np.asarray(small, dtype=np.float32) / np.float32(255)


def _on_black(figure: go.Figure, height_px: int, top_px: int = 0) -> go.Figure:
    return figure.update_layout(
        height=height_px,
        margin={"l": 0, "r": 0, "t": top_px, "b": 0},
        paper_bgcolor="#000000",
        plot_bgcolor="#000000",
        dragmode="zoom",
    )


def heat_scale(colour_map: str) -> go.Figure:
    """The legend of the heat, in words: low to high, on the same black as the radiographs."""
    figure = go.Figure(
        go.Heatmap(
            z=[np.linspace(0, 1, 64)], colorscale=fading(colour_map), showscale=False, hoverinfo="skip"
        )
    )
    for x, anchor, word, colour in (
        (0, "left", "low heat", "#E8EAED"),
        (63, "right", "high heat", "#121417"),
    ):
        figure.add_annotation(x=x, y=0, xanchor=anchor, text=word, showarrow=False, font_color=colour)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return _still(_on_black(figure, 36))


def probabilities_figure(analysis: Analysis) -> go.Figure:
    """One bar a backbone with its threshold, and the ensemble's below."""
    names = [each.backbone.name for each in analysis.readings] + ["Ensemble"]
    values = [each.probability for each in analysis.readings] + [analysis.decision.probability]
    points = [each.threshold for each in analysis.readings] + [analysis.decision.threshold]
    colours = [each.backbone.colour for each in analysis.readings] + [NEUTRAL]
    patterns = [each.backbone.pattern for each in analysis.readings] + [""]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=values,
            orientation="h",
            marker={"color": colours, "pattern": {"shape": patterns}},
            text=[f"{value:.2f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_trace(
        go.Scatter(
            y=names,
            x=points,
            mode="markers",
            marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": NEUTRAL}},
            name="threshold",
            hovertemplate="%{y}: threshold %{x:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1.08], tickvals=[0, 0.25, 0.5, 0.75, 1], title="P(COVID-19) against normal")
    figure.update_yaxes(autorange="reversed")
    return _still(figure).update_layout(
        height=45 * len(names),
        margin={"l": 0, "r": 36, "t": 24, "b": 40},
        bargap=0.35,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.12},
    )


def findings_figure(analysis: Analysis) -> go.Figure:
    """18 scores, the highest on top, with the operating point at 0.5."""
    ranked = sorted(analysis.findings, key=lambda finding: finding.score)
    figure = go.Figure(
        go.Bar(
            y=[finding_name(finding.name) for finding in ranked],
            x=[finding.score for finding in ranked],
            orientation="h",
            marker={
                "color": [ACCENT if finding.score >= 0.5 else NEUTRAL for finding in ranked],
                "pattern": {"shape": ["/" if finding.score >= 0.5 else "" for finding in ranked]},
            },
            text=[f"{finding.score:.2f}" for finding in ranked],
            textposition="outside",
            cliponaxis=False,
            customdata=[[finding.logit, _auc(finding)] for finding in ranked],
            hovertemplate="%{y}: score %{x:.2f}, raw %{customdata[0]:.2f}%{customdata[1]}<extra></extra>",
        )
    )
    figure.add_vline(x=0.5, line_dash="dash", line_color=NEUTRAL)
    figure.add_annotation(x=0.5, y=1, yref="paper", yanchor="bottom", text="operating point", showarrow=False)
    figure.update_xaxes(range=[0, 1.1], tickvals=[0, 0.5, 1])
    return _still(figure).update_layout(
        height=520, margin={"l": 0, "r": 36, "t": 24, "b": 24}, showlegend=False
    )


def _auc(finding: FindingScore) -> str:
    if finding.roc_auc is None:
        return ""
    return f"<br>ROC AUC on phantoms it did not learn from: {finding.roc_auc:.2f}"


def contributions_figure(analysis: Analysis, most: int = 12) -> go.Figure:
    """What each input added to the ensemble's decision value; the smallest in one bar.

    Args:
        analysis: The analysis.
        most: Inputs with a bar of their own.
    """
    parts = analysis.decision.contributions
    rows = [(input_name(part.input), part.contribution) for part in parts[:most]]
    rest = sum(part.contribution for part in parts[most:])
    rows += [(f"{len(parts) - most} others", rest)] if len(parts) > most else []
    rows += [("an average radiograph", analysis.decision.intercept)]
    rows.reverse()
    values = [value for _, value in rows]
    figure = go.Figure(
        go.Bar(
            y=[name for name, _ in rows],
            x=values,
            orientation="h",
            marker={
                "color": [ACCENT if value > 0 else NEUTRAL for value in values],
                "pattern": {"shape": ["/" if value > 0 else "" for value in values]},
            },
            text=[f"{value:+.2f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line_color=NEUTRAL)
    for x, anchor, text in ((0, "right", "← towards normal "), (0, "left", " towards COVID-19 →")):
        figure.add_annotation(
            x=x, y=1, yref="paper", xanchor=anchor, yanchor="bottom", text=text, showarrow=False
        )
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.15 * (high - low)
    figure.update_xaxes(range=[low - room, high + room])
    return _still(figure).update_layout(
        height=440, margin={"l": 0, "r": 36, "t": 24, "b": 24}, showlegend=False
    )


def input_name(name: str) -> str:
    """An ensemble input for people: a backbone's name, or a finding's."""
    return BACKBONE_BY_KEY[name].name if name in BACKBONE_BY_KEY else finding_name(name)
