"""A phantom to take along: as PNG, as DICOM, and its truth."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from core.phantom.recipe import Recipe, recipe_word
from core.phantom.render import Phantom
from core.phantom.truth import SYNTHETIC, box_around, pieces, png_file, truth_of
from core.vocabulary import FINDINGS

SMALLEST_PIECE = 0.0005  # of the picture: below that are specks at a lesion's soft edge
Save = Callable[[Phantom, Recipe], str | bytes]


def save_png(phantom: Phantom, _: Recipe) -> bytes:
    """A phantom as a PNG file, marked synthetic."""
    return png_file(phantom)


def save_dicom(phantom: Phantom, recipe: Recipe) -> bytes:
    """A phantom as a DICOM file, marked synthetic; the library that writes it is loaded with the first one.

    Args:
        phantom: What to write.
        recipe: Of it.
    """
    from core.phantom.dicom import dicom_file

    return dicom_file(phantom, f"{recipe_word(recipe)}/{phantom.spec.size_px}")


def save_truth(phantom: Phantom, recipe: Recipe) -> str:
    """Its truth as JSON: all that was set, the word that restores it, and each finding piece by piece.

    Args:
        phantom: What is true of it.
        recipe: Of it: extent and density in per cent, habitus and inspiration in standard deviations,
            rotation in degrees, exposure in stops.
    """
    boxes = {
        name: [box_around(piece) for piece in pieces(mask, SMALLEST_PIECE * mask.size)]
        for name, mask in phantom.masks.items()
        if name in FINDINGS
    }
    truth = {"format": 2, "note": SYNTHETIC, "recipe": recipe_word(recipe), "set": asdict(recipe)}
    return json.dumps(truth | truth_of(phantom) | {"pieces": boxes}, indent=1) + "\n"


# What can be saved: its label, what its file's name ends in, its media type, and how it is made.
FILES: tuple[tuple[str, str, str, Save], ...] = (
    ("PNG", "png", "image/png", save_png),
    ("DICOM", "dcm", "application/dicom", save_dicom),
    ("Truth, JSON", "json", "application/json", save_truth),
)
