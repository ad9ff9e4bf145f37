"""One frame of a DICOM file, out of native or compressed pixels: its stored values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from core.errors import RadiographError
from core.reading.decoded import DEPTH
from core.reading.dicom.colour import grey_of_colours
from core.reading.dicom.depth import align
from core.reading.dicom.file import DicomFile
from core.reading.dicom.pixels import PixelLayout
from core.reading.dicom.syntax import JPEG
from core.reading.dicom.values import DICOM_ERRORS
from core.reading.library_warnings import warnings_as_errors
from core.reading.limits import DAMAGED
from core.reading.raster.jpeg import decode_deep, read_header
from core.reading.warning import ReadingWarning

# Which plugin of pydicom decodes which transfer syntax. Pinned, because others (pylibjpeg) return half an
# image from half a codestream without a word. JPEG of one component, or lossless, is decoded by imagecodecs:
# Pillow knows 8 bits only, and gdcm ends the process over some depths.
PLUGINS = {
    ImplicitVRLittleEndian: "",
    ExplicitVRLittleEndian: "",
    ExplicitVRBigEndian: "",
    DeflatedExplicitVRLittleEndian: "",
    RLELossless: "pydicom",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "pillow",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pillow",
    JPEG2000: "pillow",
}

COMPONENTS = "The compressed image has {} {}, although its header says {}; export the radiograph as PNG."
COLOUR_STREAM = ReadingWarning(
    "colour_stream",
    "The image is called grey but was compressed in colour; it was read as grey.",
)
MISMATCH = "The image's pixels do not match the size in its header; export the radiograph again."
BYTES_AFTER_END = 16  # of padding behind a codestream's end mark
LOSSLESS_PROCESS = 0xC3  # its frame header (T.81, table B.1)


class Codestream(NamedTuple):
    """What a compressed frame says about itself.

    Attributes:
        columns: In pixels.
        rows: In pixels.
        samples: Components.
        precision: Bits of a sample.
        process: The marker that begins its frame header in a JPEG; 0 in JPEG 2000.
    """

    columns: int
    rows: int
    samples: int
    precision: int
    process: int = 0


Frame = tuple[NDArray[Any], PixelLayout, tuple[ReadingWarning, ...]]


def stored_values(file: DicomFile, layout: PixelLayout, frame: int) -> Frame:
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
        cells, layout, warnings = _cells(file, layout, frame)
        if cells.shape[:2] != (layout.rows, layout.columns):
            raise RadiographError(DAMAGED)
        values, more = align(cells, file.dataset, layout)
    except DICOM_ERRORS as error:
        raise RadiographError(DAMAGED) from error
    return values, layout, tuple(dict.fromkeys((*warnings, *more)))


def _cells(file: DicomFile, layout: PixelLayout, frame: int) -> Frame:
    """The whole cells, unsigned, in which the values lie."""
    if not file.syntax.is_encapsulated:
        _trim(file.dataset, layout)
        return _decode(file, layout, frame, whole_cells=True), layout, ()
    encoded = _encoded_frame(file.dataset, layout, frame)
    if file.syntax == RLELossless:
        return _decode(file, layout, frame, whole_cells=True), layout, ()
    stream = _checked_stream(encoded, layout)
    layout, warnings = _follow_stream(stream, layout)
    if stream.samples == 3 and layout.samples == 1:
        grey, more = grey_of_colours(_decode_colours(file, stream, layout, frame, encoded))
        return grey, layout, (COLOUR_STREAM, *warnings, *more)
    values = _decode_stream(file, stream, layout, frame, encoded)
    unsigned = values.view(f"u{values.dtype.itemsize}")
    return unsigned.astype(f"u{layout.bits_allocated // 8}", copy=False), layout, warnings


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
            return Codestream(columns, rows, frame[offset + 9], frame[offset + 4], marker)
        offset += 2 + int.from_bytes(frame[offset + 2 : offset + 4], "big") if marker != 0xFF else 1
    return None


def _trim(dataset: Dataset, layout: PixelLayout) -> None:
    """Cuts off what follows the pixels, unless it shows that the header gives another size than they have.

    Raises:
        RadiographError: If pixels are missing, or there is at least a line more than the header gives.
    """
    data, expected = dataset["PixelData"].value, layout.frame_bytes * layout.frames
    if len(data) < expected:
        raise RadiographError(DAMAGED)
    rest = data[expected:]
    line = layout.frame_bytes // max(layout.rows, layout.columns)
    if len(rest) >= line and len(set(rest)) > 1:
        raise RadiographError(MISMATCH)
    dataset["PixelData"].value = data[:expected] + b"\0" * (expected % 2)


def _encoded_frame(dataset: Dataset, layout: PixelLayout, frame: int) -> bytes:
    for table in ("ExtendedOffsetTable", "ExtendedOffsetTableLengths"):
        dataset.pop(table, None)  # so that the decoder finds the same frame
    return get_frame(dataset["PixelData"].value, frame, number_of_frames=layout.frames)


def _checked_stream(encoded: bytes, layout: PixelLayout) -> Codestream:
    """What a compressed frame says of itself, held against the header before it is decoded.

    Raises:
        RadiographError: If the frame is damaged, of another size, or of another kind.
    """
    stream = codestream(encoded)
    if stream is None or b"\xff\xd9" not in encoded[-BYTES_AFTER_END:]:
        raise RadiographError(DAMAGED)
    if (stream.columns, stream.rows) != (layout.columns, layout.rows):
        raise RadiographError(MISMATCH)
    grey_in_colour = stream.samples == 3 and stream.precision == 8 and layout.is_grey
    if stream.samples != layout.samples and not grey_in_colour:
        noun = "component" if stream.samples == 1 else "components"
        raise RadiographError(COMPONENTS.format(stream.samples, noun, layout.photometric))
    return stream


def _follow_stream(stream: Codestream, layout: PixelLayout) -> tuple[PixelLayout, tuple[ReadingWarning, ...]]:
    """Room for all bits of the frame's own precision, with a warning where its cells have too few."""
    if stream.precision <= layout.bits_allocated:
        return layout, ()
    deeper = replace(layout, bits_allocated=16, bits_stored=stream.precision, high_bit=stream.precision - 1)
    return deeper, (DEPTH,)


