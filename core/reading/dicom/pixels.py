"""What a DICOM header says of its pixels, checked before any of them is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID

from core.errors import RadiographError
from core.reading.dicom.values import holds, integer, text
from core.reading.limits import DAMAGED, NO_CONTRAST, check_size
from core.reading.warning import ReadingWarning

MAX_FRAMES = 1000

POLARITY = ReadingWarning(
    "photometric", "The file does not say whether its low values are dark; they were taken for that."
)

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
    def is_grey(self) -> bool:
        """Whether a value is a grey, rather than a colour or the number of one."""
        return self.photometric.startswith("MONOCHROME")

    @property
    def frame_bytes(self) -> int:
        """Of one uncompressed frame."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated // 8


def pixel_layout(dataset: Dataset, colours: str = "RGB") -> PixelLayout:
    """Reads and checks the layout, before any pixel is decoded.

    What a header leaves out is what is plain: whole cells, unsigned, low values dark.

    Args:
        dataset: The header.
        colours: The photometric interpretation of three samples where the header does not say.

    Raises:
        RadiographError: If there is no image, or its layout is missing, impossible, too large or unsupported.
    """
    check_present(dataset)
    allocated, bits_stored, high_bit = _bits(dataset)
    samples = integer(dataset, "SamplesPerPixel", 1)
    layout = PixelLayout(
        rows=integer(dataset, "Rows"),
        columns=integer(dataset, "Columns"),
        samples=samples,
        bits_allocated=allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        signed=bool(integer(dataset, "PixelRepresentation", 0)),
        photometric=_photometric(dataset) or ("MONOCHROME2" if samples == 1 else colours),
        planar=integer(dataset, "PlanarConfiguration", 0),
        frames=integer(dataset, "NumberOfFrames", 1) or 1,
    )
    _check_layout(layout)
    return layout


def polarity_warnings(dataset: Dataset, layout: PixelLayout) -> tuple[ReadingWarning, ...]:
    """Whether the file says which end of its greys is dark."""
    said = _photometric(dataset) or text(dataset, "PresentationLUTShape")
    return (POLARITY,) if layout.is_grey and not said else ()


def _photometric(dataset: Dataset) -> str:
    """As it is, in capitals; the old name for greys does not say which end is dark."""
    named = text(dataset, "PhotometricInterpretation").upper()
    return "" if named == "MONOCHROME" else named


def _bits(dataset: Dataset) -> tuple[int, int, int]:
    """Bits allocated and stored, and the high bit; what is missing or impossible follows from the others."""
    allocated = integer(dataset, "BitsAllocated", 0)
    high_bit = integer(dataset, "HighBit", -1)
    stored = integer(dataset, "BitsStored", high_bit + 1) or allocated
    allocated = allocated or (8 if stored <= 8 else 16)
    return allocated, stored, high_bit if stored - 1 <= high_bit < allocated else stored - 1


def check_present(dataset: Dataset) -> None:
    """Refuses, by its true name, a file that holds no pixels of a kind that can be read.

    Raises:
        RadiographError: If there are none.
    """
    if holds(dataset, "PixelData"):
        return
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise RadiographError(
            "The DICOM image holds floating-point pixels, which are unsupported; export it as PNG."
        )
    if "DirectoryRecordSequence" in dataset:
        raise RadiographError(
            "This is a DICOMDIR, a list of files; choose one of the radiographs that it lists."
        )
    promised = "Rows" in dataset or "Image Storage" in UID(text(dataset, "SOPClassUID")).name
    if promised and "EncapsulatedDocument" not in dataset:
        raise RadiographError(
            "The DICOM file contains no image, or breaks off before it; export the radiograph again."
        )
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
            f"The DICOM image has {layout.bits_allocated} bits a pixel, which is unsupported; "
            "export it as PNG."
        )
    if layout.photometric in ("YBR_FULL", "YBR_FULL_422") and layout.bits_allocated > 8:
        raise RadiographError(
            f"The DICOM image uses an unsupported kind of pixels ({layout.photometric} of"
            f" {layout.bits_allocated} bits); export it as PNG."
        )
    if layout.samples != PHOTOMETRIC[layout.photometric] or layout.planar not in (0, 1):
        raise RadiographError(DAMAGED)
    if not 1 <= layout.bits_stored <= layout.bits_allocated:
        raise RadiographError(DAMAGED)
    if not 1 <= layout.frames <= MAX_FRAMES:
        raise RadiographError(
            f"The DICOM file claims {layout.frames} frames, too many for a radiograph; export a single one."
        )
