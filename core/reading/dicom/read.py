"""A DICOM file as an upright greyscale radiograph."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import (
    JPEG2000,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
)

from core.errors import RadiographError
from core.reading.decoded import Decoded, frame_warnings
from core.reading.dicom.colour import channel_greys, palette_greys
from core.reading.dicom.file import DicomFile, parse_dicom
from core.reading.dicom.frames import stored_values
from core.reading.dicom.grey import display_greys, is_inverted
from core.reading.dicom.header import header_warnings
from core.reading.dicom.layout import PLANES, layout_warnings
from core.reading.dicom.pixels import PixelLayout, check_present, pixel_layout, polarity_warnings
from core.reading.dicom.values import numbers, text, texts
from core.reading.limits import check_frame
from core.reading.warning import ReadingWarning

RADIOGRAPHY = frozenset({"CR", "DX", "DR", "RG", "XR"})
CAPTURED = RADIOGRAPHY | {"", "OT", "SC"}
# What is no radiograph of the chest, whatever the class says (PS3.3, C.7.3.1.1.1).
OTHER_MODALITIES = frozenset({"CT", "MR", "US", "NM", "PT", "MG", "XA", "RF", "IO", "PX", "ES", "XC", "BMD"})
RADIOGRAPHY_CLASSES = frozenset(
    {
        ComputedRadiographyImageStorage,
        DigitalXRayImageStorageForPresentation,
        DigitalXRayImageStorageForProcessing,
    }
)
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7."  # and its multi-frame children
LOSSY_JPEG = frozenset({JPEGBaseline8Bit, JPEGExtended12Bit})
LOSSY = LOSSY_JPEG | {JPEG2000}  # which smears as blocks do
CAPTURE = ReadingWarning(
    "secondary_capture", "This is a secondary capture, not an original, so its greys may have been altered."
)


def read_dicom(data: bytes, frame: int = 0) -> Decoded:
    """Reads one frame of a radiograph (PS3.3, A.2, A.26 and A.8).

    Nothing personal is kept: neither private tags nor names, dates or the preamble.

    Args:
        data: The whole file.
        frame: From 0.

    Returns:
        The greys after the modality, VOI and presentation steps, which `details` names.

    Raises:
        RadiographError: If it is damaged, no radiograph, unsupported, or lacks the frame.
    """
    file = parse_dicom(data)
    check_present(file.dataset)
    captured = _check_modality(file.dataset)
    claimed = pixel_layout(file.dataset, "YBR_FULL_422" if file.syntax in LOSSY_JPEG else "RGB")
    polarity = polarity_warnings(file.dataset, claimed)
    check_frame(frame, claimed.frames)
    stored, layout, depth = stored_values(file, claimed, frame)
    suspect = () if file.syntax.is_encapsulated else layout_warnings(stored, layout)
    pixels, scale, more = _greys(stored, file.dataset, layout, suspect)
    warnings = (
        *header_warnings(file.dataset),
        *frame_warnings(frame, layout.frames),
        *captured,
        *file.warnings,
    )
    return Decoded(
        pixels,
        "DICOM",
        tuple(dict.fromkeys((*warnings, *polarity, *depth, *suspect, *more))),
        _spacing_mm(file.dataset),
        _details(file, layout, scale),
        lossy=file.syntax in LOSSY,
        frames=layout.frames,
    )


def _check_modality(dataset: Dataset) -> tuple[ReadingWarning, ...]:
    """The SOP class decides where the modality is odd or missing."""
    named = set(re.split(r"\W+", " ".join(texts(dataset, "Modality", shown=False)).upper()))  # may be several
    modality = text(dataset, "Modality").upper()
    storage = text(dataset, "SOPClassUID")
    if f"{storage}.".startswith(SECONDARY_CAPTURE) and modality in CAPTURED:
        return (CAPTURE,)
    radiograph = bool(named & RADIOGRAPHY) or storage in RADIOGRAPHY_CLASSES
    if radiograph and not named & OTHER_MODALITIES:
        return ()
    kind = f"of modality {modality}" if modality else "of an unnamed modality"
    raise RadiographError(
        f"This DICOM file is {kind}, not a radiograph (CR or DX); choose a chest radiograph."
    )


def _greys(
    stored: NDArray[Any], dataset: Dataset, layout: PixelLayout, suspect: tuple[ReadingWarning, ...]
) -> tuple[NDArray[np.float32], str, tuple[ReadingWarning, ...]]:
    if layout.photometric == "PALETTE COLOR":
        grey, warnings = palette_greys(stored, dataset, layout)
    elif stored.ndim == 2:
        return display_greys(stored, dataset, layout)
    else:
        grey, warnings = channel_greys(stored, layout.bits_stored, scrambled=PLANES in suspect)
    return (1 - grey if is_inverted(dataset, layout) else grey), "channels", warnings


def _spacing_mm(dataset: Dataset) -> float | None:
    """Pixel Spacing that was corrected for magnification; that of the detector says nothing of the patient.

    Equal to Imager Pixel Spacing and uncalibrated, it is the detector's (PS3.3, 10.7.1.3).
    """
    spacing = numbers(dataset, "PixelSpacing")
    detector = spacing == numbers(dataset, "ImagerPixelSpacing") and not text(
        dataset, "PixelSpacingCalibrationType"
    )
    if len(spacing) != 2 or detector or not np.isclose(*spacing, rtol=0.01) or not 0 < spacing[0] < 10:
        return None
    return spacing[0]


def _details(file: DicomFile, layout: PixelLayout, scale: str) -> dict[str, str]:
    facts = {
        "Modality": text(file.dataset, "Modality"),
        "View": text(file.dataset, "ViewPosition"),
        "Body part": text(file.dataset, "BodyPartExamined"),
        "Compression": str(file.syntax.name),
        "Bits": str(layout.bits_stored),
        "Photometric interpretation": layout.photometric,
        "Grey scale": scale,
    }
    return {name: fact for name, fact in facts.items() if fact}
