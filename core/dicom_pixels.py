"""DICOM's pixels: from a checked header to the stored values of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGExtended12Bit, RLELossless

from core.decoded import DAMAGED, NO_CONTRAST, check_size
from core.dicom_file import DECODERS, DICOM_ERRORS, DicomFile, integer, text, unsupported
from core.errors import RadiographError
from core.strict import warnings_as_errors

MOST_FRAMES = 1000
MISMATCH = "The image's pixels do not match the size in its header; export the radiograph again."
BYTES_AFTER_END = 16  # of padding behind a codestream's end mark

PHOTOMETRIC = {
    "MONOCHROME1": 1,
    "MONOCHROME2": 1,
    "PALETTE COLOR": 1,
    "RGB": 3,
    "YBR_FULL": 3,
    "YBR_FULL_422": 3,
    "YBR_ICT": 3,
    "YBR_RCT": 3,
}


@dataclass(frozen=True)
class PixelLayout:
    """The Image Pixel module (PS3.3, C.7.6.3), checked."""

    rows: int
    columns: int
    samples: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int
    frames: int

    @property
    def frame_bytes(self) -> int:
        """Of one uncompressed frame."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated // 8


class Codestream(NamedTuple):
    """What a compressed frame says about itself."""

    columns: int
    rows: int
    samples: int
    precision: int


def pixel_layout(dataset: Dataset) -> PixelLayout:
    """Reads and checks the layout, before any pixel is decoded.

    Raises:
        RadiographError: If there is no image, or its layout is missing, impossible, too large or unsupported.
    """
    _check_present(dataset)
    bits_stored = integer(dataset, "BitsStored")
    layout = PixelLayout(
        rows=integer(dataset, "Rows"),
        columns=integer(dataset, "Columns"),
        samples=integer(dataset, "SamplesPerPixel", 1),
        bits_allocated=integer(dataset, "BitsAllocated"),
        bits_stored=bits_stored,
        high_bit=integer(dataset, "HighBit", bits_stored - 1),
        signed=bool(integer(dataset, "PixelRepresentation", 0)),
        photometric=text(dataset, "PhotometricInterpretation"),
        planar=integer(dataset, "PlanarConfiguration", 0),
        frames=integer(dataset, "NumberOfFrames", 1) or 1,
    )
    _check_layout(layout)
    return layout


def stored_values(file: DicomFile, layout: PixelLayout, frame: int) -> NDArray[Any]:
    """Decodes one frame.

    Args:
        file: As parsed.
        layout: Of its pixels.
        frame: From 0.

    Returns:
        (rows, columns) integers, or (rows, columns, 3) in RGB.

    Raises:
        RadiographError: If the pixels are incomplete, disagree with the header, or cannot be decompressed.
    """
    try:
        if file.syntax.is_encapsulated:
            _check_frame(file, layout, frame)
        else:
            _check_native_length(file.dataset, layout)
        return _decode(file, layout, frame)
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


def _check_present(dataset: Dataset) -> None:
    if "PixelData" in dataset:
        return
    promised = "Rows" in dataset or "Image Storage" in UID(text(dataset, "SOPClassUID")).name
    if promised and "EncapsulatedDocument" not in dataset:
        raise RadiographError(DAMAGED)
    raise RadiographError("The DICOM file contains no image; choose the radiograph of this examination.")


def _check_layout(layout: PixelLayout) -> None:
    check_size(layout.columns, layout.rows)
    if layout.photometric not in PHOTOMETRIC:
        raise RadiographError(
            "The DICOM image uses an unsupported kind of pixels"
            f" ({layout.photometric or 'unnamed'}); export it as PNG."
        )
    if layout.bits_allocated == 1:
        raise RadiographError(NO_CONTRAST)
    if layout.bits_allocated not in (8, 16):
        raise RadiographError(
            f"The DICOM image has {layout.bits_allocated} bits a pixel, which is unsupported; export as PNG."
        )
    if layout.samples != PHOTOMETRIC[layout.photometric] or layout.planar not in (0, 1):
        raise RadiographError(DAMAGED)
    if not layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated or layout.bits_stored < 1:
        raise RadiographError(DAMAGED)
    if not 1 <= layout.frames <= MOST_FRAMES:
        raise RadiographError(
            f"The DICOM file claims {layout.frames} frames, too many for a radiograph; export a single one."
        )


def _check_native_length(dataset: Dataset, layout: PixelLayout) -> None:
    expected = layout.frame_bytes * layout.frames
    excess = len(dataset["PixelData"].value) - expected
    if excess not in (0, expected % 2):
        raise RadiographError(MISMATCH if excess > 0 else DAMAGED)


def _check_frame(file: DicomFile, layout: PixelLayout, frame: int) -> None:
    """Holds what a compressed frame says of itself against the header, before it is decoded."""
    for table in (
        "ExtendedOffsetTable",
        "ExtendedOffsetTableLengths",
    ):  # the decoder must find the same frame
        file.dataset.pop(table, None)
    encoded = get_frame(file.dataset["PixelData"].value, frame, number_of_frames=layout.frames)
    if file.syntax == RLELossless:
        return
    stream = codestream(encoded)
    if stream is None or b"\xff\xd9" not in encoded[-BYTES_AFTER_END:]:
        raise RadiographError(DAMAGED)
    if (stream.columns, stream.rows, stream.samples) != (layout.columns, layout.rows, layout.samples):
        raise RadiographError(MISMATCH)
    if file.syntax in (JPEGExtended12Bit, JPEGBaseline8Bit) and stream.precision > 8:
        raise unsupported(file.syntax)
    if stream.precision > layout.bits_allocated:
        raise RadiographError(DAMAGED)


def _decode(file: DicomFile, layout: PixelLayout, frame: int) -> NDArray[Any]:
    decoder = get_decoder(file.syntax)
    options: dict[str, Any] = {"bits_stored": layout.high_bit + 1}
    with warnings_as_errors("pydicom", except_for=".*Photometric Interpretation"):
        values: NDArray[Any] = decoder.as_array(
            file.dataset,
            index=frame,
            decoding_plugin=DECODERS[file.syntax],
            **options,
        )[0]
    shift = layout.high_bit + 1 - layout.bits_stored
    return values >> shift if shift else values
