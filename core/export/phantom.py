"""A phantom to take along: as DICOM, and its truth."""

from __future__ import annotations

import json
from dataclasses import asdict

from scipy import ndimage

from core.phantom.recipe import Recipe, recipe_word
from core.phantom.render import Phantom
from core.phantom.truth import SYNTHETIC, box_around, truth_of
from core.vocabulary import FINDINGS

SMALLEST_PIECE = 0.0005  # of the picture: below that are specks at a lesion's soft edge


def save_dicom(phantom: Phantom, word: str) -> bytes:
    """A phantom as a DICOM file, marked synthetic; the library that writes it is loaded with the first one.

    Args:
        phantom: What to write.
        word: Its recipe's.
    """
    from core.phantom.dicom import dicom_file

    return dicom_file(phantom, f"{word}/{phantom.spec.size_px}")


def save_truth(phantom: Phantom, recipe: Recipe) -> str:
    """Its truth as JSON: all that was set, the word that restores it, and each finding piece by piece.

    Args:
        phantom: What is true of it.
        recipe: Of it: extent and density in per cent, habitus and inspiration in standard deviations,
            rotation in degrees, exposure in stops.
    """
    pieces = {
        name: [
            box_around(labelled == number + 1)
            for number, size in enumerate(ndimage.sum_labels(mask, labelled, range(1, count + 1)))
            if size >= SMALLEST_PIECE * mask.size
        ]
        for name, mask in phantom.masks.items()
        if name in FINDINGS
        for labelled, count in (ndimage.label(mask),)
    }
    truth = {"format": 2, "note": SYNTHETIC, "recipe": recipe_word(recipe), "set": asdict(recipe)}
    return json.dumps(truth | truth_of(phantom) | {"pieces": pieces}, indent=1) + "\n"
