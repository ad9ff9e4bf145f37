"""Compressed DICOM pixels: what each compression gives back, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import jpeg_ls
import numpy as np
import pytest
from pydicom.encaps import encapsulate
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
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from tests.core.reading.dicom.dicom_files import (
    GREY,
    RAMP,
    TWELVE,
    codes,
    codestream,
    colour,
    compressed,
    dataset,
    read,
    refusal,
    write,
)


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
    assert read(data).warnings == ()
    at = data.rindex(b"\xff\xd9")
    assert "damaged" in refusal(data[: at - 200] + bytes(202) + data[at + 2 :])


@pytest.mark.parametrize("syntax", [JPEGLossless, JPEGLosslessSV1])
@pytest.mark.parametrize("bits", [5, 7, 8, 10, 12, 14, 16])
@pytest.mark.parametrize("predictor", [1, 4, 7])
def test_lossless_jpeg_of_all_depths(syntax: UID, bits: int, predictor: int) -> None:
    stored = np.rint(RAMP * (2**bits - 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    frame = imagecodecs.jpeg_encode(stored, bitspersample=bits, lossless=True, predictor=predictor)
    window = {"WindowCenter": 2 ** (bits - 1), "WindowWidth": 2**bits}
    header = dataset(stored, bits, PixelData=encapsulate([frame]), **window)
    radiograph = read(write(header, syntax))
    np.testing.assert_allclose(radiograph.pixels, stored / (2**bits - 1), atol=1e-6)
    assert radiograph.warnings == () and not radiograph.lossy


@pytest.mark.parametrize("form", ["baseline", "progressive", "12 bit", "lossless", "colour"])
@pytest.mark.parametrize("missing", [3, 10, 200, 900])
def test_a_jpeg_that_lacks_data_before_its_end_mark(form: str, missing: int) -> None:
    """Decoders invent what a stream lacks."""
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    frame, syntax, stored = {
        "baseline": (codestream("JPEG"), JPEGBaseline8Bit, GREY),
        "progressive": (codestream("JPEG", progressive=True), JPEGBaseline8Bit, GREY),
        "12 bit": (imagecodecs.jpeg_encode(TWELVE, bitspersample=12), JPEGExtended12Bit, TWELVE),
        "lossless": (
            imagecodecs.jpeg_encode(TWELVE, bitspersample=12, lossless=True),
            JPEGLosslessSV1,
            TWELVE,
        ),
        "colour": (codestream("JPEG", rgb), JPEGBaseline8Bit, rgb),
    }[form]
    elements = colour("YBR_FULL_422") if form == "colour" else {}
    assert read(compressed(frame, syntax, stored, **elements)).warnings == ()
    assert "damaged" in refusal(compressed(frame[: -2 - missing] + b"\xff\xd9", syntax, stored, **elements))


@pytest.mark.parametrize("form", ["JPEG", "lossless", "JPEG-LS", "JPEG2000"])
@pytest.mark.parametrize(
    ("elements", "warned"),
    [
        ({}, False),
        ({"BitsStored": 16, "HighBit": 15}, False),
        ({"HighBit": 15}, True),
        ({"BitsStored": 10, "HighBit": 9}, True),
        ({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, True),
    ],
)
def test_a_codestream_is_as_deep_as_its_values(form: str, elements: dict[str, int], warned: bool) -> None:
    frame, syntax = {
        "JPEG": (imagecodecs.jpeg_encode(TWELVE, bitspersample=12, level=98), JPEGExtended12Bit),
        "lossless": (imagecodecs.jpeg_encode(TWELVE, bitspersample=12, lossless=True), JPEGLosslessSV1),
        "JPEG-LS": (bytes(jpeg_ls.encode_array(TWELVE)), JPEGLSLossless),
        "JPEG2000": (
            imagecodecs.jpeg2k_encode(TWELVE, bitspersample=12, codecformat="j2k", reversible=True),
            JPEG2000Lossless,
        ),
    }[form]
    radiograph = read(compressed(frame, syntax, TWELVE, WindowCenter=2048, WindowWidth=4096, **elements))
    np.testing.assert_allclose(radiograph.pixels, TWELVE / 4095, atol=2e-3 if form == "JPEG" else 1e-6)
    assert codes(radiograph) == ({"depth"} if warned else set())


@pytest.mark.parametrize("form", ["lossless", "JPEG-LS"])
def test_signed_values_in_a_codestream(form: str) -> None:
    signed = (TWELVE.astype(np.int16) - 2048).astype(np.int16)
    bits = signed.view(np.uint16) & np.uint16(0xFFF)
    frame, syntax = {
        "lossless": (imagecodecs.jpeg_encode(bits, bitspersample=12, lossless=True), JPEGLosslessSV1),
        "JPEG-LS": (bytes(jpeg_ls.encode_array(bits)), JPEGLSLossless),
    }[form]
    radiograph = read(compressed(frame, syntax, signed, WindowCenter=0, WindowWidth=4096))
    np.testing.assert_allclose(radiograph.pixels, TWELVE / 4095, atol=1e-6)
    assert radiograph.warnings == ()


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGExtended12Bit])
def test_lossy_jpeg(syntax: UID) -> None:
    radiograph = read(compressed(codestream("JPEG"), syntax))
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=0.03)
    assert radiograph.details["Compression"].startswith("JPEG")


def test_colour_jpeg_of_a_grey_image() -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    data = compressed(codestream("JPEG", rgb), JPEGBaseline8Bit, rgb, **colour("YBR_FULL_422"))
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
