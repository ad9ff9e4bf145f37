"""Plotly figures of a radiograph: heat in perceptually even maps, on black."""

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
from core.display.style import ACCENT, NEUTRAL, still
from core.margins import Box
from core.models.lungs import LUNG

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
    return still(_on_black(figure, height_px))


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
    return still(_on_black(figure, 36))
