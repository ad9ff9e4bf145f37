"""One radiograph and its heatmaps as the viewer takes them: small, and the same for the same case.

All coordinates are pixels of the upright radiograph: across, then down, from its upper left corner.
"""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb
from skimage import measure

from core.analysis.results import Analysis, BackboneReading
from core.display import wording
from core.display.style import NEUTRAL
from core.margins import Box
from core.models.lungs import LUNG

COLOUR_MAPS = (
    "Inferno",
    "Viridis",
    "Cividis",
    "Magma",
)  # all even in lightness, also to colour-blind readers

MAX_PICTURE_BYTES = 440_000  # encoded; in base64, with all else, a scene stays below 700 KB
QUALITIES = (95, 90, 85, 75, 60)  # of JPEG, best first: the first that fits is taken
DEPTH = 8  # bits a grey
EVERY = 2  # of the points of an outline, which has two for each of the lung network's places, are sent


@dataclass(frozen=True, eq=False)
class Picture:
    """A radiograph for the eye; encoded once, for a page runs again with each click.

    Attributes:
        grey: (h, w), uint8, scaled down where the radiograph is large.
        seen: (size, size), uint8: what the networks were shown; None where they were not asked.
        spacing_mm: Between pixels of the whole radiograph, in the patient; None where nobody vouches for it.
        own_greys: Whether the radiograph's own greys are 8 bits deep, and these, unless they are scaled down.
    """

    grey: NDArray[np.uint8]
    seen: NDArray[np.uint8] | None = None
    spacing_mm: float | None = None
    own_greys: bool = True

    @cached_property
    def uri(self) -> str:
        """The greys as a data URI: exactly as they are if that fits, else as the best JPEG that does."""
        return encode(self.grey)

    def exact(self, width_px: int, height_px: int) -> bool:
        """Whether it shows a radiograph of this size grey by grey."""
        same_size = self.grey.shape == (height_px, width_px)
        return self.own_greys and same_size and self.uri.startswith("data:image/png")

    @cached_property
    def seen_uri(self) -> str | None:
        """What the networks were shown, exactly, as a data URI."""
        return None if self.seen is None else _uri("png", _encoded(self.seen, "PNG"))

    @cached_property
    def identity(self) -> str:
        """The same for the same picture, whatever its file is called."""
        return hashlib.sha256(self.uri.encode()).hexdigest()[:16]


def encode(grey: NDArray[np.uint8], max_bytes: int = MAX_PICTURE_BYTES) -> str:
    """Greys as a data URI.

    Args:
        grey: (h, w), uint8.
        max_bytes: Of the file; beyond the lowest of `QUALITIES` it may be exceeded.

    Returns:
        A lossless PNG where it fits, else a JPEG.
    """
    lossless = _encoded(grey, "PNG")
    if len(lossless) <= max_bytes:
        return _uri("png", lossless)
    for quality in QUALITIES:
        compressed = _encoded(grey, "JPEG", quality=quality)
        if len(compressed) <= max_bytes:
            break
    return _uri("jpeg", compressed)


def build_scene(picture: Picture, analysis: Analysis, key: str) -> dict[str, Any]:
    """All that the viewer shows, fit for JSON; nothing in it depends on thresholds or on the page.

    Args:
        picture: The radiograph for the eye.
        analysis: What the models say.
        key: Under which the browser keeps how somebody looks at it.

    Returns:
        `key`; `id` of the picture; `width` and `height` of the radiograph in pixels, and `mm_per_px` or None;
        `picture` and `seen`, data URIs, the latter or None; `depth` of the picture in bits: up to 8 lie in
        each channel, deeper greys in two, their high byte in red and their low one in green; `exact`, whether
        these are the radiograph's own greys, neither scaled down nor compressed with a loss; `frame` and
        `inside`, left, top, right and bottom; `lungs`, polygons of points; `maps`, 256 times red, green and
        blue in base64 by name; `panes`, the plain one first, each with `name`, `detail`, `colour`, `alt`,
        and `heat`: None, or `rows`, `columns` and `values` from 0 to 255, in base64, row by row,
        stretched over the frame.
    """
    return {
        "key": key,
        "id": picture.identity,
        "width": analysis.width_px,
        "height": analysis.height_px,
        "depth": DEPTH,
        "exact": picture.exact(analysis.width_px, analysis.height_px),
        "mm_per_px": picture.spacing_mm,
        "picture": picture.uri,
        "seen": picture.seen_uri,
        "frame": list(analysis.box),
        "inside": list(analysis.inside),
        "lungs": [] if analysis.lungs is None else outlines(analysis.lungs, analysis.inside),
        "maps": colour_tables(),
        "panes": [_plain_pane(), *(_pane(reading) for reading in analysis.readings)],
    }


def outlines(lungs: NDArray[np.float32], inside: Box) -> list[list[list[int]]]:
    """Lines around the lung fields.

    Args:
        lungs: Each place's probability of lung field, (rows, columns), stretched over `inside`.
        inside: The part of the radiograph that was read.

    Returns:
        Closed polygons, each a list of points across and down.
    """
    rows, columns = lungs.shape
    padded = np.pad(lungs, 1)  # so that a line along the border closes, too
    found: list[NDArray[np.float64]] = measure.find_contours(padded, LUNG)  # type: ignore[no-untyped-call]
    scale = np.array([inside.height / rows, inside.width / columns])
    corner = (inside.top, inside.left)
    lines = [((each - 0.5) * scale + corner)[:, ::-1] for each in found]
    return [np.rint(np.vstack([each[::EVERY], each[-1:]])).astype(int).tolist() for each in lines]


@cache
def colour_tables() -> dict[str, str]:
    """Each colour map as 256 times red, green and blue, one byte each, in base64."""
    shares = np.linspace(0, 1, 256).tolist()
    tables = {name: sample_colorscale(get_colorscale(name), shares) for name in COLOUR_MAPS}
    return {
        name: _base64(np.rint([unlabel_rgb(colour) for colour in table]).astype(np.uint8).tobytes())
        for name, table in tables.items()
    }


def _plain_pane() -> dict[str, Any]:
    return {
        "name": "Radiograph",
        "detail": "",
        "colour": NEUTRAL,
        "alt": "The radiograph without heat.",
        "heat": None,
    }


def _pane(reading: BackboneReading) -> dict[str, Any]:
    rows, columns = reading.heatmap.shape
    return {
        "name": reading.backbone.name,
        "detail": f"{reading.probability:.2f}",
        "colour": reading.backbone.colour,
        "alt": wording.heat(reading),
        "heat": {
            "rows": rows,
            "columns": columns,
            "values": _base64(np.rint(reading.heatmap * 255).astype(np.uint8).tobytes()),
        },
    }


def _encoded(grey: NDArray[np.uint8], kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, format=kind, **options)
    return file.getvalue()


def _uri(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{_base64(data)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
