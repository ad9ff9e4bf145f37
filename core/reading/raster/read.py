"""PNG, JPEG, TIFF, WebP, BMP and HEIC: bytes to greys, with every limit checked before decoding."""

from __future__ import annotations

from core.reading.decoded import Decoded
from core.reading.filetypes import BMP, HEIC, JPEG, PNG, TIFF, file_type
from core.reading.limits import check_frame
from core.reading.raster.bmp import read_bmp
from core.reading.raster.heic import read_heic
from core.reading.raster.jpeg import read_jpeg
from core.reading.raster.png import read_png
from core.reading.raster.tiff import read_tiff
from core.reading.raster.with_pillow import read_with_pillow

READERS = {PNG: read_png, JPEG: read_jpeg, BMP: read_bmp, HEIC: read_heic}


def read_raster(data: bytes, frame: int = 0) -> Decoded:
    """Decodes one image; of its metadata only the orientation is used, and all are dropped.

    Args:
        data: The whole file, of one of the types that `core.reading.filetypes` gives to this reader.
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
