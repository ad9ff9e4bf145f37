"""Labelled sets of small drawings, as somebody would bring them."""

from __future__ import annotations

import io
import zipfile

import numpy as np
from PIL import Image


def zipped(patients: int, size_px: int = 140) -> bytes:
    """A ZIP with a table: two radiographs of so many ill and as many healthy patients, and one of pneumonia.

    Args:
        patients: Of either class.
        size_px: Of the square pictures.
    """
    random, file, rows = np.random.default_rng(0), io.BytesIO(), ["file,label,patient"]
    with zipfile.ZipFile(file, "w") as archive:
        for label, count in (("covid", patients), ("normal", patients), ("pneumonia", 1)):
            for number in range(2 * count):
                name = f"{label}-{number}.png"
                grey = np.linspace(20, 200, size_px)[None, :] + random.normal(0, 20, (size_px, size_px))
                picture = io.BytesIO()
                Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(picture, "PNG")
                archive.writestr(name, picture.getvalue())
                rows.append(f"{name},{label},{label}{number // 2}")
        archive.writestr("labels.csv", "\n".join(rows))
    return file.getvalue()
