"""What a network was shown, divided into the places of its last map, of which one is chosen."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from core.analysis.results import Analysis
from core.display.scene import cells_scene
from core.explain.method import Map
from pages.components.media import address
from pages.components.parts import read_parts

Place = tuple[int, int]  # row and column, from 0

_cells = st.components.v2.component("cells", **read_parts(Path(__file__).parent))


def cells(analysis: Analysis, heat: Map, chosen: Place, key: str, label: str) -> Place:
    """The places to choose from.

    Args:
        analysis: Of the radiograph.
        heat: (rows, columns), in [0, 1].
        chosen: The place that is chosen.
        key: Of the element.
        label: What it is, for who hears the page.

    Returns:
        What was chosen here last, if it is a place of this map; else `chosen`.
    """
    told = _cells(
        key=key,
        data={**cells_scene(analysis, heat, partial(address, key)), "chosen": list(chosen), "label": label},
        on_cell_change=lambda: None,
    )
    return _place(told.cell, heat.shape) or chosen


def _place(told: Any, shape: tuple[int, ...]) -> Place | None:
    """A place out of what a browser sent, which may be anything."""
    if not isinstance(told, list) or len(told) != 2 or not all(type(each) is int for each in told):
        return None
    row, column = told
    return (row, column) if 0 <= row < shape[0] and 0 <= column < shape[1] else None
