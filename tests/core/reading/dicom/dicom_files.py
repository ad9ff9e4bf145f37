"""DICOM files for tests: built from a dataset, read, and looked at."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from core.errors import RadiographError
from core.reading.radiograph import Radiograph, read_radiograph

HEIGHT, WIDTH = 160, 200
CR, DX, SC, CT = (f"1.2.840.10008.5.1.4.1.1.{i}" for i in ("1", "1.1", "7", "2"))
_rows, _columns = np.mgrid[0:HEIGHT, 0:WIDTH]
RAMP = (_rows + _columns) / (HEIGHT + WIDTH - 2)
GREY = np.rint(RAMP * 255).astype(np.uint8)
TWELVE = np.rint(RAMP * 4095).astype(np.uint16)


def dataset(stored: np.ndarray[Any, Any] = TWELVE, bits: int | None = None, **elements: Any) -> Dataset:
    """A radiograph's dataset; elements are added, replaced, or with None removed."""
    size = stored.dtype.itemsize
    header = Dataset()
    header.update(
        {
            "SOPClassUID": CR,
            "Modality": "CR",
            "PatientName": "Mabuse^Dr",
            "Rows": stored.shape[0],
            "Columns": stored.shape[1],
            "SamplesPerPixel": stored.shape[2] if stored.ndim == 3 else 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsAllocated": 8 * size,
            "BitsStored": bits or (12 if size == 2 else 8),
            "PixelRepresentation": int(stored.dtype.kind == "i"),
            "PixelData": stored.tobytes(),
        }
    )
    header.HighBit = header.BitsStored - 1
    header["PixelData"].VR = "OW" if size == 2 else "OB"
    for keyword, value in elements.items():
        if value is None:
            del header[keyword]
        else:
            setattr(header, keyword, value)
    return header


def write(header: Dataset, syntax: UID = ExplicitVRLittleEndian, preamble: bytes = bytes(128)) -> bytes:
    """The file of a dataset; what is compressed is written explicit little endian under its own syntax."""
    native = syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
    header.file_meta = FileMetaDataset()
    header.file_meta.MediaStorageSOPClassUID = header.get("SOPClassUID", CR)
    header.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    header.file_meta.TransferSyntaxUID = syntax
    header.preamble = preamble
    if not native and syntax != ExplicitVRLittleEndian:
        header["PixelData"].is_undefined_length = True
    buffer = BytesIO()
    dcmwrite(buffer, header, enforce_file_format=True)
    return buffer.getvalue()


def compressed(frame: bytes, syntax: UID, stored: np.ndarray[Any, Any] = GREY, **elements: Any) -> bytes:
    """A file around one compressed frame."""
    return write(dataset(stored, PixelData=encapsulate([frame]), **elements), syntax)


def codestream(form: str, array: np.ndarray[Any, Any] = GREY, **options: Any) -> bytes:
    """An image file of an array."""
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, form, **options)
    return buffer.getvalue()


def read(header: Dataset | bytes, frame: int = 0) -> Radiograph:
    """Reads a dataset or a file."""
    return read_radiograph(header if isinstance(header, bytes) else write(header), "chest.dcm", frame)


def refusal(header: Dataset | bytes, name: str = "chest.dcm") -> str:
    """The one sentence that refuses a file."""
    data = header if isinstance(header, bytes) else write(header)
    with pytest.raises(RadiographError) as caught:
        read_radiograph(data, name)
    message = str(caught.value)
    assert message.endswith(".") and ". " not in message and ";" in message, (
        "one sentence: what is wrong, what to do"
    )
    assert "<" not in message and "\n" not in message
    return message


def codes(radiograph: Radiograph) -> set[str]:
    """Of the warnings."""
    return {warning.code for warning in radiograph.warnings}


def lookup(entries: list[int], bits: int, first: int = 0) -> Dataset:
    """An item of a LUT sequence."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    return item


def colour(photometric: str = "RGB", planar: int = 0) -> dict[str, Any]:
    return {"PhotometricInterpretation": photometric, "PlanarConfiguration": planar, "SamplesPerPixel": 3}
