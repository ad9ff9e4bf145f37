"""A phantom to take along: as DICOM, and its truth."""

from __future__ import annotations

import json

from core.phantom.render import Phantom
from core.phantom.truth import SYNTHETIC, truth_of


def save_dicom(phantom: Phantom, word: str) -> bytes:
    """A phantom as a DICOM file, marked synthetic; the library that writes it is loaded with the first one.

    Args:
        phantom: What to write.
        word: Its recipe's.
    """
    from core.phantom.dicom import dicom_file

    return dicom_file(phantom, f"{word}/{phantom.spec.size_px}")


def save_truth(phantom: Phantom, word: str) -> str:
    """Its truth as JSON, with the recipe that renders it again.

    Args:
        phantom: What is true of it.
        word: Its recipe's.
    """
    return json.dumps({"format": 1, "note": SYNTHETIC, "recipe": word, **truth_of(phantom)}, indent=1) + "\n"
