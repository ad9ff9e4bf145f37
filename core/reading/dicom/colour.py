"""Colours in DICOM, as greys where they are a radiograph's: palettes and three channels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut

from core.errors import RadiographError
from core.reading.decoded import DEPTH
from core.reading.dicom.depth import value_depth
from core.reading.dicom.lut import lookup_table
from core.reading.dicom.pixels import PixelLayout
from core.reading.dicom.values import DICOM_ERRORS
from core.reading.greyscale import LUMA, colour_warnings, luma
from core.reading.limits import DAMAGED
from core.reading.warning import ReadingWarning

Greys = tuple[NDArray[np.float32], tuple[ReadingWarning, ...]]


def grey_of_colours(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[ReadingWarning, ...]]:
    """The greys of a picture that should have had one channel.

    Args:
        rgb: (rows, columns, 3).

    Returns:
        (rows, columns), and warnings of marks or a tint.

    Raises:
        RadiographError: If it is a colour photograph.
    """
    warnings = colour_warnings(rgb)
    if (rgb == rgb[..., :1]).all():
        return rgb[..., 0].copy(), warnings
    return np.rint(luma(rgb)).astype(np.uint8), warnings


def channel_greys(stored: NDArray[Any], declared: int, *, scrambled: bool = False) -> Greys:
    """The greys of three channels, as deep as their values are.

    Args:
        stored: (rows, columns, 3), in RGB.
        declared: Bits of a value, as the header says.
        scrambled: Whether the channels are known not to belong together, so that their colours say nothing.

    Returns:
        (rows, columns), float32 in [0, 1], and warnings.

    Raises:
        RadiographError: If it is a colour photograph.
    """
    depth = value_depth(int(stored.max()), declared)
    white = 2**depth - 1
    warnings: tuple[ReadingWarning, ...] = (DEPTH,) if depth != declared else ()
    if not scrambled:
        warnings += colour_warnings(_eight_bits(stored, white))
    equal = bool((stored == stored[..., :1]).all())
    grey = stored[..., 0].astype(np.float32) if equal else luma(stored)
    return np.clip(grey / np.float32(white), 0, 1), warnings


def palette_greys(stored: NDArray[Any], dataset: Dataset, layout: PixelLayout) -> Greys:
    """The greys of palette colours (PS3.3, C.7.6.3.1.5 and C.7.9), looked up once for each value.

    Args:
        stored: (rows, columns), numbers of colours.
        dataset: The header, with its tables.
        layout: Of the pixels.

    Returns:
        (rows, columns), float32 in [0, 1], and warnings.

    Raises:
        RadiographError: If a table is missing or too short, or it is a colour photograph.
    """
    lowest = int(stored.min())
    colours, declared = _palette(np.arange(lowest, int(stored.max()) + 1), dataset, layout)
    depth = value_depth(int(colours.max()), declared)
    share = colours / np.float32(2**depth - 1)
    index = stored.astype(np.int32) - lowest
    warnings = colour_warnings(np.rint(share * 255).astype(np.uint8)[index])
    equal = bool((colours == colours[:, :1]).all())
    grey = np.clip(share[:, 0] if equal else share @ LUMA, 0, 1).astype(np.float32)
    return grey[index], ((DEPTH, *warnings) if depth != declared else warnings)


def _palette(
    values: NDArray[np.intp], dataset: Dataset, layout: PixelLayout
) -> tuple[NDArray[np.float64], int]:
    """(n, 3) entries for n values, and the bits that the descriptor gives them."""
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        return _segmented(values, dataset)
    tables = [
        lookup_table(
            dataset, layout, f"{each}PaletteColorLookupTableDescriptor", f"{each}PaletteColorLookupTableData"
        )
        for each in ("Red", "Green", "Blue")
    ]
    found = [table for table in tables if table]
    if len(found) < len(tables):
        raise RadiographError(DAMAGED)
    at = values.astype(np.float64)
    return np.stack([table(at) for table in found], axis=-1), found[0].bits


def _segmented(values: NDArray[np.intp], dataset: Dataset) -> tuple[NDArray[np.float64], int]:
    try:
        colours = apply_color_lut(values.reshape(1, -1), dataset)[0, :, :3]
    except DICOM_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    return colours.astype(np.float64), 8 * colours.dtype.itemsize


def _eight_bits(stored: NDArray[Any], white: int) -> NDArray[np.uint8]:
    """Channel by channel, since all in floating point would take too much memory."""
    rgb = np.empty(stored.shape, dtype=np.uint8)
    for channel in range(3):
        scaled = stored[..., channel].astype(np.float32) * np.float32(255 / white)
        rgb[..., channel] = np.rint(np.clip(scaled, 0, 255))
    return rgb