def _decode_stream(
    file: DicomFile, stream: Codestream, layout: PixelLayout, frame: int, encoded: bytes
) -> NDArray[Any]:
    """(rows, columns), or (rows, columns, 3) in RGB."""
    if stream.samples == 3 and file.syntax in JPEG:
        return _decode_colours(file, stream, layout, frame, encoded)
    if file.syntax in JPEG:
        return _whole_jpeg(encoded)
    deep = replace(layout, bits_stored=max(layout.high_bit + 1, stream.precision))
    return _decode(file, deep, frame, whole_cells=False)


def _decode_colours(
    file: DicomFile, stream: Codestream, layout: PixelLayout, frame: int, encoded: bytes
) -> NDArray[Any]:
    """(rows, columns, 3) in RGB, whatever the header says of them."""
    if file.syntax in JPEG:
        values = _whole_jpeg(encoded)
        if stream.process == LOSSLESS_PROCESS and layout.photometric.startswith("YBR"):
            return convert_color_space(values, "YBR_FULL", "RGB")
        if stream.process == LOSSLESS_PROCESS or layout.samples == 1 or stream.precision > 8:
            return values
    photometric = layout.photometric if layout.samples == 3 else "RGB"
    return _decode(file, replace(layout, samples=3, photometric=photometric), frame, whole_cells=False)


def _whole_jpeg(encoded: bytes) -> NDArray[Any]:
    """Decodes a JPEG of 2 to 16 bits, lossless or not (T.81), and makes sure that nothing is missing."""
    header = read_header(encoded)
    if header is None:
        raise RadiographError(DAMAGED)
    return decode_deep(encoded, header)


def _decode(file: DicomFile, layout: PixelLayout, frame: int, *, whole_cells: bool) -> NDArray[Any]:
    """Decodes with pydicom: whole cells, unsigned, or values of the layout's depth and sign."""
    decoder = get_decoder(UID(file.syntax))
    options: dict[str, Any] = {"bits_stored": layout.bits_stored}
    if whole_cells:
        options = {"bits_stored": layout.bits_allocated, "pixel_representation": 0}
    with warnings_as_errors("pydicom", except_for=".*Photometric Interpretation"):
        values: NDArray[Any] = decoder.as_array(
            _completed(file.dataset, layout),
            index=frame,
            decoding_plugin=PLUGINS[file.syntax],
            **options,
        )[0]
    return values


def _completed(dataset: Dataset, layout: PixelLayout) -> Dataset:
    """The dataset as the decoder needs it, with what the header left out."""
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = layout.samples, layout.photometric
    dataset.BitsAllocated = layout.bits_allocated
    dataset.BitsStored, dataset.HighBit = layout.bits_stored, layout.high_bit
    dataset.PixelRepresentation = int(layout.signed)
    dataset.NumberOfFrames = layout.frames
    if layout.samples > 1:
        dataset.PlanarConfiguration = layout.planar
    return dataset
