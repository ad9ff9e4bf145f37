"""What is true of a phantom, as files hold it; and its picture as a PNG file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from scipy import ndimage

from core.phantom.render import Phantom
from core.phantom.scene import Mask
from core.vocabulary import FINDINGS

SYNTHETIC = "Synthetic: rendered from a random seed, no patient."


def truth_of(phantom: Phantom) -> dict[str, Any]:
    """A phantom's truth in plain JSON types, with a rectangle around each finding and around the lungs."""
    height, width = phantom.pixels.shape
    return {
        "label": phantom.label,
        "seed": phantom.spec.seed,
        "width_px": width,
        "height_px": height,
        "findings": [name for name in FINDINGS if name in phantom.findings],
        "extent": round(phantom.extent, 3),
        "extent_score": phantom.extent_score,
        "opacity_score": round(phantom.opacity_score, 2),
        "boxes": {
            "Lungs": box_around(phantom.lungs),
            **{name: box_around(phantom.masks[name]) for name in FINDINGS if name in phantom.masks},
        },
    }


def box_around(mask: Mask) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a mask that is not empty; right and bottom are exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def pieces(mask: Mask, least_px: float) -> list[Mask]:
    """The connected pieces of a mask, (height, width) each, in reading order; those below an area are none.

    Args:
        mask: (height, width).
        least_px: The area.
    """
    labelled, _ = ndimage.label(mask)
    areas = np.bincount(labelled.ravel())[1:]
    return [labelled == number for number in np.flatnonzero(areas >= least_px) + 1]


def png_file(phantom: Phantom) -> bytes:
    """A phantom's picture in 8 bits, which says of itself that it is synthetic."""
    info, file = PngInfo(), io.BytesIO()
    info.add_text("Comment", SYNTHETIC)
    Image.fromarray(eight_bits(phantom)).save(file, "PNG", pnginfo=info, compress_level=1)
    return file.getvalue()


def eight_bits(phantom: Phantom) -> NDArray[np.uint8]:
    """Its greys as a PNG file has them, (height, width)."""
    return np.rint(phantom.pixels * 255).astype(np.uint8)
