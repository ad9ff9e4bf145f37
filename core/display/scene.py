"""One radiograph and its heatmaps as the viewer takes them: small, and the same for the same case.

All coordinates are pixels of the upright radiograph: across, then down, from its upper left corner.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import get_colorscale, sample_colorscale, unlabel_rgb
from skimage import measure

from core.analysis.results import Analysis, BackboneReading
from core.display import wording
from core.display.picture import Picture
from core.display.style import NEUTRAL
from core.margins import Box
from core.models.lungs import LUNG
from core.once import once
from core.phantom.render import Phantom
from core.phantom.truth import SYNTHETIC

COLOUR_MAPS = (
    "Inferno",
    "Viridis",
    "Cividis",
    "Magma",
)  # all even in lightness, also to colour-blind readers

REFUSED = "The gate refuses this picture: what the networks made of it all the same means nothing."
EVERY = 2  # of the points of an outline, which has two for each of the lung network's places, are sent


Address = Callable[[str, bytes, str], str]


@dataclass(frozen=True, eq=False)
class MapPane:
    """One map beside others of the same radiograph.

    Attributes:
        name: Of the pane.
        detail: Beside the name, in a few letters.
        colour: Of its dot, as CSS has it.
        alt: What it shows, in words.
        heat: (rows, columns), in [0, 1]; None for the plain radiograph.
    """

    name: str
    detail: str
    colour: str
    alt: str
    heat: NDArray[np.float32] | None


def build_scene(
    picture: Picture,
    analysis: Analysis,
    key: str,
    address: Address,
    *,
    sharp: Picture | None = None,
    spacing_mm: float | None = None,
) -> dict[str, Any]:
    """All that the viewer shows, fit for JSON; nothing in it depends on thresholds.

    Args:
        picture: The radiograph for the eye.
        analysis: What the models say.
        key: Under which the browser keeps how somebody looks at it.
        address: Says where the browser finds something: takes its name, which nothing else in this viewer
            has, its bytes, and their media type.
        sharp: The radiograph for whoever zooms; None until somebody does.
        spacing_mm: Between pixels of the whole radiograph, in the patient; None where nobody vouches for it.

    Returns:
        `key`; `id` of the picture; `width` and `height` of the radiograph in pixels, and `mm_per_px` or None;
        `picture` and `sharp`, the latter or None, each with what `Packed` says of itself, the `url` of its
        data, and `exact`, whether its greys are the radiograph's own; `more`, whether there is a sharper one
        to ask for; `seen`, the address of what the networks were shown, or None; `frame` and `inside`, left,
        top, right and bottom; `lungs` and `lesions`, polygons of points, the latter known of phantoms alone;
        `maps`, 256 times red, green and blue in base64 by name; `foot`, sentences for below a picture that
        is saved; `sides`, whether the patient's sides are named; `own_scale`, whether maps can be scaled to
        their own peaks alone; `panes`, the plain one first, each with
        `name`, `detail`, `colour`, `alt`, `sure`, the probability of COVID-19, and `heat`: None, or `rows`,
        `columns` and `values` from 0 to 255, in base64, row by row, stretched over the frame.
    """
    return {
        "key": key,
        "id": picture.identity,
        "width": analysis.width_px,
        "height": analysis.height_px,
        "mm_per_px": spacing_mm,
        "picture": _sheet(picture, "picture", address),
        "sharp": sharp and _sheet(sharp, "sharp", address),
        "more": picture.is_worth_more(analysis.width_px),
        "seen": (seen := _seen(analysis)) and address("seen", seen, "image/png"),
        "frame": list(analysis.box),
        "inside": list(analysis.inside),
        "lungs": [] if analysis.lungs is None else outlines(analysis.lungs, analysis.inside),
        "lesions": [],
        "maps": colour_tables(),
        "sides": not analysis.refused,  # of what is no upright frontal chest nobody knows them
        "own_scale": False,
        "group": "",
        "foot": [*([REFUSED] if analysis.refused else []), wording.DISCLAIMER],
        "panes": [_plain_pane(), *(_pane(reading) for reading in analysis.readings)],
    }


def build_maps_scene(scene: dict[str, Any], panes: Sequence[MapPane], frame: Box) -> dict[str, Any]:
    """The same radiograph with other maps, which share no unit: each is scaled to its own peak.

    Args:
        scene: From `build_scene`.
        panes: Shown behind the plain one.
        frame: What the maps lie over.
    """
    maps = [map_pane(each) for each in panes]
    return {**scene, "frame": list(frame), "own_scale": True, "panes": [_plain_pane(), *maps]}


def cells_scene(analysis: Analysis, heat: NDArray[np.float32], address: Address) -> dict[str, Any]:
    """A map as places to choose from, over what the networks were shown; fit for JSON.

    Args:
        analysis: Of the radiograph.
        heat: (rows, columns), in [0, 1].
        address: As of `build_scene`.

    Returns:
        `rows`, `columns`, `heat` row by row, `seen` as of `build_scene`, and `colours`, a colour map.
    """
    seen = _seen(analysis)
    return {
        "rows": heat.shape[0],
        "columns": heat.shape[1],
        "heat": [round(float(each), 3) for each in heat.ravel()],
        "seen": seen and address("seen", seen, "image/png"),
        "colours": colour_tables()[COLOUR_MAPS[0]],
    }


def build_phantom_scene(
    phantom: Phantom,
    picture: Picture,
    frame: Box,
    key: str,
    address: Address,
    *,
    truth: bool,
    group: str = "",
) -> dict[str, Any]:
    """A phantom without any heat, as `build_scene` has it; no network need have been asked.

    Args:
        phantom: With its truth.
        picture: It, for the eye.
        frame: What of it the networks see.
        key: Under which the browser keeps how somebody looks at it.
        address: As of `build_scene`.
        truth: Whether the outlines of its lungs and lesions are shown.
        group: Viewers of one follow each other's zoom and window; empty for one by itself.
    """
    height, width = phantom.pixels.shape
    whole = Box(0, 0, width, height)
    lesion = np.logical_or.reduce([*phantom.masks.values(), np.zeros_like(phantom.lungs)])
    masks = (phantom.lungs, lesion) if truth else ()
    lungs, lesions = [outlines(each.astype(np.float32), whole) for each in masks] or ([], [])
    return {
        "key": key,
        "id": picture.identity,
        "width": width,
        "height": height,
        "mm_per_px": phantom.spacing_mm,
        "picture": _sheet(picture, "picture", address),
        "sharp": None,
        "more": False,
        "seen": None,
        "frame": list(frame),
        "inside": list(whole),
        "lungs": lungs,
        "lesions": lesions,
        "maps": colour_tables(),
        "sides": True,
        "own_scale": False,
        "group": group,
        "foot": [SYNTHETIC, wording.DISCLAIMER],
        "panes": [_plain_pane()],
    }


def _sheet(picture: Picture, name: str, address: Address) -> dict[str, Any]:
    packed = picture.packed
    return {
        "url": address(name, packed.data, "application/gzip"),
        "width": packed.width,
        "height": packed.height,
        "depth": packed.depth,
        "steps": [list(level) for level in packed.steps],
        "exact": picture.exact,
    }


@once
def _seen(analysis: Analysis) -> bytes | None:
    """What the networks were shown, exactly, as a PNG file."""
    if analysis.seen is None:
        return None
    file = io.BytesIO()
    Image.fromarray(analysis.seen).save(file, format="PNG")
    return file.getvalue()


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
    return {name: _base64(colour_table(name).tobytes()) for name in COLOUR_MAPS}


@cache
def colour_table(name: str) -> NDArray[np.uint8]:
    """A colour map, one of `COLOUR_MAPS`: (256, 3), red, green and blue from no heat to the most."""
    colours = sample_colorscale(get_colorscale(name), np.linspace(0, 1, 256).tolist())
    return np.rint([unlabel_rgb(colour) for colour in colours]).astype(np.uint8)


def _plain_pane() -> dict[str, Any]:
    return {
        "name": "Radiograph",
        "detail": "",
        "colour": NEUTRAL,
        "alt": "The radiograph without heat.",
        "sure": 0.0,
        "heat": None,
    }


def _pane(reading: BackboneReading) -> dict[str, Any]:
    return {
        "name": reading.backbone.name,
        "detail": f"{reading.probability:.2f}",
        "colour": reading.backbone.colour,
        "alt": wording.heat(reading),
        "sure": round(reading.probability, 4),
        "heat": _heat(reading.heatmap),
    }


def map_pane(pane: MapPane) -> dict[str, Any]:
    """A map as `build_scene` has its panes."""
    return {
        "name": pane.name,
        "detail": pane.detail,
        "colour": pane.colour,
        "alt": pane.alt,
        "sure": 1.0,
        "heat": None if pane.heat is None else _heat(pane.heat),
    }


def _heat(heat: NDArray[np.float32]) -> dict[str, Any]:
    rows, columns = heat.shape
    values = np.rint(heat * 255).astype(np.uint8)
    return {"rows": rows, "columns": columns, "values": _base64(values.tobytes())}


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
