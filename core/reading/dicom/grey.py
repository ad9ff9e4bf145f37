"""DICOM's grey scale: stored values through the modality, VOI and presentation steps to [0, 1].

Every step is a function of a single value, so all of them run on a table of the at most 65,536
values that a frame can hold, and the pixels are looked up in it once (PS3.4, annex N.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.margins import crop, find_inside
from core.reading.decoded import DEPTH
from core.reading.dicom.lut import LookupTable, as_signed, integers, lookup_table
from core.reading.dicom.pixels import PixelLayout
from core.reading.dicom.values import DICOM_ERRORS, holds, numbers, text
from core.reading.greyscale import robust_range, stretch
from core.reading.limits import has_contrast
from core.reading.warning import ReadingWarning

Values = NDArray[np.float64]
Step = Callable[[Values], Values]

PERCENTILES = "robust percentiles"
# Of black to white that a window has to use, less the darkest and brightest half per cent: one that leaves
# two bits unused was made for deeper values.
MIN_SPAN = 0.25
MAX_SATURATED = 0.9  # of all pixels, black or white under a window
WINDOW_IGNORED = ReadingWarning(
    "window_ignored",
    "The file's window or lookup table cannot be used; the greys were scaled from their own range.",
)


def display_greys(
    stored: NDArray[Any], dataset: Dataset, layout: PixelLayout
) -> tuple[NDArray[np.float32], str, tuple[ReadingWarning, ...]]:
    """Applies the file's own grey scale, or robust percentiles where it has none that works.

    Args:
        stored: (rows, columns), integer.
        dataset: The header.
        layout: Of the pixels.

    Returns:
        (rows, columns) float32 in [0, 1], bright where dense; which scale was used; warnings.
    """
    lowest = int(stored.min())
    index = stored.astype(np.int32) - lowest
    box = find_inside(stored, tolerance=0)  # a margin of constant value leaves the scale of its inside alone
    counts = np.bincount(crop(index, box).ravel(), minlength=int(index.max()) + 1).astype(np.int64)
    padding = _padding(dataset, layout) - lowest
    background = 0 <= padding < counts.size and counts.sum() > counts[padding]
    if background:
        counts[padding] = 0
    table, description, warnings = _table(lowest, counts, dataset, layout)
    if is_inverted(dataset, layout):
        table = 1 - table
    if background:
        table[padding] = 0
    return table[index], description, warnings


def is_inverted(dataset: Dataset, layout: PixelLayout) -> bool:
    """Whether low values are bright; MONOCHROME1 with the shape INVERSE says so twice and means it once."""
    return layout.photometric == "MONOCHROME1" or text(dataset, "PresentationLUTShape").upper() == "INVERSE"


def _table(
    lowest: int, counts: NDArray[np.int64], dataset: Dataset, layout: PixelLayout
) -> tuple[NDArray[np.float32], str, tuple[ReadingWarning, ...]]:
    values = np.arange(lowest, lowest + counts.size, dtype=np.float64)
    modality = _modality(dataset, layout)
    modal = modality(values) if modality else values
    claimed = _claims_voi(dataset)
    if voi := _voi(dataset, layout):
        step, description, warnings = voi
        table = np.clip(step(modal), 0, 1).astype(np.float32)
        if _shows_the_picture(table, counts):
            return table, description, warnings
    elif not claimed and modality is None and layout.bits_stored == 8 and lowest >= 0 and values[-1] <= 255:
        return (values / 255).astype(np.float32), "8 bit", ()
    table = stretch(modal, *robust_range(modal, counts))
    return table, PERCENTILES, (WINDOW_IGNORED,) if claimed else ()


def _shows_the_picture(table: NDArray[np.float32], counts: NDArray[np.int64]) -> bool:
    """Whether a window or table was made for values like these, and not for others of another depth."""
    low, high = robust_range(table.astype(np.float64), counts)
    saturated = counts[(table <= 0) | (table >= 1)].sum() / counts.sum()
    return has_contrast(table[counts > 0]) and high - low >= MIN_SPAN and saturated <= MAX_SATURATED


def _claims_voi(dataset: Dataset) -> bool:
    """Whether the file holds a window or table, rather than none or an empty element."""
    return any(holds(dataset, keyword) for keyword in ("VOILUTSequence", "WindowWidth", "WindowCenter"))


def _padding(dataset: Dataset, layout: PixelLayout) -> int:
    """Pixel Padding Value (PS3.3, C.7.5.1.1.2); far outside where there is none."""
    value = integers(dataset, "PixelPaddingValue")
    return as_signed(value[0], layout) if value else -(2**31)


def _modality(dataset: Dataset, layout: PixelLayout) -> Step | None:
    if table := _table_of(dataset, "ModalityLUTSequence", layout):
        return table
    slope, intercept = numbers(dataset, "RescaleSlope"), numbers(dataset, "RescaleIntercept")
    scale = slope[0] if slope and np.isfinite(slope[0]) and slope[0] else 1.0
    offset = intercept[0] if intercept and np.isfinite(intercept[0]) else 0.0
    if (scale, offset) == (1.0, 0.0):
        return None
    return lambda values: values * scale + offset


def _voi(dataset: Dataset, layout: PixelLayout) -> tuple[Step, str, tuple[ReadingWarning, ...]] | None:
    if table := _table_of(dataset, "VOILUTSequence", layout):
        white = 2**table.depth - 1
        warnings = (DEPTH,) if table.depth != table.bits else ()
        return lambda values: table(values) / white, "VOI LUT sequence", warnings
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    if not centres or not widths or not np.isfinite([centres[0], widths[0]]).all():
        return None
    function = text(dataset, "VOILUTFunction").upper() or "LINEAR"
    step = _window(centres[0], widths[0], function)
    description = f"window {centres[0]:g} / {widths[0]:g} ({function.lower().replace('_', ' ')})"
    return (step, description, ()) if step else None


def _window(centre: float, width: float, function: str) -> Step | None:
    """PS3.3, C.11.2.1.2.1 and C.11.2.1.3, with the output range [0, 1]."""
    if function == "LINEAR" and width > 1:
        return lambda values: (values - (centre - 0.5)) / (width - 1) + 0.5
    if function == "LINEAR_EXACT" and width > 0:
        return lambda values: (values - centre) / width + 0.5
    if function == "SIGMOID" and width > 0:
        return lambda values: 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    return None


def _table_of(dataset: Dataset, keyword: str, layout: PixelLayout) -> LookupTable | None:
    """The first table of a sequence."""
    try:
        items = dataset.get(keyword)
        return lookup_table(items[0], layout) if items else None
    except DICOM_ERRORS:
        return None
