"""One frame of a DICOM file, out of native or compressed pixels: its stored values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless

from core.decoded import DAMAGED
from core.dicom_depth import DEPTH, align
from core.dicom_file import DECODERS, DICOM_ERRORS, DicomFile
from core.dicom_pixels import PixelLayout
from core.errors import RadiographError
from core.raster_jpeg import decode_deep, read_header
from core.results import ReadingWarning
from core.strict import warnings_as_errors

COMPONENTS = (
    "The compressed image has {} components, although its header says {}; export the radiograph as PNG."
)
COLOUR_STREAM = ReadingWarning(
    "colour_stream",
    "The image is called grey but was compressed in colour; it was read as grey.",
)
MISMATCH = "The image's pixels do not match the size in its header; export the radiograph again."
BYTES_AFTER_END = 16  # of padding behind a codestream's end mark


class Codestream(NamedTuple):
    """What a compressed frame says about itself."""

    columns: int
    rows: int
    samples: int
    precision: int


def stored_values(
    file: DicomFile, layout: PixelLayout, frame: int
) -> tuple[NDArray[Any], PixelLayout, tuple[ReadingWarning, ...]]:
    """Decodes one frame.

    Args:
        file: As parsed.
        layout: Of its pixels.
        frame: From 0.

    Returns:
        (rows, columns) integers, or (rows, columns, 3) in RGB; the layout that they have, which need not be
        the one that the header gives; and warnings.

    Raises:
        RadiographError: If the pixels are incomplete, disagree with the header, or cannot be decompressed.
    """
    try:
        if not file.syntax.is_encapsulated:
            _trim(file.dataset, layout)
            values, warnings = align(_decode(file, layout, frame, cells=True), file.dataset, layout)
            return values, layout, warnings
        encoded = _encoded_frame(file.dataset, layout, frame)
        if file.syntax == RLELossless:
            values, warnings = align(_decode(file, layout, frame, cells=True), file.dataset, layout)
            return values, layout, warnings
        layout, warnings = _follow_stream(file, layout, encoded)
        return _decode_stream(file, layout, frame, encoded), layout, warnings
    except DICOM_ERRORS as error:
        raise RadiographError(DAMAGED) from error


def codestream(frame: bytes) -> Codestream | None:
    """Reads size and depth from a JPEG, JPEG-LS or JPEG 2000 header (T.81 B.2.2, T.87 C.2.2, T.800 A.5.1)."""
    start = frame.find(b"\xff\x4f\xff\x51")
    if start >= 0 and not frame.startswith(b"\xff\xd8"):
        right, bottom, left, top = (
            int.from_bytes(frame[start + i : start + i + 4], "big") for i in (8, 12, 16, 20)
        )
        samples = int.from_bytes(frame[start + 40 : start + 42], "big")
        return Codestream(right - left, bottom - top, samples, (frame[start + 42] & 0x7F) + 1)
    offset = 2
    while offset + 10 <= len(frame) and frame[offset] == 0xFF:
        marker = frame[offset + 1]
        if marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            rows, columns = (int.from_bytes(frame[offset + i : offset + i + 2], "big") for i in (5, 7))
            return Codestream(columns, rows, frame[offset + 9], frame[offset + 4])
        offset += 2 + int.from_bytes(frame[offset + 2 : offset + 4], "big") if marker != 0xFF else 1
    return None


def _trim(dataset: Dataset, layout: PixelLayout) -> None:
    """Cuts padding off the end of the pixels; anything else there means that the header is wrong.

    Raises:
        RadiographError: If pixels are missing, or there are more than the header gives.
    """
    data, expected = dataset["PixelData"].value, layout.frame_bytes * layout.frames
    rest = data[expected:]
    if len(data) < expected:
        raise RadiographError(DAMAGED)
    if len(rest) > expected % 2 and len(set(rest)) > 1:
        raise RadiographError(MISMATCH)
    dataset["PixelData"].value = data[:expected] + b"\0" * (expected % 2)


def _encoded_frame(dataset: Dataset, layout: PixelLayout, frame: int) -> bytes:
    for table in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        dataset.pop(table, None)  # so that the decoder finds the same frame
    return get_frame(dataset["PixelData"].value, frame, number_of_frames=layout.frames)


def _follow_stream(
    file: DicomFile, layout: PixelLayout, encoded: bytes
) -> tuple[PixelLayout, tuple[ReadingWarning, ...]]:
    """Holds what a compressed frame says of itself against the header, before it is decoded.

    Returns:
        The layout that the frame has, and a warning where the header says otherwise.

    Raises:
        RadiographError: If the frame is damaged, of another size, or deeper than its cells.
    """
    stream = codestream(encoded)
    if stream is None or b"\xff\xd9" not in encoded[-BYTES_AFTER_END:]:
        raise RadiographError(DAMAGED)
    if (stream.columns, stream.rows) != (layout.columns, layout.rows):
        raise RadiographError(MISMATCH)
    if stream.samples != layout.samples:
        if (stream.samples, layout.samples) != (3, 1) or stream.precision != 8:
            raise RadiographError(COMPONENTS.format(stream.samples, layout.photometric))
        return replace(layout, samples=3, photometric="YBR_FULL_422", planar=0), (COLOUR_STREAM,)
    if stream.precision > layout.bits_allocated:
        raise RadiographError(DAMAGED)
    if stream.precision > layout.high_bit + 1:
        return replace(layout, bits_stored=stream.precision, high_bit=stream.precision - 1), (DEPTH,)
    return layout, ()


def _decode_stream(file: DicomFile, layout: PixelLayout, frame: int, encoded: bytes) -> NDArray[Any]:
    stream = codestream(encoded)
    if file.syntax in (JPEGExtended12Bit, JPEGBaseline8Bit) and stream and stream.precision > 8:
        return _deep_jpeg(encoded)
    values = _decode(file, layout, frame, cells=False)
    shift = layout.high_bit + 1 - layout.bits_stored
    return values >> shift if shift else values


def _deep_jpeg(encoded: bytes) -> NDArray[Any]:
    header = read_header(encoded)
    if header is None:
        raise RadiographError(DAMAGED)
    return decode_deep(encoded, header)


def _decode(file: DicomFile, layout: PixelLayout, frame: int, *, cells: bool) -> NDArray[Any]:
    """Decodes with pydicom: whole cells, unsigned, or values of the layout's depth."""
    decoder = get_decoder(file.syntax)
    options: dict[str, Any] = {"bits_stored": layout.high_bit + 1}
    if cells:
        options = {"bits_stored": layout.bits_allocated, "pixel_representation": 0}
    with warnings_as_errors("pydicom", except_for=".*Photometric Interpretation"):
        values: NDArray[Any] = decoder.as_array(
            _completed(file.dataset, layout),
            index=frame,
            decoding_plugin=DECODERS[file.syntax],
            **options,
        )[0]
    return values


def _completed(dataset: Dataset, layout: PixelLayout) -> Dataset:
    """The dataset as the decoder needs it, with what the header left out."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = layout.samples, layout.photometric
    dataset.BitsStored, dataset.HighBit = layout.bits_stored, layout.high_bit
    dataset.PixelRepresentation = int(layout.signed)
    dataset.NumberOfFrames = layout.frames
    if layout.samples > 1:
        dataset.PlanarConfiguration = layout.planar
    return dataset
