"""Each bad or odd DICOM file is built here, read, and met with the answer that a user needs."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from core.errors import RadiographError
from tests.core.reading.dicom.dicom_files import (
    GREY,
    HEIGHT,
    RAMP,
    TWELVE,
    WIDTH,
    codes,
    codestream,
    colour,
    compressed,
    dataset,
    lookup,
    read,
    refusal,
    write,
)

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
        ({"BitsAllocated": None, "BitsStored": None, "HighBit": None}, "damaged"),
        ({"PixelData": b""}, "contains no image"),
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
    monkeypatch.setattr("core.reading.dicom.file.MAX_INFLATED_BYTES", 8_000_000)
    header = write(dataset(), DeflatedExplicitVRLittleEndian)
    start = header.index(b"1.2.840.10008.1.2.1.99") + 22
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush()
    assert "unpacks to far more" in refusal(header[:start] + bomb)


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


# Frames


def test_the_first_of_several_frames_is_read_with_a_warning() -> None:
    stack = np.stack([TWELVE, TWELVE[::-1], TWELVE[:, ::-1]])
    header = dataset(
        Rows=HEIGHT, Columns=WIDTH, SamplesPerPixel=1, NumberOfFrames=3, PixelData=stack.tobytes()
    )
    first = read(header)
    assert codes(first) == {"several_frames"}
    assert "3 pictures; picture 1" in first.warnings[0].message
    np.testing.assert_array_equal(read(header, 2).pixels, first.pixels[:, ::-1])
    with pytest.raises(RadiographError, match="from 1 to 3"):
        read(header, 3)


def test_a_compressed_frame_is_found_with_any_table() -> None:
    frames = [codestream("JPEG", a) for a in (GREY, np.ascontiguousarray(GREY[::-1]))]
    for has_table in (True, False):
        header = dataset(GREY, NumberOfFrames=2, PixelData=encapsulate(frames, has_bot=has_table))
        data = write(header, JPEGBaseline8Bit)
        np.testing.assert_allclose(read(data, 1).pixels, GREY[::-1] / 255, atol=0.03)


# Headers that leave things out


@pytest.mark.parametrize(
    "elements",
    [
        {"NumberOfFrames": 0},
        {"NumberOfFrames": ""},
        {"SamplesPerPixel": None},
        {"PixelRepresentation": None},
        {"HighBit": None},
        {"BitsStored": None},
        {"BitsAllocated": None},
        {"PhotometricInterpretation": "monochrome2"},
        {"SamplesPerPixel": None, "PixelRepresentation": None, "HighBit": None},
        {"PixelData": TWELVE.tobytes() + bytes(10)},
        {"PixelData": TWELVE.tobytes() + bytes(70_000)},
        {"PixelData": TWELVE.tobytes() + b"\xff" * 512},
        {"PixelData": TWELVE.tobytes() + bytes(range(250))},
    ],
    ids=lambda elements: " ".join(elements),
)
def test_what_goes_without_saying_may_be_left_out(elements: dict[str, Any]) -> None:
    radiograph = read(dataset(**elements))
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels)
    assert radiograph.warnings == () and radiograph.frames == 1


@pytest.mark.parametrize("photometric", [None, "", "MONOCHROME"])
def test_greys_that_do_not_say_which_end_is_dark_are_read_as_usual(photometric: str | None) -> None:
    radiograph = read(dataset(PhotometricInterpretation=photometric))
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels)
    assert codes(radiograph) == {"photometric"}


def test_three_samples_are_colours_without_saying_so() -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    plain = dataset(rgb, PhotometricInterpretation=None)
    assert np.array_equal(read(plain).pixels, GREY.astype(np.float32) / np.float32(255))
    packed = compressed(codestream("JPEG", rgb), JPEGBaseline8Bit, rgb, PhotometricInterpretation=None)
    np.testing.assert_allclose(read(packed).pixels, GREY / 255, atol=0.03)


@pytest.mark.parametrize("size", [{"Rows": HEIGHT - 1}, {"Columns": WIDTH - 1}, {"Rows": 150}])
def test_a_line_more_than_the_header_says_is_no_padding(size: dict[str, int]) -> None:
    assert "do not match" in refusal(dataset(**size))


def test_more_frames_than_the_header_says_are_no_padding() -> None:
    stack = np.stack([TWELVE, TWELVE[::-1]])
    assert "do not match" in refusal(dataset(PixelData=stack.tobytes()))


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


def _renamed(data: bytes, syntax: str | None) -> bytes:
    """The file under another transfer syntax; without the element for None."""
    start = data.index(b"\x02\x00\x10\x00UI")
    end = start + 8 + int.from_bytes(data[start + 6 : start + 8], "little")
    raw = (syntax or "").encode() + b"\0" * (len(syntax or "") % 2)
    element = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(raw)) + raw
    return data[:start] + (b"" if syntax is None else element) + data[end:]


@pytest.mark.parametrize("written", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (None, set()),
        ("", set()),
        ("1.2.3.4", {"transfer_syntax"}),
        (ExplicitVRBigEndian, {"transfer_syntax"}),
        (JPEGBaseline8Bit, {"transfer_syntax"}),
    ],
)
def test_the_content_tells_how_a_file_is_written(written: UID, named: str | None, expected: set[str]) -> None:
    radiograph = read(_renamed(write(dataset(), written), named))
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels)
    assert codes(radiograph) == expected


@pytest.mark.parametrize(
    ("written", "named"),
    [(ImplicitVRLittleEndian, ExplicitVRLittleEndian), (ExplicitVRLittleEndian, ImplicitVRLittleEndian)],
)
def test_explicit_and_implicit_are_told_apart(written: UID, named: UID) -> None:
    radiograph = read(_renamed(write(dataset(), written), named))
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels)
    assert codes(radiograph) == {"transfer_syntax"}


def test_pixels_in_an_order_of_their_own_are_refused() -> None:
    private = _renamed(write(dataset(), ImplicitVRLittleEndian), "1.2.840.113619.5.2")
    assert "unsupported compression: 1.2.840.113619.5.2" in refusal(private)


@pytest.mark.parametrize("named", [None, ExplicitVRLittleEndian, JPEGLSLossless])
@pytest.mark.parametrize("form", ["JPEG", "lossless", "JPEG-LS", "JPEG2000", "RLE"])
def test_the_pixels_tell_how_they_are_compressed(form: str, named: str | None) -> None:
    header = dataset(GREY)
    if form == "RLE":
        write(header)
        header.compress(RLELossless, generate_instance_uid=False)
        data = write(header, RLELossless)
    else:
        frame = {
            "JPEG": codestream("JPEG", quality=100),
            "lossless": imagecodecs.jpeg_encode(GREY, lossless=True),
            "JPEG-LS": bytes(jpeg_ls.encode_array(GREY)),
            "JPEG2000": codestream("JPEG2000", no_jp2=True),
        }[form]
        data = compressed(frame, JPEGBaseline8Bit)
    radiograph = read(_renamed(data, named))
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=0.01 if form == "JPEG" else 1e-6)
    agrees = named is None or (form == "JPEG-LS" and named == JPEGLSLossless)
    assert codes(radiograph) == (set() if agrees else {"transfer_syntax"})


@pytest.mark.parametrize(
    "data",
    [
        b"\x08\x00" * 300,
        b"\x08\x00\x05\x00CS\n\x00ISO_IR 100" + bytes(range(256)),
        b"\x08\x00\x05\x00CS\x02\x00AB" * 60,  # elements that do not rise
        b"\x08\x00\x05\x00\x00\x00\x00\x00" * 60,
        bytes(600),
        b"\x02" * 600,
    ],
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
        (dataset(np.stack([TWELVE] * 3, 2), **colour("YBR_FULL")), "kind of pixels (YBR_FULL of 16 bits)"),
    ],
)
def test_the_reason_is_the_true_one(header: Dataset, expected: str) -> None:
    assert expected in refusal(header)


def test_a_grey_image_compressed_in_colour_is_read_as_grey() -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    radiograph = read(compressed(codestream("JPEG", rgb), JPEGBaseline8Bit))
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=0.03)
    assert codes(radiograph) == {"colour_stream"}


@pytest.mark.parametrize("form", ["JPEG", "JPEG2000", "JPEG-LS", "lossless"])
@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, GREY / 255),
        ({"PhotometricInterpretation": "MONOCHROME1"}, 1 - GREY / 255),
        ({"WindowCenter": 100, "WindowWidth": 101}, np.clip((GREY - 99.5) / 100 + 0.5, 0, 1)),
    ],
    ids=["plain", "inverted", "window"],
)
def test_grey_in_colour_goes_through_the_grey_scale(
    form: str, elements: dict[str, Any], expected: np.ndarray[Any, Any]
) -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    syntax, frame = {
        "JPEG": (JPEGBaseline8Bit, codestream("JPEG", rgb, quality=100)),
        "JPEG2000": (JPEG2000Lossless, codestream("JPEG2000", rgb, no_jp2=True)),
        "JPEG-LS": (JPEGLSLossless, bytes(jpeg_ls.encode_array(rgb))),
        "lossless": (JPEGLosslessSV1, imagecodecs.jpeg_encode(rgb, lossless=True)),
    }[form]
    radiograph = read(compressed(frame, syntax, GREY, **elements))
    np.testing.assert_allclose(radiograph.pixels, expected, atol=0.03 if form == "JPEG" else 1e-6)
    assert codes(radiograph) == {"colour_stream"}


def test_four_components_are_named() -> None:
    cmyk = np.stack([GREY] * 4, axis=2)
    buffer = BytesIO()
    Image.fromarray(cmyk, "CMYK").save(buffer, "JPEG")
    message = refusal(compressed(buffer.getvalue(), JPEGBaseline8Bit))
    assert "has 4 components, although its header says MONOCHROME2" in message


def test_a_photograph_called_grey_is_no_radiograph() -> None:
    rgb = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 40, axis=0)], axis=2)
    assert "in colour" in refusal(compressed(codestream("JPEG", rgb), JPEGBaseline8Bit))


def test_a_colour_header_over_a_grey_stream_is_named() -> None:
    message = refusal(compressed(codestream("JPEG"), JPEGBaseline8Bit, **colour("YBR_FULL_422")))
    assert "has 1 component, although its header says YBR_FULL_422" in message


@pytest.mark.parametrize("element", [b"\x28\x00\x03\x01US", b"\x28\x00\x10\x00US"])
def test_a_number_of_half_a_length_is_damage(element: bytes) -> None:
    data = write(dataset(PixelPaddingValue=0, WindowCenter=2048, WindowWidth=4096))
    at = data.index(element) + 6
    assert data[at : at + 2] == b"\x02\x00"
    refusal(data[:at] + b"\x03\x00" + data[at + 2 : at + 4] + b"\0" + data[at + 4 :])


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


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLosslessSV1]
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's on mutated headers; the answer is what counts
def test_mutated_files_are_read_or_refused(syntax: UID) -> None:
    """Whatever the bytes, nothing but our own error comes out."""
    header = dataset(
        GREY, WindowCenter="120", WindowWidth="200", VOILUTSequence=[lookup(list(range(256)), 8)]
    )
    if syntax == JPEGBaseline8Bit:
        header.PixelData = encapsulate([codestream("JPEG")])
    if syntax == JPEGLosslessSV1:
        header.PixelData = encapsulate([imagecodecs.jpeg_encode(GREY, lossless=True)])
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
