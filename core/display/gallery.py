"""Many small maps of one radiograph, fit for JSON: over the part of it that a network was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.display.overlay import small_greys
from core.display.picture import Picture
from core.display.scene import COLOUR_MAPS, Address, MapPane, colour_tables, map_pane
from core.display.what_if import png
from core.margins import Box
from core.once import once

LONGEST_PX = 640


def gallery_scene(
    picture: Picture, width_px: int, frame: Box, panes: Mapping[str, MapPane], address: Address
) -> dict[str, Any]:
    """What the gallery shows.

    Args:
        picture: The radiograph for the eye.
        width_px: Of the radiograph.
        frame: What the maps lie over, in its pixels.
        panes: By key.
        address: As of `build_scene`.

    Returns:
        `picture`, the address of that part of the radiograph; `shape`, its width by its height; `colours`, a
        colour map; `tiles`, each with `key` and what a pane of `build_scene` has.
    """
    greys = _greys(picture)
    left, top, right, bottom = (round(end * greys.shape[1] / width_px) for end in frame)
    return {
        "picture": address("picture", png(greys[top:bottom, left:right]), "image/png"),
        "shape": round(frame.width / frame.height, 4),
        "colours": colour_tables()[COLOUR_MAPS[0]],
        "tiles": [{"key": key, **map_pane(pane)} for key, pane in panes.items()],
    }


@once
def _greys(picture: Picture) -> NDArray[np.uint8]:
    return small_greys(picture, LONGEST_PX)
