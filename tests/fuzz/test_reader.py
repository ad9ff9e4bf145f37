"""Any file is read as a radiograph or refused in a sentence: no other exception, no hang, no growth.

Hypothesis chooses a whole file, and what happens to it: bytes changed, cut out, repeated, or another
file's put in their place. A test run tries a few hundred, always the same; `make fuzz` tries many more,
always others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from core.errors import RadiographError
from core.project import PROJECT
from core.reading.radiograph import read_radiograph

LONG = int(os.environ.get("THORAXLENS_FUZZ", "0"))  # examples that `make fuzz` asks for
EXAMPLES = LONG or 400
MAX_SECONDS = 5.0  # for a file of a few kilobytes; 0.05 on an idle machine
MAX_GROWTH_BYTES = 80_000_000  # of a reader's memory over all files, after the first hundred

HEIGHT, WIDTH = 136, 150
_rows, _columns = np.mgrid[0:HEIGHT, 0:WIDTH]
GREY = ((_rows * 3 + _columns * 5) % 251).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 16


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    data = BytesIO()
    image.save(data, form, **options)
    return data.getvalue()


def dicom(syntax: UID, pixels: bytes, bits: int = 8, **elements: object) -> bytes:
    header = Dataset()
    header.update(
        {
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1",
            "Modality": "CR",
            "BodyPartExamined": "CHEST",
            "PatientOrientation": ["L", "F"],
            "Rows": HEIGHT,
            "Columns": WIDTH,
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "BitsAllocated": 8 if bits == 8 else 16,
            "BitsStored": bits,
            "HighBit": bits - 1,
            "PixelRepresentation": 0,
            "WindowCenter": "120",
            "WindowWidth": "200",
            **elements,
        }
    )
    header.PixelData = pixels
    header["PixelData"].VR = "OB" if bits == 8 else "OW"
    header["PixelData"].is_undefined_length = syntax.is_encapsulated
    header.file_meta = FileMetaDataset()
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID
    header.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    header.file_meta.TransferSyntaxUID = syntax
    header.preamble = bytes(128)
    data = BytesIO()
    dcmwrite(data, header, enforce_file_format=True)
    return data.getvalue()


def voi_table() -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [256, 0, 8])
    item.add_new("LUTData", "US", list(range(256)))
    return item


GREY_IMAGE = Image.fromarray(GREY)
COLOURS = np.stack([DEEP] * 3, axis=-1)
TWELVE_BITS = imagecodecs.jpeg8_encode(DEEP, level=90, bitspersample=12)
LOSSLESS = imagecodecs.jpeg8_encode(DEEP, lossless=True, bitspersample=12)
JPEG = encode(GREY_IMAGE, "JPEG")
WHOLE = {
    "PNG": encode(GREY_IMAGE, "PNG"),
    "deep PNG": imagecodecs.png_encode(DEEP),
    "deep colour PNG": imagecodecs.png_encode(COLOURS),
    "JPEG": JPEG,
    "progressive JPEG": encode(GREY_IMAGE, "JPEG", progressive=True),
    "JPEG of 12 bits": TWELVE_BITS,
    "lossless JPEG": LOSSLESS,
    "MPO": encode(GREY_IMAGE, "MPO", save_all=True, append_images=[GREY_IMAGE.resize((140, 130))]),
    "TIFF": encode(GREY_IMAGE, "TIFF", compression="tiff_lzw"),
    "TIFF of pages": encode(GREY_IMAGE, "TIFF", save_all=True, append_images=[GREY_IMAGE]),
    "deep TIFF": encode(Image.fromarray(DEEP), "TIFF"),
    "WebP": encode(GREY_IMAGE.convert("RGB"), "WEBP"),
    "BMP": encode(GREY_IMAGE, "BMP"),
    "DICOM": dicom(ExplicitVRLittleEndian, DEEP.tobytes(), 12),
    "DICOM, implicit": dicom(ImplicitVRLittleEndian, GREY.tobytes(), VOILUTSequence=[voi_table()]),
    "DICOM, big endian": dicom(ExplicitVRBigEndian, DEEP.astype(">u2").tobytes(), 12),
    "DICOM, deflated": dicom(DeflatedExplicitVRLittleEndian, GREY.tobytes()),
    "DICOM, JPEG": dicom(JPEGBaseline8Bit, encapsulate([JPEG])),
    "DICOM, 12-bit JPEG": dicom(JPEGExtended12Bit, encapsulate([TWELVE_BITS]), 12),
    "DICOM, lossless JPEG": dicom(JPEGLosslessSV1, encapsulate([LOSSLESS]), 12),
    "DICOM, run lengths": dicom(RLELossless, encapsulate([b"\0" * 64 + b"\x7f" * 400])),
    "DICOM, no preamble": dicom(ExplicitVRLittleEndian, GREY.tobytes())[132:],
}

places = st.floats(0, 1, exclude_max=True)
# Most of what can go wrong stands in the header.
near_the_start = st.one_of(places.map(lambda place: place**4), places)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    data = bytearray(WHOLE[draw(st.sampled_from(sorted(WHOLE)))])
    for _ in range(draw(st.integers(1, 4))):
        start = int(draw(near_the_start) * len(data))
        length = draw(st.sampled_from([1, 1, 1, 2, 4, 8, 64, 500]))
        match draw(st.sampled_from(["change", "change", "cut out", "repeat", "cut off", "other file"])):
            case "change":
                data[start : start + length] = draw(st.binary(min_size=length, max_size=length))
            case "cut out":
                del data[start : start + length]
            case "repeat":
                data[start:start] = data[start : start + length] * 3
            case "cut off" if start > 16:
                del data[start:]
            case "other file":
                other = WHOLE[draw(st.sampled_from(sorted(WHOLE)))]
                data[start : start + length] = other[start : start + length]
        if not data:
            break
    return bytes(data)


def read_or_refuse(data: bytes) -> None:
    start = time.monotonic()
    try:
        radiograph = read_radiograph(data, "chest")
    except RadiographError as error:
        sentence = str(error)
        assert sentence.endswith(".") and ";" in sentence and "\n" not in sentence and "<" not in sentence
    else:
        assert radiograph.pixels.dtype == np.float32 and radiograph.pixels.ndim == 2
        assert 0 <= radiograph.pixels.min() < radiograph.pixels.max() <= 1
        assert radiograph.frames >= 1
    assert time.monotonic() - start < MAX_SECONDS


@pytest.mark.parametrize("name", WHOLE)
def test_every_whole_file_but_the_invented_run_lengths_is_read(name: str) -> None:
    if name == "DICOM, run lengths":
        with pytest.raises(RadiographError):
            read_radiograph(WHOLE[name], "chest")
    else:
        assert read_radiograph(WHOLE[name], "chest").pixels.shape == (HEIGHT, WIDTH)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(damaged_files())
def test_a_damaged_file_is_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@settings(max_examples=EXAMPLES // 4, deadline=None, derandomize=not LONG, database=None)
@given(st.binary(max_size=600), st.sampled_from(sorted(WHOLE)), st.integers(0, 160))
def test_what_only_begins_like_a_file_is_refused(noise: bytes, name: str, kept: int) -> None:
    read_or_refuse(WHOLE[name][:kept] + noise)


GROWTH = """
import resource, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from core.errors import RadiographError
from core.reading.radiograph import read_radiograph
files = [open(path, "rb").read() for path in sys.argv[2:]]
random, peaks = np.random.default_rng(3), []
for step in range({steps}):
    data = bytearray(files[step % len(files)])
    for place in random.integers(0, min(len(data), 2000), 2):
        data[place] = random.integers(256)
    try:
        read_radiograph(bytes(data), "chest")
    except RadiographError:
        pass
    if step in (99, {steps} - 1):
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
print(peaks[1] - peaks[0])
"""


def test_reading_many_files_takes_no_more_memory_than_reading_few(tmp_path) -> None:
    paths = [tmp_path / str(number) for number in range(len(WHOLE))]
    for path, data in zip(paths, WHOLE.values(), strict=True):
        path.write_bytes(data)
    script = GROWTH.format(steps=100 + 4 * EXAMPLES)
    done = subprocess.run(
        [sys.executable, "-c", script, str(PROJECT), *map(str, paths)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60 + EXAMPLES,
    )
    assert int(done.stdout) < MAX_GROWTH_BYTES
