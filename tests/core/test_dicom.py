"""Each bad or odd DICOM file is built here, read, and met with the answer that a user needs."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filewriter import dcmwrite
from pydicom.uid import (
    HTJ2K,
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.errors import RadiographError
from core.radiograph import Radiograph, read_radiograph

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


# The file


def test_not_a_dicom_file() -> None:
    assert "not a DICOM file" in refusal(bytes(range(1, 256)) * 4)
    assert "not a DICOM file but a JPEG image" in refusal(codestream("JPEG"))
    assert "not a DICOM file but a PDF document" in refusal(b"%PDF-1.4" + bytes(500))


def test_a_file_without_preamble_is_read() -> None:
    data = write(dataset())
    assert np.array_equal(read(data[132:]).pixels, read(data).pixels)


@pytest.mark.parametrize("keep", [140, 200, 330, 400, 500, 600, 2000, 50_000])
def test_a_file_cut_short(keep: int) -> None:
    data = write(dataset())
    assert keep < len(data)
    message = refusal(data[:keep])
    assert "damaged or incomplete" in message or "breaks off before" in message


@pytest.mark.parametrize("syntax", [RLELossless, JPEGBaseline8Bit])
def test_a_compressed_file_cut_short(syntax: UID) -> None:
    data = compressed(codestream("JPEG"), JPEGBaseline8Bit)
    assert "damaged or incomplete" in refusal(data[: len(data) * 3 // 4])


def test_no_image() -> None:
    report = Dataset()
    report.SOPClassUID, report.Modality = "1.2.840.10008.5.1.4.1.1.104.1", "DX"
    report.EncapsulatedDocument = b"%PDF-1.4"
    assert "contains no image" in refusal(report)
    report.Modality = None
    assert "contains no image" in refusal(report)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Rows": None}, "damaged"),
        ({"Rows": 0}, "damaged"),
        ({"Columns": 0}, "damaged"),
        ({"BitsStored": None}, "damaged"),
        ({"BitsStored": 17}, "damaged"),
        ({"SamplesPerPixel": 3}, "damaged"),
        ({"Rows": 65535, "Columns": 65535}, "too large"),
        ({"Rows": 4}, "too small"),
        ({"Rows": 150}, "do not match"),
        ({"Rows": 170}, "damaged"),
        ({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, "do not match"),
        ({"BitsAllocated": 32}, "unsupported"),
        ({"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0}, "no contrast"),
        ({"PhotometricInterpretation": "HSV"}, "unsupported kind of pixels (HSV)"),
        ({"NumberOfFrames": 100_000}, "100000 frames"),
        ({"NumberOfFrames": 7}, "damaged"),
    ],
)
def test_headers_that_cannot_be_true(elements: dict[str, Any], expected: str) -> None:
    assert expected in refusal(dataset(**elements))


def test_a_deflated_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.dicom_file.MOST_INFLATED_BYTES", 8_000_000)
    header = write(dataset(), DeflatedExplicitVRLittleEndian)
    start = header.index(b"1.2.840.10008.1.2.1.99") + 22
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    assert "unpacks to far more" in refusal(header[:start] + bomb)


def test_a_bomb_of_a_codestream_is_refused_by_its_header() -> None:
    frame = codestream("JPEG", np.zeros((13_000, 13_000), dtype=np.uint8))
    assert len(frame) < 3_000_000
    assert "do not match" in refusal(compressed(frame, JPEGBaseline8Bit))
    big = {"Rows": 13_000, "Columns": 13_000}
    assert "too large" in refusal(compressed(frame, JPEGBaseline8Bit, **big))


@pytest.mark.parametrize("form", ["JPEG", "JPEG2000"])
def test_a_codestream_of_another_size(form: str) -> None:
    syntax = JPEGBaseline8Bit if form == "JPEG" else JPEG2000Lossless
    options = {"no_jp2": True} if form == "JPEG2000" else {}
    frame = codestream(form, GREY.T.copy(), **options)
    assert "do not match" in refusal(compressed(frame, syntax))


@pytest.mark.parametrize("form", ["JPEG", "JPEG2000", "JPEG-LS"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_codestream_cut_short(form: str, share: float) -> None:
    syntax = {"JPEG": JPEGBaseline8Bit, "JPEG2000": JPEG2000Lossless, "JPEG-LS": JPEGLSLossless}[form]
    options = {"no_jp2": True} if form == "JPEG2000" else {}
    frame = bytes(jpeg_ls.encode_array(GREY)) if form == "JPEG-LS" else codestream(form, **options)
    assert "damaged" in refusal(compressed(frame[: int(len(frame) * share)], syntax))


def _nested(depth: int, defined: bool) -> bytes:
    body = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(body) if defined else 0xFFFFFFFF) + body
        item += b"" if defined else struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
        body = struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, len(item) if defined else 0xFFFFFFFF) + item
    return body


@pytest.mark.parametrize("defined", [True, False])
def test_nesting_beyond_reason(defined: bool) -> None:
    data = write(dataset())
    start = data.index(b"\x08\x00\x60\x00CS")
    refusal(data[:start] + _nested(5000, defined) + data[start:])
    assert read(data[:start] + _nested(3, defined) + data[start:]).pixels.shape == (HEIGHT, WIDTH)


def test_a_length_beyond_the_file() -> None:
    data = write(dataset())
    at = data.index(b"\xe0\x7f\x10\x00OW\0\0") + 8
    assert "damaged" in refusal(data[:at] + struct.pack("<I", 0xFFFFFFF0) + data[at + 4 :])


@pytest.mark.parametrize("preamble", [b"MZ\x90\0", b"\x7fELF", b"<html><body>", b"II*\0"])
def test_whatever_the_preamble_says(preamble: bytes) -> None:
    data = write(dataset(), preamble=preamble.ljust(128, b"\0"))
    assert np.array_equal(read(data).pixels, read(dataset()).pixels)


def test_the_same_upload_can_be_read_twice() -> None:
    data = write(dataset())
    assert np.array_equal(read(data).pixels, read(data).pixels)


def test_nothing_personal_is_kept() -> None:
    header = dataset(PatientID="4711", InstitutionName="St. Elsewhere")
    header.private_block(0x0011, "ACME", create=True).add_new(1, "LO", "secret")
    kept = repr(read(header))
    assert not any(word in kept for word in ("Mabuse", "4711", "Elsewhere", "secret"))


def test_a_burned_in_name_is_warned_of() -> None:
    assert codes(read(dataset(BurnedInAnnotation="YES"))) == {"burned_in_annotation"}
    assert codes(read(dataset(BurnedInAnnotation="NO"))) == set()


@pytest.mark.parametrize(
    ("modality", "storage", "expected"),
    [
        ("CR", CR, set()),
        ("DX", DX, set()),
        (None, DX, set()),
        ("OT", SC, {"secondary_capture"}),
        ("DX", SC, {"secondary_capture"}),
        (None, SC, {"secondary_capture"}),
    ],
)
def test_radiographs_and_captures_are_read(modality: str | None, storage: str, expected: set[str]) -> None:
    assert codes(read(dataset(Modality=modality, SOPClassUID=storage))) == expected


@pytest.mark.parametrize(
    ("modality", "storage"), [("CT", CT), ("MR", SC), ("US", CR), (None, CT), ("OT", f"{SC}7.1.4")]
)
def test_other_modalities_are_refused_by_name(modality: str | None, storage: str) -> None:
    message = refusal(dataset(Modality=modality, SOPClassUID=storage))
    assert "not a radiograph" in message
    assert (modality or "unnamed") in message


def test_a_header_cannot_speak_in_markup() -> None:
    assert "modality IMGSRCX," in refusal(dataset(Modality="<img/src=x>", SOPClassUID=CT))


def test_lateral_views_and_other_parts_are_warned_of() -> None:
    assert codes(read(dataset(ViewPosition="LL"))) == {"not_frontal"}
    assert codes(read(dataset(BodyPartExamined="KNEE"))) == {"body_part"}
    assert codes(read(dataset(ViewPosition="PA", BodyPartExamined="CHEST"))) == set()


# Frames


def test_the_first_of_several_frames_is_read_with_a_warning() -> None:
    stack = np.stack([TWELVE, TWELVE[::-1], TWELVE[:, ::-1]])
    header = dataset(
        Rows=HEIGHT, Columns=WIDTH, SamplesPerPixel=1, NumberOfFrames=3, PixelData=stack.tobytes()
    )
    first = read(header)
    assert codes(first) == {"several_frames"}
    assert "3 frames; frame 1" in first.warnings[0].message
    np.testing.assert_array_equal(read(header, 2).pixels, first.pixels[:, ::-1])
    with pytest.raises(RadiographError, match="from 1 to 3"):
        read(header, 3)


def test_a_compressed_frame_is_found_with_any_table() -> None:
    frames = [codestream("JPEG", a) for a in (GREY, np.ascontiguousarray(GREY[::-1]))]
    for has_table in (True, False):
        header = dataset(GREY, NumberOfFrames=2, PixelData=encapsulate(frames, has_bot=has_table))
        data = write(header, JPEGBaseline8Bit)
        np.testing.assert_allclose(read(data, 1).pixels, GREY[::-1] / 255, atol=0.03)


# Compressions


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
@pytest.mark.parametrize("stored", [GREY, TWELVE], ids=["8 bit", "12 bit"])
def test_uncompressed(syntax: UID, stored: np.ndarray[Any, Any]) -> None:
    swapped = stored.byteswap() if syntax == ExplicitVRBigEndian else stored
    data = write(dataset(stored, PixelData=swapped.tobytes()), syntax)
    np.testing.assert_array_equal(read(data).pixels, read(dataset(stored)).pixels)
    np.testing.assert_allclose(read(data).pixels, RAMP, atol=0.05)


@pytest.mark.parametrize("stored", [GREY, TWELVE], ids=["8 bit", "12 bit"])
@pytest.mark.parametrize("form", ["rle", "j2k", "jls"])
def test_lossless_compressions(form: str, stored: np.ndarray[Any, Any]) -> None:
    header = dataset(stored)
    syntax = {"rle": RLELossless, "j2k": JPEG2000Lossless, "jls": JPEGLSLossless}[form]
    if form == "rle":
        write(header)
        header.compress(RLELossless, generate_instance_uid=False)
        data = write(header, syntax)
    elif form == "jls":
        data = compressed(bytes(jpeg_ls.encode_array(stored)), syntax, stored)
    else:
        data = compressed(codestream("JPEG2000", stored, no_jp2=True), syntax, stored, **_sixteen(stored))
    expected = read(dataset(stored))
    np.testing.assert_allclose(read(data).pixels, expected.pixels, atol=1e-6)


def _sixteen(stored: np.ndarray[Any, Any]) -> dict[str, int]:
    """Pillow writes 16-bit JPEG 2000 only."""
    return {"BitsStored": 16, "HighBit": 15} if stored.dtype.itemsize == 2 else {}


@pytest.mark.parametrize("stored", [GREY, TWELVE], ids=["8 bit", "12 bit"])
def test_lossless_jpeg(stored: np.ndarray[Any, Any], tmp_path: Path) -> None:
    gdcm = pytest.importorskip("gdcm")
    plain, packed = tmp_path / "plain.dcm", tmp_path / "packed.dcm"
    plain.write_bytes(write(dataset(stored)))
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(plain))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(str(JPEGLosslessSV1))))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(packed))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    data = packed.read_bytes()
    assert str(JPEGLosslessSV1).encode() in data
    np.testing.assert_allclose(read(data).pixels, read(dataset(stored)).pixels, atol=1e-6)
    at = data.rindex(b"\xff\xd9")
    assert "damaged" in refusal(data[: at - 200] + bytes(202) + data[at + 2 :])


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_lossy_jpeg(syntax: UID) -> None:
    radiograph = read(compressed(codestream("JPEG"), syntax))
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=0.03)
    assert radiograph.details["Compression"].startswith("JPEG")


def test_colour_jpeg_of_a_grey_image() -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    data = compressed(codestream("JPEG", rgb), JPEGBaseline8Bit, rgb, **_colour("YBR_FULL_422"))
    np.testing.assert_allclose(read(data).pixels, GREY / 255, atol=0.03)


@pytest.mark.parametrize("syntax", [JPEGExtended12Bit, JPEGBaseline8Bit])
def test_jpeg_of_twelve_bits(syntax: UID) -> None:
    frame = imagecodecs.jpeg8_encode(TWELVE, level=95, bitspersample=12)
    radiograph = read(compressed(frame, syntax, TWELVE, WindowCenter="2048", WindowWidth="4096"))
    np.testing.assert_allclose(radiograph.pixels, TWELVE / 4095, atol=0.003)
    assert radiograph.lossy and radiograph.warnings == ()


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_jpeg_of_twelve_bits_cut_short(share: float) -> None:
    frame = imagecodecs.jpeg8_encode(TWELVE, level=95, bitspersample=12)
    cut = frame[: int(len(frame) * share)] + b"\xff\xd9"
    assert "damaged" in refusal(compressed(cut, JPEGExtended12Bit, TWELVE))


@pytest.mark.parametrize(
    ("syntax", "expected"), [(HTJ2K, "High-Throughput"), (MPEG2MPML, "MPEG2"), (UID("1.2.3.4"), "1.2.3.4")]
)
def test_unknown_compressions_are_refused_by_name(syntax: UID, expected: str) -> None:
    known = compressed(codestream("JPEG"), HTJ2K)
    message = refusal(known.replace(HTJ2K.encode(), syntax.encode().ljust(len(HTJ2K), b"\0")))
    assert "unsupported compression" in message and expected in message


# Greys


def test_eight_bits_without_window_are_divided_by_255_exactly() -> None:
    assert np.array_equal(read(dataset(GREY)).pixels, GREY.astype(np.float32) / np.float32(255))


def test_twelve_bits_without_window_are_scaled_from_their_own_range() -> None:
    stored = TWELVE // 4 + 1000
    stored[:4, :20] = 4095
    radiograph = read(dataset(stored))
    assert 0.45 < np.median(radiograph.pixels) < 0.55
    assert radiograph.details["Grey scale"] == "robust percentiles"


@pytest.mark.parametrize(
    "elements",
    [
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PresentationLUTShape": "INVERSE"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
    ],
)
def test_inverted_greys_are_inverted_once(elements: dict[str, str]) -> None:
    np.testing.assert_allclose(read(dataset(**elements)).pixels, 1 - read(dataset()).pixels, atol=1e-6)


def test_the_linear_window() -> None:
    radiograph = read(dataset(WindowCenter="2000", WindowWidth="1001"))
    expected = np.clip((TWELVE - 1999.5) / 1000 + 0.5, 0, 1)
    np.testing.assert_allclose(radiograph.pixels, expected, atol=1e-6)
    assert radiograph.details["Grey scale"] == "window 2000 / 1001 (linear)"


def test_the_exact_linear_window() -> None:
    radiograph = read(dataset(WindowCenter="2000", WindowWidth="1000", VOILUTFunction="LINEAR_EXACT"))
    np.testing.assert_allclose(radiograph.pixels, np.clip((TWELVE - 2000.0) / 1000 + 0.5, 0, 1), atol=1e-6)


def test_the_sigmoid_window() -> None:
    radiograph = read(dataset(WindowCenter="2000", WindowWidth="1000", VOILUTFunction="SIGMOID"))
    np.testing.assert_allclose(radiograph.pixels, 1 / (1 + np.exp(-4 * (TWELVE - 2000.0) / 1000)), atol=1e-6)
    assert "sigmoid" in radiograph.details["Grey scale"]


def test_the_first_of_several_windows() -> None:
    several = read(dataset(WindowCenter=["2000", "100"], WindowWidth=["1001", "5"]))
    np.testing.assert_array_equal(
        several.pixels, read(dataset(WindowCenter="2000", WindowWidth="1001")).pixels
    )


def test_the_window_is_in_rescaled_values() -> None:
    rescaled = dataset(RescaleSlope="2", RescaleIntercept="-100", WindowCenter="3900", WindowWidth="2001")
    expected = np.clip((TWELVE * 2.0 - 100 - 3899.5) / 2000 + 0.5, 0, 1)
    np.testing.assert_allclose(read(rescaled).pixels, expected, atol=1e-6)


@pytest.mark.parametrize(
    "window",
    [("2000", "0"), ("2000", "-5"), ("90000", "10"), ("nan", "10")],
    ids=["no width", "negative width", "beyond all pixels", "not a number"],
)
def test_a_useless_window_gives_way_to_percentiles(window: tuple[str, str]) -> None:
    radiograph = read(dataset(WindowCenter=window[0], WindowWidth=window[1]))
    assert codes(radiograph) == {"window_ignored"}
    np.testing.assert_array_equal(radiograph.pixels, read(dataset()).pixels)


def test_a_window_in_words_gives_way_to_percentiles() -> None:
    data = write(dataset(WindowCenter="2000", WindowWidth="1234"))
    radiograph = read(data.replace(b"1234", b"wide"))
    assert codes(radiograph) == {"window_ignored"}


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_the_voi_lookup_table_comes_before_the_window(syntax: UID) -> None:
    entries = [int(1023 * (i / 4095) ** 2) for i in range(4096)]
    header = dataset(VOILUTSequence=[lookup(entries, 10)], WindowCenter="2000", WindowWidth="1000")
    radiograph = read(write(header, syntax))
    np.testing.assert_allclose(radiograph.pixels, np.array(entries)[TWELVE] / 1023, atol=1e-6)
    assert radiograph.details["Grey scale"] == "VOI LUT sequence"


def test_a_lookup_table_in_words_of_bytes_that_starts_late() -> None:
    item = lookup(list(range(1000)), 12, first=1500)
    item.add_new("LUTData", "OW", np.arange(0, 4000, 4, dtype=np.uint16).tobytes())
    expected = np.clip(TWELVE.astype(int) - 1500, 0, 999) * 4 / 4095
    np.testing.assert_allclose(read(dataset(VOILUTSequence=[item])).pixels, expected, atol=1e-6)


def test_a_lookup_table_that_is_too_short_gives_way_to_percentiles() -> None:
    item = lookup(list(range(100)), 12)
    item.LUTDescriptor = [4096, 0, 12]
    assert codes(read(dataset(VOILUTSequence=[item]))) == {"window_ignored"}


def test_the_modality_lookup_table_comes_first() -> None:
    item = lookup([4095 - i for i in range(4096)], 12)
    item.ModalityLUTType = "US"
    np.testing.assert_allclose(
        read(dataset(ModalityLUTSequence=[item])).pixels, 1 - read(dataset()).pixels, atol=2e-3
    )


def test_signed_values() -> None:
    signed = (TWELVE.astype(np.int16) - 2048).astype(np.int16)
    np.testing.assert_allclose(read(dataset(signed)).pixels, read(dataset()).pixels, atol=1e-6)


def test_bits_that_are_stored_high() -> None:
    high = dataset((TWELVE << 4).astype(np.uint16), HighBit=15)
    np.testing.assert_array_equal(read(high).pixels, read(dataset()).pixels)


def test_padding_is_black_and_leaves_the_scale_alone() -> None:
    stored = TWELVE // 2
    stored[:, :60] = 4095
    pixels = read(dataset(stored, PixelPaddingValue=4095)).pixels
    assert not pixels[:, :60].any()
    assert pixels[:, 60:].max() == 1 and 0.4 < np.median(pixels[:, 60:]) < 0.7


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_of_greys_is_looked_up(bits: int) -> None:
    palette = (255 - np.arange(256)) * (257 if bits == 16 else 1)
    body = palette.astype(np.uint8 if bits == 8 else np.uint16).tobytes()
    tables = {f"{c}PaletteColorLookupTableDescriptor": [256, 0, bits] for c in ("Red", "Green", "Blue")}
    tables |= {f"{c}PaletteColorLookupTableData": body for c in ("Red", "Green", "Blue")}
    pixels = read(dataset(255 - GREY, PhotometricInterpretation="PALETTE COLOR", **tables)).pixels
    np.testing.assert_allclose(pixels, GREY / 255, atol=1e-6)


def test_a_palette_without_its_tables_is_refused() -> None:
    assert "damaged" in refusal(dataset(GREY, PhotometricInterpretation="PALETTE COLOR"))


def _colour(photometric: str = "RGB", planar: int = 0) -> dict[str, Any]:
    return {"PhotometricInterpretation": photometric, "PlanarConfiguration": planar, "SamplesPerPixel": 3}


@pytest.mark.parametrize("planar", [0, 1])
def test_channels_that_agree_are_grey(planar: int) -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    body = rgb.transpose(2, 0, 1) if planar else rgb
    radiograph = read(dataset(rgb, PixelData=body.tobytes(), **_colour(planar=planar)))
    assert np.array_equal(radiograph.pixels, GREY.astype(np.float32) / np.float32(255))
    assert radiograph.warnings == ()


def test_channels_that_disagree_are_no_radiograph() -> None:
    rgb = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 40, axis=0)], axis=2)
    assert "not a radiograph" in refusal(dataset(rgb, **_colour()))


def test_grey_of_luminance_and_chroma() -> None:
    ybr = np.stack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)], axis=2)
    np.testing.assert_allclose(read(dataset(ybr, **_colour("YBR_FULL"))).pixels, GREY / 255, atol=0.005)


# Layouts that scramble silently


def _smooth() -> np.ndarray[Any, Any]:
    bump = np.exp(-(((_rows - 80) / 50) ** 2 + ((_columns - 90) / 60) ** 2))
    return np.rint(4095 * bump).astype(np.uint16)


def test_swapped_rows_and_columns_are_warned_of() -> None:
    assert codes(read(dataset(_smooth()))) == set()
    assert "rows_and_columns" in codes(read(dataset(_smooth(), Rows=WIDTH, Columns=HEIGHT)))


def test_a_wrong_sign_is_warned_of() -> None:
    assert codes(read(dataset(_smooth(), PixelRepresentation=1))) == {"pixel_representation"}
    signed = _smooth().astype(np.int16) - 2048
    assert codes(read(dataset(signed))) == set()
    assert codes(read(dataset(signed, PixelRepresentation=0))) == {"pixel_representation"}


@pytest.mark.parametrize("planar", [0, 1])
def test_a_wrong_planar_configuration_is_warned_of(planar: int) -> None:
    rgb = np.repeat((_smooth() >> 4).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
    body = rgb if planar else rgb.transpose(2, 0, 1)
    radiograph = read(dataset(rgb, PixelData=body.tobytes(), **_colour(planar=planar)))
    assert codes(radiograph) == {"planar_configuration"}


# Depth: what the values show, held against the header


def _margin(stored: np.ndarray[Any, Any], grey: int, pixels: int = 40) -> np.ndarray[Any, Any]:
    return np.pad(stored, pixels, constant_values=grey)


def _overlaid() -> np.ndarray[Any, Any]:
    """Twelve bits, with a drawing in bit 12."""
    marked = TWELVE.copy()
    marked[20:24, 30:90] |= 1 << 12
    return marked


@pytest.mark.parametrize(
    ("elements", "expected", "warned"),
    [
        ({"VOILUTSequence": [lookup(list(range(4096)), 16)]}, TWELVE / 4095, True),
        ({"VOILUTSequence": [lookup(list(range(4096)), 12)]}, TWELVE / 4095, False),
        ({"VOILUTSequence": [lookup(list(range(4096)), 8)]}, TWELVE / 4095, True),
        ({"VOILUTSequence": [lookup([i >> 4 for i in range(4096)], 16)]}, (TWELVE >> 4) / 255, True),
        ({"VOILUTSequence": [lookup([i << 4 for i in range(4096)], 16)]}, (TWELVE << 4) / 65535, False),
        ({"HighBit": 15, "WindowCenter": 2048, "WindowWidth": 4096}, TWELVE / 4095, True),
        ({"HighBit": 10, "WindowCenter": 2048, "WindowWidth": 4096}, TWELVE / 4095, False),
        ({"BitsStored": 10, "HighBit": 9, "WindowCenter": 2048, "WindowWidth": 4096}, TWELVE / 4095, True),
        ({"BitsStored": 8, "HighBit": 7, "WindowCenter": 2048, "WindowWidth": 4096}, TWELVE / 4095, True),
        ({"BitsStored": 16, "HighBit": 15, "WindowCenter": 2048, "WindowWidth": 4096}, TWELVE / 4095, False),
    ],
)
def test_depth_is_read_from_the_values(
    elements: dict[str, Any], expected: np.ndarray[Any, Any], warned: bool
) -> None:
    radiograph = read(dataset(**elements))
    np.testing.assert_allclose(radiograph.pixels, expected, atol=4e-4)
    assert codes(radiograph) == ({"depth"} if warned else set())


def test_deeper_values_than_declared_are_scaled_from_their_range_without_a_window() -> None:
    assert np.array_equal(read(dataset(TWELVE, 10)).pixels, read(dataset()).pixels)
    assert codes(read(dataset(TWELVE, 10))) == {"depth"}


@pytest.mark.parametrize("described", [True, False])
def test_an_overlay_in_the_cells_is_no_part_of_the_picture(described: bool) -> None:
    header = dataset(_overlaid())
    if described:
        header.add_new((0x6000, 0x0102), "US", 12)
    radiograph = read(header)
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels) and radiograph.warnings == ()


@pytest.mark.parametrize(
    ("stored", "representation"),
    [(TWELVE, 1), ((TWELVE.astype(np.int16) - 2048).astype(np.int16), 0)],
    ids=["unsigned", "signed"],
)
def test_the_sign_is_read_from_the_values(stored: np.ndarray[Any, Any], representation: int) -> None:
    radiograph = read(dataset(stored, PixelRepresentation=representation))
    np.testing.assert_allclose(radiograph.pixels, read(dataset()).pixels, atol=1e-6)
    assert codes(radiograph) == {"pixel_representation"}


@pytest.mark.parametrize(
    "window", [(128, 256), (32768, 65536), (20, 40)], ids=["of 8 bits", "of 16 bits", "tiny"]
)
def test_a_window_for_another_depth_gives_way_to_percentiles(window: tuple[int, int]) -> None:
    radiograph = read(dataset(WindowCenter=window[0], WindowWidth=window[1]))
    assert codes(radiograph) == {"window_ignored"}
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels)


def test_an_empty_window_claims_nothing() -> None:
    header = dataset(WindowCenter="", WindowWidth="", VOILUTSequence=[])
    assert "WindowCenter" in header
    assert read(header).warnings == ()
    assert np.array_equal(read(header).pixels, read(dataset()).pixels)


@pytest.mark.parametrize(("top", "bits"), [(255, 16), (4095, 16), (65535, 16)])
def test_a_palette_is_as_deep_as_its_entries(top: int, bits: int) -> None:
    palette = np.rint(np.linspace(0, top, 256)).astype(np.uint16)
    tables = {f"{c}PaletteColorLookupTableDescriptor": [256, 0, bits] for c in ("Red", "Green", "Blue")}
    tables |= {f"{c}PaletteColorLookupTableData": palette.tobytes() for c in ("Red", "Green", "Blue")}
    radiograph = read(dataset(GREY, PhotometricInterpretation="PALETTE COLOR", **tables))
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=1e-3)
    assert codes(radiograph) == ({"depth"} if top < 65535 else set())


@pytest.mark.parametrize(("top", "warned"), [(255, True), (4095, True), (65535, False)])
def test_colours_are_as_deep_as_their_values(top: int, warned: bool) -> None:
    grey = np.rint(RAMP * top).astype(np.uint16)
    rgb = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    radiograph = read(dataset(rgb, 16, **_colour()))
    np.testing.assert_allclose(radiograph.pixels, RAMP, atol=3e-3)
    assert codes(radiograph) == ({"depth"} if warned else set())


@pytest.mark.parametrize("grey", [0, 1000, 4095, 65535])
def test_a_margin_leaves_the_scale_of_its_inside_alone(grey: int) -> None:
    around = dataset(_margin(TWELVE, grey), 16)
    assert np.array_equal(read(around).pixels[40:-40, 40:-40], read(dataset()).pixels)


# Headers that leave things out


@pytest.mark.parametrize(
    "elements",
    [
        {"NumberOfFrames": 0},
        {"NumberOfFrames": ""},
        {"SamplesPerPixel": None},
        {"PixelRepresentation": None},
        {"HighBit": None},
        {"PhotometricInterpretation": None},
        {"SamplesPerPixel": None, "PixelRepresentation": None, "HighBit": None},
        {"PixelData": TWELVE.tobytes() + bytes(10)},
        {"PixelData": TWELVE.tobytes() + bytes(70_000)},
        {"PixelData": TWELVE.tobytes() + b"\xff" * 512},
    ],
    ids=lambda elements: " ".join(elements),
)
def test_what_goes_without_saying_may_be_left_out(elements: dict[str, Any]) -> None:
    radiograph = read(dataset(**elements))
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels)
    assert radiograph.warnings == () and radiograph.frames == 1


def test_more_rows_than_the_header_says_are_no_padding() -> None:
    assert "do not match" in refusal(dataset(Rows=150))


def _without_meta(data: bytes) -> bytes:
    """The dataset alone."""
    group = data.index(b"\x02\x00\x00\x00UL\x04\x00")
    length = int.from_bytes(data[group + 8 : group + 12], "little")
    return data[group + 12 + length :]


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("preamble", [b"", bytes(128) + b"DICM"], ids=["bare", "preamble"])
def test_a_dataset_without_file_meta(syntax: UID, preamble: bytes) -> None:
    stored = TWELVE.byteswap() if syntax == ExplicitVRBigEndian else TWELVE
    data = preamble + _without_meta(write(dataset(PixelData=stored.tobytes()), syntax))
    assert np.array_equal(read(data).pixels, read(dataset()).pixels)


@pytest.mark.parametrize("preamble", [b"", bytes(128) + b"DICM"], ids=["bare", "preamble"])
def test_file_meta_without_its_group_length(preamble: bytes) -> None:
    data = write(dataset())
    group = data.index(b"\x02\x00\x00\x00UL\x04\x00")
    assert np.array_equal(read(preamble + data[group + 12 :]).pixels, read(data).pixels)


def test_a_transfer_syntax_that_is_not_named() -> None:
    data = write(dataset())
    at = data.index(b"\x02\x00\x10\x00UI") + 8
    length = int.from_bytes(data[at - 2 : at], "little")
    assert np.array_equal(read(data[:at] + bytes(length) + data[at + length :]).pixels, read(data).pixels)


@pytest.mark.parametrize(
    "data",
    [b"\x08\x00" * 300, b"\x08\x00\x05\x00CS\n\x00ISO_IR 100" + bytes(range(256)), bytes(600), b"\x02" * 600],
)
def test_other_bytes_are_not_taken_for_a_dataset(data: bytes) -> None:
    assert "not a DICOM file" in refusal(data)


# The true reason


def _float_pixels(keyword: str) -> Dataset:
    header = dataset(PixelData=None)
    dtype = np.float32 if keyword == "FloatPixelData" else np.float64
    setattr(header, keyword, RAMP.astype(dtype).tobytes())
    return header


def _directory() -> Dataset:
    header = Dataset()
    header.SOPClassUID = "1.2.840.10008.1.3.10"
    header.FileSetID = "DISC"
    header.DirectoryRecordSequence = [Dataset()]
    return header


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (dataset(PixelData=None), "contains no image"),
        (dataset(PixelData=None, Modality="SR"), "contains no image"),
        (dataset(PixelData=None, PixelDataProviderURL="http://example.org/1"), "contains no image"),
        (_float_pixels("FloatPixelData"), "floating-point pixels, which are unsupported"),
        (_float_pixels("DoubleFloatPixelData"), "floating-point pixels, which are unsupported"),
        (_directory(), "a DICOMDIR, a list of files"),
        (dataset(BitsAllocated=32, BitsStored=32, HighBit=31), "32 bits a pixel, which is unsupported"),
    ],
)
def test_the_reason_is_the_true_one(header: Dataset, expected: str) -> None:
    assert expected in refusal(header)


def test_a_grey_image_compressed_in_colour_is_read_as_grey() -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    radiograph = read(compressed(codestream("JPEG", rgb), JPEGBaseline8Bit))
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=0.03)
    assert codes(radiograph) == {"colour_stream"}


def test_a_photograph_called_grey_is_no_radiograph() -> None:
    rgb = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 40, axis=0)], axis=2)
    assert "in colour" in refusal(compressed(codestream("JPEG", rgb), JPEGBaseline8Bit))


def test_a_colour_header_over_a_grey_stream_is_named() -> None:
    message = refusal(compressed(codestream("JPEG"), JPEGBaseline8Bit, **_colour("YBR_FULL_422")))
    assert "has 1 components, although its header says YBR_FULL_422" in message


# What the header says of the examination


def _with_part(raw: bytes, charset: str | None) -> bytes:
    """A file whose Body Part Examined holds these bytes, as devices write them."""
    raw += b" " * (len(raw) % 2)
    header = dataset(BodyPartExamined="Q" * len(raw))
    if charset:
        header.SpecificCharacterSet = charset.replace("999", "100")  # pydicom does not write unknown ones
    data = write(header).replace(b"Q" * len(raw), raw)
    return data.replace(b"ISO_IR 100", b"ISO_IR 999") if charset == "ISO_IR 999" else data


@pytest.mark.parametrize(
    "part",
    [
        *("CHEST", "PORT CHEST", "CHEST AP", "CHEST_1_VIEW", "TORAX", "TÓRAX", "PECHO", "THORAX", "LUNG"),
        *("thorax pa", "POUMON", "BRUSTKORB", "LUNGE", "TORACE", "PULMÃO", "KLATKA PIERSIOWA", "RIBS", "CXR"),
        *("ГРУДНАЯ КЛЕТКА", "胸部", "胸", "흉부", "Brystkasse", "BRÖSTKORG", "HRUDNÍK", "GÖĞÜS", "THORACIC"),
    ],
)
@pytest.mark.parametrize("charset", ["ISO_IR 192", "device"])
def test_a_chest_in_any_language_is_a_chest(part: str, charset: str) -> None:
    radiograph = read(_with_part(part.encode(), None if charset == "device" else charset))
    assert radiograph.warnings == ()
    assert radiograph.details["Body part"] == part


@pytest.mark.parametrize(
    ("charset", "encoding"), [("ISO_IR 100", "latin-1"), (None, "latin-1"), ("ISO_IR 999", "latin-1")]
)
def test_character_sets_are_honoured(charset: str | None, encoding: str) -> None:
    assert read(_with_part("TÓRAX".encode(encoding), charset)).details["Body part"] == "TÓRAX"


def test_cyrillic_in_its_own_character_set() -> None:
    radiograph = read(_with_part("ГРУДЬ".encode("iso8859_5"), "ISO_IR 144"))
    assert radiograph.details["Body part"] == "ГРУДЬ" and radiograph.warnings == ()


@pytest.mark.parametrize(
    "part", ["KNEE", "HAND", "SKULL", "ABDOMEN", "TSPINE", "THORACIC SPINE", "BWS", "PELVIS"]
)
def test_other_parts_are_named(part: str) -> None:
    radiograph = read(dataset(BodyPartExamined=part))
    assert codes(radiograph) == {"body_part"} and f"but {part}." in radiograph.warnings[0].message


@pytest.mark.parametrize("code", ["T-D3000", "51185008", "39607008"])
def test_a_code_may_say_that_it_is_a_chest(code: str) -> None:
    assert read(dataset(BodyPartExamined="OTHER", AnatomicRegionSequence=[_code(code)])).warnings == ()
    assert codes(read(dataset(BodyPartExamined="OTHER", AnatomicRegionSequence=[_code("T-D9200")]))) == {
        "body_part"
    }


def _code(value: str, meaning: str = "") -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SRT", meaning or "x"
    return item


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        *(({"ViewPosition": view}, {"not_frontal"}) for view in ("LAT", "LL", "RL", "LLAT", "RLAT", "L LAT")),
        *(({"ViewPosition": view}, {"not_frontal"}) for view in ("LATERAL", "lat.", "R_LAT", "PA/LAT")),
        *(({"ViewPosition": view}, set()) for view in ("PA", "AP", "", "FRONTAL", "AP SUPINE")),
        ({"ViewPosition": "LAO"}, {"oblique"}),
        ({"ViewPosition": "LLD"}, {"decubitus"}),
        ({"ViewPosition": "LAT DECUB"}, {"decubitus"}),
        ({"PatientOrientation": ["A", "F"]}, {"not_frontal"}),
        ({"PatientOrientation": ["P", "F"]}, {"not_frontal"}),
        ({"PatientOrientation": ["AL", "F"]}, {"not_frontal"}),
        ({"PatientOrientation": ["L", "F"]}, set()),
        ({"PatientOrientation": ["L", "FP"]}, set()),
        ({"PatientOrientation": ["R", "F"]}, {"mirrored_header"}),
        ({"PatientOrientation": ["R", "F"], "ViewPosition": "PA"}, {"mirrored_header"}),
        ({"PatientOrientation": ["L", "H"]}, {"turned_header"}),
        ({"PatientOrientation": ["F", "L"]}, {"turned_header"}),
        ({"PatientOrientation": ["A", "F"], "ViewPosition": "PA"}, {"not_frontal"}),
        ({"PatientOrientation": "L"}, set()),
        *(
            ({"ViewCodeSequence": [_code(code)]}, {"not_frontal"})
            for code in ("R-10236", "R-10232", "399173006", "399198007", "399067008")
        ),
        ({"ViewCodeSequence": [_code("1234", "left lateral")]}, {"not_frontal"}),
        ({"ViewCodeSequence": [_code("R-10206", "antero-posterior")]}, set()),
        ({"PresentationIntentType": "FOR PROCESSING"}, {"for_processing"}),
        ({"PresentationIntentType": "FOR PRESENTATION"}, set()),
        ({"SOPClassUID": f"{DX}.1"}, {"for_processing"}),
    ],
)
def test_what_the_header_says_of_view_and_purpose_is_said(
    elements: dict[str, Any], expected: set[str]
) -> None:
    assert codes(read(dataset(**elements))) == expected


@pytest.mark.parametrize("modality", ["CR", "DX", "DR", "RG", "XR", "cr", "DX "])
def test_radiography_goes_by_many_names(modality: str) -> None:
    assert read(dataset(Modality=modality, SOPClassUID="1.2.3")).warnings == ()


@pytest.mark.parametrize("storage", [CR, DX, f"{DX}.1"])
@pytest.mark.parametrize("modality", ["OT", "RAD", "X-RAY", ""])
def test_the_class_decides_where_the_modality_is_odd(storage: str, modality: str) -> None:
    assert codes(read(dataset(SOPClassUID=storage, Modality=modality))) <= {"for_processing"}


def test_frames_are_counted() -> None:
    stack = np.stack([TWELVE, TWELVE[::-1]])
    header = dataset(
        Rows=HEIGHT, Columns=WIDTH, SamplesPerPixel=1, NumberOfFrames=2, PixelData=stack.tobytes()
    )
    assert read(header).frames == read(header, 1).frames == 2
    assert np.array_equal(read(header, 1).pixels, read(header).pixels[::-1])


# Millimetres


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, None),
        ({"ImagerPixelSpacing": ["0.14", "0.14"]}, None),
        ({"PixelSpacing": ["0.13", "0.13"]}, 0.13),
        ({"PixelSpacing": ["0.14", "0.14"], "ImagerPixelSpacing": ["0.14", "0.14"]}, None),
        ({"PixelSpacing": ["0.12", "0.12"], "ImagerPixelSpacing": ["0.14", "0.14"]}, 0.12),
        ({"PixelSpacing": ["0.12", "0.3"]}, None),
        ({"PixelSpacing": ["0", "0"]}, None),
    ],
)
def test_millimetres_are_claimed_only_in_the_patient(
    elements: dict[str, Any], expected: float | None
) -> None:
    assert read(dataset(**elements)).spacing_mm == expected


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, JPEGBaseline8Bit])
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's on mutated headers; the answer is what counts
def test_mutated_files_are_read_or_refused(syntax: UID) -> None:
    """Whatever the bytes, nothing but our own error comes out."""
    header = dataset(
        GREY, WindowCenter="120", WindowWidth="200", VOILUTSequence=[lookup(list(range(256)), 8)]
    )
    if syntax == JPEGBaseline8Bit:
        header.PixelData = encapsulate([codestream("JPEG")])
    original = write(header, syntax)
    random = np.random.default_rng(7)
    end = original.index(b"\xe0\x7f\x10\x00") + 400
    for _ in range(100):
        data = bytearray(original)
        for position in random.integers(132, min(end, len(data)), size=2):
            data[position] = random.integers(0, 256)
        try:
            pixels = read(bytes(data)).pixels
        except RadiographError:
            continue
        assert pixels.min() >= 0 and pixels.max() <= 1
