"""Many small maps of one picture, of which the one that is pointed at is shown large."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import streamlit as st

from core.display.gallery import gallery_scene
from core.display.picture import Picture
from core.display.scene import MapPane
from core.margins import Box
from pages.components.media import address
from pages.components.parts import read_parts

_gallery = st.components.v2.component("gallery", **read_parts(Path(__file__).parent))


def gallery(
    picture: Picture,
    width_px: int,
    frame: Box,
    panes: Mapping[str, MapPane],
    chosen: str,
    key: str,
    label: str,
) -> str:
    """The maps to point at and to choose from.

    Args:
        picture: The radiograph for the eye.
        width_px: Of the radiograph.
        frame: What the maps lie over, in its pixels.
        panes: By key.
        chosen: Key of the one that is chosen.
        key: Of the element.
        label: What it is, for who hears the page.

    Returns:
        Key of the one that was chosen here last; else `chosen`.
    """
    scene = gallery_scene(picture, width_px, frame, panes, partial(address, key))
    told = _gallery(
        key=key, data={**scene, "chosen": chosen, "label": label}, on_chosen_change=lambda: None
    ).chosen
    return told if isinstance(told, str) and told in panes else chosen
