"""The front door for every radiograph: the bytes of a file in, an upright greyscale image out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import RadiographError
from core.reading.decoded import Decoded
from core.reading.filetypes import DICOM, FileType, file_type, named_type
from core.reading.limits import check_bytes, check_contrast, check_size
from core.reading.raster.read import read_raster
from core.reading.text import display_name
from core.reading.warning import ReadingWarning

__all__ = ["Radiograph", "display_name", "pixels_to_display", "read_radiograph", "scaled_greys"]


@dataclass(frozen=True, eq=False)
class Radiograph:
    """A radiograph as the networks and the reader see it.

    Attributes:
        name: Of the file, fit to be shown as plain text; never markup.
        pixels: (height, width), float32 in [0, 1], bright where dense (as in MONOCHROME2), read-only.
        warnings: What the reader has to know about the file.
        source_format: "PNG", "JPEG", "TIFF", "WebP", "BMP", "MPO" or "DICOM".
        spacing_mm: Between pixels in the patient; None where the file does not vouch for it.
        details: Facts about the file for display, none of them personal.
        lossy: Whether the greys went through a compression that smears edges.
        frames: How many pictures of equal standing the file holds, of which this is one.
    """

    name: str
    pixels: NDArray[np.float32]
    warnings: tuple[ReadingWarning, ...]
    source_format: str
    spacing_mm: float | None
    details: dict[str, str]
    lossy: bool = False
    frames: int = 1


def read_radiograph(data: bytes, name: str, frame: int = 0) -> Radiograph:
    """Reads a radiograph in any of the formats.

    Training and serving both read through here, so that both see the same greys. An 8-bit image is
    exactly its values divided by 255.

    Args:
        data: The whole file.
        name: As uploaded; used for display and to notice a misleading extension, never to decide the type.
        frame: Which frame of a DICOM file, or page of a TIFF, that holds several, from 0.

    Returns:
        The radiograph; `pixels` of 12 to 32 bits are scaled by the file's window, else from their own range.

    Raises:
        RadiographError: If it cannot be read as a radiograph; the message is one sentence for people.
    """
    kind = _admit(data, name)
    try:
        decoded = _read_dicom(data, frame) if kind.reader == "dicom" else read_raster(data, frame)
    except MemoryError as error:
        raise RadiographError(
            "The image takes too much memory to read; scale it down and try again."
        ) from error
    height, width = decoded.pixels.shape
    check_size(width, height)
    check_contrast(decoded.pixels)
    return _radiograph(decoded, name, kind)


def _read_dicom(data: bytes, frame: int) -> Decoded:
    """Loads the DICOM libraries where files are decoded, not in the server that only passes them on."""
    from core.reading.dicom.read import read_dicom

    return read_dicom(data, frame)


def _admit(data: bytes, name: str) -> FileType:
    if not data:
        raise RadiographError("The file is empty; choose the radiograph again.")
    check_bytes(len(data))
    kind = file_type(data)
    if named_type(name) is DICOM and kind is not DICOM:
        raise RadiographError(f"This is not a DICOM file but {kind.name}; {_remedy(kind)}.")
    if kind.reader is None:
        raise RadiographError(
            f"This file is {kind.name}, which cannot be read as a radiograph; {kind.remedy}."
        )
    return kind


def _remedy(kind: FileType) -> str:
    return "give it the extension of its real type" if kind.reader else kind.remedy


def _radiograph(decoded: Decoded, name: str, kind: FileType) -> Radiograph:
    pixels = np.ascontiguousarray(decoded.pixels)
    pixels.flags.writeable = False
    height, width = pixels.shape
    claimed = named_type(name)
    misnamed = ReadingWarning("misnamed", f"The name says otherwise, but the file is {kind.name}.")
    return Radiograph(
        name=display_name(name),
        pixels=pixels,
        warnings=(*decoded.warnings, misnamed) if claimed not in (None, kind) else decoded.warnings,
        source_format=decoded.source_format,
        spacing_mm=decoded.spacing_mm,
        details={"Format": decoded.source_format, "Size": f"{width} x {height} px", **decoded.details},
        lossy=decoded.lossy,
        frames=decoded.frames,
    )


def pixels_to_display(radiograph: Radiograph, longest_px: int) -> NDArray[np.uint8]:
    """A radiograph's greys for a figure, (h, w), uint8: as `scaled_greys` has them in 8 bits."""
    return scaled_greys(radiograph, longest_px, 8).astype(np.uint8, copy=False)


def scaled_greys(
    radiograph: Radiograph, longest_px: int, depth: int
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """A radiograph's greys for the eye, scaled down but never up, its aspect ratio kept.

    Args:
        radiograph: Any size.
        longest_px: Of the longer side, at most.
        depth: Bits a grey, 8 to 16.

    Returns:
        (h, w), below 2 to the power of `depth`: uint8 up to 8 bits, uint16 beyond.
    """
    white = 2**depth - 1
    whole = radiograph.pixels * np.float32(white)
    # Pillow scales deep greys as floats, which may swing beyond both ends, and takes longer.
    grey = Image.fromarray(np.rint(whole).astype(np.uint8) if depth == 8 else whole)
    scale = min(1.0, longest_px / max(grey.size))
    size = (max(1, round(grey.width * scale)), max(1, round(grey.height * scale)))
    scaled = np.asarray(grey.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
    return scaled if depth == 8 else np.rint(np.clip(scaled, 0, white)).astype(np.uint16)
