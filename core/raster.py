"""PNG, JPEG, TIFF, WebP, BMP and HEIC: bytes to greys, with every limit checked before decoding."""

from __future__ import annotations

from core.decoded import Decoded, check_frame
from core.filetypes import BMP, HEIC, JPEG, PNG, TIFF, file_type
from core.raster_bmp import read_bmp
from core.raster_heic import read_heic
from core.raster_jpeg import read_jpeg
from core.raster_pillow import read_with_pillow
from core.raster_png import read_png
from core.raster_tiff import read_tiff

READERS = {PNG: read_png, JPEG: read_jpeg, BMP: read_bmp, HEIC: read_heic}


def read_raster(data: bytes, frame: int = 0) -> Decoded:
    """Decodes one image; of its metadata only the orientation is used, and all are dropped.

    Args:
        data: The whole file, of one of the types that `core.filetypes` gives to this reader.
        frame: Which page of a TIFF, from 0; other files have one picture, or one that is their main one.

    Returns:
        8-bit values are divided by 255; deeper ones are scaled from the range that they use.

    Raises:
        RadiographError: If it is damaged, too large, too small, bilevel, in colour, animated, of a kind
            that nothing here reads, or without this page.
    """
    kind = file_type(data)
    if kind is TIFF:
        return read_tiff(data, frame)
    check_frame(frame, 1)
    return READERS.get(kind, read_with_pillow)(data)
