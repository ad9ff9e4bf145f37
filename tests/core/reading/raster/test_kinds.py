"""Kinds of image file and what headers say of them: believed, held against the values, or refused by name."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageDraw

from core.errors import RadiographError
from core.reading.filetypes import HEIC, UNKNOWN, file_type
from core.reading.radiograph import Radiograph, read_radiograph

HEIGHT, WIDTH = 160, 200
_rows, _columns = np.mgrid[0:HEIGHT, 0:WIDTH]
RAMP = (_rows + _columns) / (HEIGHT + WIDTH - 2)
GREY = np.rint(RAMP * 255).astype(np.uint8)
DEEP = np.rint(RAMP * 65_535).astype(np.uint16)
TWELVE = DEEP >> 4
LOW, HIGH = np.quantile(RAMP, [0.005, 0.995])
SCALED = np.clip((RAMP - LOW) / (HIGH - LOW), 0, 1)  # half a per cent saturates at either end

Array = np.ndarray[Any, Any]


def encode(array: Array | Image.Image, form: str, **options: Any) -> bytes:
    data = BytesIO()
    (array if isinstance(array, Image.Image) else Image.fromarray(array)).save(data, form, **options)
    return data.getvalue()


def tiff(*pages: Array, **options: Any) -> bytes:
    data = BytesIO()
    with tifffile.TiffWriter(data, bigtiff=options.pop("bigtiff", False)) as file:
        for page in pages:
            file.write(page, **({"photometric": "minisblack", "metadata": None} | options))
    return data.getvalue()


def retagged(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF file whose first page says something else in one tag of a single value."""
    changed = bytearray(data)
    start = int.from_bytes(data[4:8], "little")
    for at in range(start + 2, start + 2 + 12 * int.from_bytes(data[start : start + 2], "little"), 12):
        if int.from_bytes(data[at : at + 2], "little") == tag:
            changed[at + 8 : at + 12] = value.to_bytes(4, "little")
            return bytes(changed)
    raise LookupError(tag)


def read(data: bytes, frame: int = 0) -> Radiograph:
    return read_radiograph(data, "chest", frame)


def codes(radiograph: Radiograph) -> set[str]:
    return {warning.code for warning in radiograph.warnings}


def refusal(data: bytes, frame: int = 0) -> str:
    with pytest.raises(RadiographError) as caught:
        read(data, frame)
    message = str(caught.value)
    assert message.endswith(".") and ";" in message and ". " not in message
    return message


def assert_ramp(pixels: Array, tolerance: float = 0.006) -> None:
    """From black to white over the range that the values use."""
    assert np.abs(pixels - SCALED).max() < tolerance
    assert pixels.min() == 0 and pixels.max() == 1


def colours(stored: Array) -> Array:
    return np.repeat(stored[:, :, np.newaxis], 3, axis=2)


def packed(stored: Array, bits: int) -> bytes:
    """A big-endian TIFF file of any number of bits, each row filled up to whole bytes."""
    shifts = np.arange(bits - 1, -1, -1)
    rows = np.packbits((stored[:, :, np.newaxis] >> shifts & 1).reshape(HEIGHT, -1).astype(np.uint8), axis=1)
    tags = {256: WIDTH, 257: HEIGHT, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: HEIGHT, 279: rows.size}
    directory = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags.items())
    head = b"MM\0*" + struct.pack(">I", 8 + rows.size) + rows.tobytes()
    return head + struct.pack(">H", len(tags)) + directory + bytes(4)


DEEP_TIFFS: dict[str, Callable[[], bytes]] = {
    "planes apart": lambda: tiff(
        np.moveaxis(colours(DEEP), 2, 0), photometric="rgb", planarconfig="separate"
    ),
    "tiles": lambda: tiff(DEEP, tile=(64, 64), compression="lzw", predictor=True),
    "BigTIFF": lambda: tiff(DEEP, bigtiff=True),
    "floats in colour": lambda: tiff((colours(DEEP) * 0.01).astype(np.float32), photometric="rgb"),
    "inks": lambda: tiff(
        np.dstack([np.zeros((HEIGHT, WIDTH, 3), np.uint16), 65_535 - DEEP]), photometric="separated"
    ),
    "signed, 16 bits": lambda: tiff((DEEP.astype(np.int32) - 32_768).astype(np.int16)),
    "signed, 32 bits": lambda: tiff(DEEP.astype(np.int32) * 1000 - 7_000_000),
    "10 bits": lambda: packed(DEEP >> 6, 10),
    "12 bits": lambda: packed(TWELVE, 12),
}


@pytest.mark.parametrize("kind", DEEP_TIFFS)
def test_a_tiff_of_any_layout_and_depth_is_read(kind: str) -> None:
    radiograph = read(DEEP_TIFFS[kind]())
    assert_ramp(radiograph.pixels)
    assert codes(radiograph) == ({"cmyk"} if kind == "inks" else set())


def test_what_a_deep_image_hides_does_not_set_its_scale() -> None:
    narrow = np.stack([20_000 + DEEP // 16, np.full_like(DEEP, 65_535)], axis=2)
    narrow[:40] = 0
    radiograph = read(imagecodecs.png_encode(narrow))
    assert codes(radiograph) == {"transparency"}
    assert not radiograph.pixels[:40].any()
    seen = RAMP[40:]
    expected = (seen - seen.min()) / (seen.max() - seen.min())
    assert np.abs(radiograph.pixels[40:] - expected).max() < 0.06


def test_a_deep_colour_photograph_is_no_radiograph() -> None:
    rgb = np.stack([DEEP, DEEP[:, ::-1], np.roll(DEEP, 40, axis=0)], axis=2) // 16 + 20_000
    assert "in colour" in refusal(imagecodecs.png_encode(rgb))


def test_a_deep_tint_is_read_as_its_luma() -> None:
    rgb = np.stack([DEEP * 0.8, DEEP * 0.9, DEEP * 1.0], axis=2).astype(np.uint16)
    radiograph = read(imagecodecs.png_encode(rgb))
    assert codes(radiograph) == {"tinted"}
    assert_ramp(radiograph.pixels)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (tiff((DEEP.astype(np.int32) - 32_768).astype(np.int16).view(np.uint16)), "sign"),
        (tiff(DEEP.view(np.int16)), "sign"),
        (tiff((GREY.astype(np.int16) - 128).astype(np.int8).view(np.uint8)), "sign"),
        (tiff((RAMP * 3 - 1).astype(np.float32).view(np.uint32)), "sample_kind"),
        (tiff((RAMP * 3).astype(np.float32).view(np.int32)), "sample_kind"),
        (tiff(TWELVE.astype(np.uint32).view(np.float32)), "sample_kind"),
        (retagged(tiff(DEEP), 258, 8), "depth"),
        (retagged(tiff(DEEP), 258, 12), "depth"),
        (retagged(tiff(GREY), 258, 16), "depth"),
        (tiff(DEEP, extratags=[(281, "H", 1, 4095, True)]), "depth"),
    ],
    ids=[
        "signed, said not to be",
        "unsigned, said to be signed",
        "signed, 8 bits",
        "floats, said to be integers",
        "floats, said to be signed integers",
        "integers, said to be floats",
        "16 bits, said to be 8",
        "16 bits, said to be 12",
        "8 bits, said to be 16",
        "above the largest value",
    ],
)
def test_where_a_tiffs_header_and_values_disagree_the_values_win(data: bytes, code: str) -> None:
    radiograph = read(data)
    assert codes(radiograph) == {code}
    assert_ramp(radiograph.pixels)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        *(
            (tiff(GREY, compression=code), f"compressed as {name}")
            for code, name in [
                ("jpeg2000", "JPEG 2000"),
                ("lerc", "LERC"),
                ("jpegxl", "JPEG XL"),
                ("png", "PNG"),
            ]
        ),
        (retagged(tiff(GREY), 259, 32_809), "compressed as ThunderScan"),
        (retagged(tiff(GREY), 259, 60_000), "compressed as number 60000"),
        (tiff(RAMP.astype(np.complex64)), "complex numbers"),
        (retagged(tiff(GREY), 262, 8), "CIELab colours"),
        (retagged(tiff(GREY), 277, 40_000), "40000 channels"),
        (tiff(RAMP), "floating-point numbers of 64 bits"),
        (tiff(RAMP.astype(np.float16)), "floating-point numbers of 16 bits"),
    ],
)
def test_an_unsupported_tiff_is_named(data: bytes, kind: str) -> None:
    assert f"unsupported TIFF ({kind})" in refusal(data)


@pytest.mark.parametrize("data", [retagged(tiff(GREY), 262, 32_803), b"II*\0\x10\0\0\0CR\x02\0" + bytes(600)])
def test_a_cameras_raw_file_is_named(data: bytes) -> None:
    assert "a camera's raw file" in refusal(data)


@pytest.mark.parametrize("cut", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_a_deep_tiff_whose_pixels_end_early_is_damaged(compression: str | None, cut: float) -> None:
    noise = np.random.default_rng(1).integers(0, 65_536, (HEIGHT, WIDTH, 3), dtype=np.uint16)
    data = tiff(noise, photometric="rgb", compression=compression)
    assert int.from_bytes(data[4:8], "little") < 100, "the directory comes first"
    assert "damaged" in refusal(data[: int(len(data) * cut)])


def test_each_page_must_be_of_a_size_that_a_radiograph_has() -> None:
    data = tiff(GREY, DEEP[:100, :150], GREY[:150])
    assert "too small (150 x 100 pixels)" in refusal(data, 1)
    assert read(data, 2).pixels.shape == (150, WIDTH) and read(data, 2).frames == 3


@pytest.mark.parametrize("frame", [-1, 1])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "WEBP", "TIFF"])
def test_a_file_of_one_picture_has_no_other_frame(form: str, frame: int) -> None:
    assert f"no picture {frame + 1}; choose one from 1 to 1" in refusal(encode(GREY, form), frame)


@pytest.mark.parametrize("side", [4, 2])
def test_a_much_smaller_page_is_a_thumbnail_wherever_it_stands(side: int) -> None:
    for pages in ((GREY, GREY[::side, ::side]), (GREY[::side, ::side], GREY)):
        radiograph = read(tiff(*pages))
        assert codes(radiograph) == {"second_picture"} and radiograph.frames == 1
        assert np.array_equal(radiograph.pixels, GREY.astype(np.float32) / np.float32(255))


def test_a_chain_of_pages_that_bites_its_tail_ends() -> None:
    data = tiff(GREY)
    start = int.from_bytes(data[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(data[start : start + 2], "little")
    radiograph = read(data[:end] + start.to_bytes(4, "little") + data[end + 4 :])
    assert radiograph.frames == 1 and radiograph.warnings == ()


@pytest.mark.parametrize("orientation", [1, 2, 6, 7])
@pytest.mark.parametrize("form", ["deep TIFF", "12-bit JPEG"])
def test_deep_images_are_turned_upright(form: str, orientation: int) -> None:
    back = {1: lambda a: a, 2: lambda a: a[:, ::-1], 6: np.rot90, 7: lambda a: a[::-1, ::-1].T}[orientation]
    stored = np.ascontiguousarray(back(TWELVE))
    if form == "deep TIFF":
        data = tiff(stored, extratags=[(274, "H", 1, orientation, True)])
    else:
        exif = Image.Exif()
        exif[274] = orientation
        body = exif.tobytes()
        data = imagecodecs.jpeg8_encode(stored, bitspersample=12, level=98)
        data = data[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + data[2:]
    radiograph = read(data)
    assert_ramp(radiograph.pixels)
    assert codes(radiograph) == ({"mirrored"} if orientation in (2, 7) else set())


@pytest.mark.parametrize("bits", [4, 7, 10, 14])
def test_lossless_jpeg_of_odd_depths(bits: int) -> None:
    stored = (DEEP >> (16 - bits)).astype(np.uint8 if bits <= 8 else np.uint16)
    radiograph = read(imagecodecs.jpeg8_encode(stored, lossless=True, bitspersample=bits))
    assert_ramp(radiograph.pixels, tolerance=0.006 + 2.0**-bits)
    assert radiograph.details["Bits"] == str(bits) and radiograph.details["Compression"] == "lossless"


@pytest.mark.parametrize(
    ("process", "name"),
    [(0xCA, None), (0xCD, "hierarchical"), (0xDE, "hierarchical"), (0xF7, "JPEG-LS")],
)
def test_each_jpeg_process_is_called_what_it_is(process: int, name: str | None) -> None:
    message = refusal(encode(GREY, "JPEG").replace(b"\xff\xc0", bytes([0xFF, process]), 1))
    assert (f"({name})" in message) if name else ("damaged" in message)


def test_a_gain_map_behind_a_phones_jpeg_is_another_picture() -> None:
    main, gain = encode(GREY, "JPEG"), encode(GREY[::4, ::4], "JPEG")
    index = b"\xff\xe2" + (6 + 10).to_bytes(2, "big") + b"MPF\0" + bytes(10)  # that cannot be read
    radiograph = read(main[:20] + index + main[20:] + bytes(7) + gain)
    assert codes(radiograph) == {"second_picture"} and radiograph.source_format == "JPEG"
    assert np.array_equal(radiograph.pixels, read(main).pixels)


def test_a_thumbnail_in_the_metadata_of_a_jpeg_is_no_other_picture() -> None:
    main, small = encode(GREY, "JPEG"), encode(GREY[::4, ::4], "JPEG")
    segment = b"\xff\xe1" + (len(small) + 8).to_bytes(2, "big") + b"Exif\0\0" + small
    assert read(main[:2] + segment + main[2:]).warnings == ()


def bmp(size: int = 40, bits: int = 8, compression: int = 0) -> bytes:
    """A BMP file's headers, with nothing behind them."""
    body = struct.pack("<IiiHHIIiiII", size, WIDTH, HEIGHT, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<III", 5000, 0, 54) + body + bytes(5000)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (bmp(compression=4), "compressed as JPEG"),
        (bmp(compression=5), "compressed as PNG"),
        (bmp(compression=13), "compressed as CMYK"),
        (bmp(compression=99), "compression 99"),
        (bmp(bits=2), "2 bits a pixel"),
        (bmp(bits=64), "64 bits a pixel"),
        (bmp(size=64, compression=3), "compressed as Huffman codes"),
        (bmp(size=64, compression=4), "compressed as run lengths of 24 bits"),
        (bmp(size=16), "the short header of OS/2"),
    ],
)
def test_an_unsupported_bmp_is_named(data: bytes, kind: str) -> None:
    assert f"unsupported kind of BMP ({kind})" in refusal(data)


def test_a_bmp_of_run_lengths_is_read() -> None:
    palette = b"".join(bytes([level, level, level, 0]) for level in range(256))
    rows = b"".join(b"".join(bytes([1, level]) for level in row) + b"\0\0" for row in GREY[::-1]) + b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(rows), 0, 0, 256, 0)
    data = b"BM" + struct.pack("<III", 1078 + len(rows), 0, 1078) + header + palette + rows
    assert np.array_equal(read(data).pixels, GREY.astype(np.float32) / np.float32(255))


@pytest.mark.parametrize(
    ("brands", "name"),
    [
        *(([main], "an HEIC photograph") for main in (b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1")),
        ([b"mif1", b"avif", b"mif1"], "an AVIF image"),
        ([b"mif1", b"heic"], "an HEIC photograph"),
        ([b"heic", b"avif"], "an HEIC photograph"),
        ([b"qt  "], "a video"),
        ([b"isom", b"heic"], "a video"),
        ([b"3gp5"], "a video"),
        ([b"M4A "], "a sound recording"),
        ([b"abcd"], "of an unknown type"),
    ],
)
def test_the_brands_of_a_media_file_tell_its_type(brands: list[bytes], name: str) -> None:
    box = brands[0] + bytes(4) + b"".join(brands[1:])
    assert file_type(struct.pack(">I4s", 8 + len(box), b"ftyp") + box + bytes(300)).name == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (struct.pack("<I", 348) + bytes(340) + b"n+1\0", "a NIfTI volume"),
        (struct.pack(">I", 540) + b"n+2\0", "a NIfTI volume"),
        (b"II\xbc\x01", "a JPEG XR image"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "a video"),
        (b"RIFF\x10\0\0\0AVI LIST", "a video"),
        (b"\x1a\x45\xdf\xa3", "a video"),
        (b"7z\xbc\xaf\x27\x1c", "a packed archive"),
        (b"8BPS\0\1", "a Photoshop document"),
    ],
)
def test_what_has_a_plain_signature_is_named(head: bytes, name: str) -> None:
    assert file_type(head + bytes(600)).name == name
    assert f"This file is {name}, which cannot be read" in refusal(head + bytes(600))


def heic(*, boxes: bytes = b"") -> bytes:
    return struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"heic") + boxes


def test_heic_without_a_still_picture_is_moving() -> None:
    data = heic(boxes=struct.pack(">I4s", 108, b"moov") + bytes(100))
    assert file_type(data) is HEIC
    assert "moving" in refusal(data)


def test_heic_is_named_where_its_decoder_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "_pi_heif", None)
    data = heic(boxes=struct.pack(">I4s", 108, b"meta") + bytes(100))
    assert "HEIC photograph, which cannot be read as a radiograph; export as PNG or JPEG" in refusal(data)
    assert file_type(bytes(300)) is UNKNOWN


def film(tint: Callable[[Array], list[Array]], size: tuple[int, int] = (400, 320)) -> Array:
    """Soft greys, coloured by what a function makes of each grey."""
    random = np.random.default_rng(1)
    patches = Image.fromarray((random.random((9, 11)) * 255).astype(np.uint8))
    grey = np.asarray(patches.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    return np.clip(np.stack(tint(grey), axis=2), 0, 255).astype(np.uint8)


TINTS: dict[str, Callable[[Array], list[Array]]] = {
    "blue": lambda grey: [grey * 0.8, grey * 0.9, grey],
    "sepia": lambda grey: [grey * 1.15, grey, grey * 0.75],
    "blue base": lambda grey: [grey * 0.75 + 10, grey * 0.85 + 20, grey * 0.7 + 77],
    "two tones": lambda grey: [grey + 12 * np.sin(grey / 40), grey, grey - 12 * np.sin(grey / 40)],
}


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("tint", TINTS)
def test_a_colour_that_depends_on_the_grey_alone_is_a_tint(tint: str, quality: int) -> None:
    assert codes(read(encode(film(TINTS[tint]), "JPEG", quality=quality))) == {"tinted"}


def test_a_cast_that_changes_across_the_picture_is_no_colour() -> None:
    rgb = film(lambda grey: [grey * 0.95, grey * 0.95, grey * 0.95]).astype(np.float64)
    rgb[..., 0] += np.linspace(-5, 5, rgb.shape[1])
    rgb[..., 2] += np.linspace(-5, 5, rgb.shape[0])[:, np.newaxis]
    assert codes(read(encode(np.clip(rgb, 0, 255).astype(np.uint8), "JPEG", quality=75))) <= {"tinted"}


def mark_arrow(draw: ImageDraw.ImageDraw) -> None:
    draw.line((80, 70, 200, 150), fill=(255, 220, 0), width=7)


def mark_letters(draw: ImageDraw.ImageDraw) -> None:
    draw.text((20, 20), "R  PA ERECT", fill=(0, 255, 0), font_size=30)


def mark_logo(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((330, 290, 399, 319), fill=(0, 90, 170))


def mark_frame(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((0, 0, 399, 319), outline=(200, 30, 30), width=2)


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("mark", [mark_arrow, mark_letters, mark_logo, mark_frame])
def test_a_radiograph_may_carry_coloured_marks(
    mark: Callable[[ImageDraw.ImageDraw], None], quality: int
) -> None:
    image = Image.fromarray(film(lambda grey: [grey, grey, grey]))
    mark(ImageDraw.Draw(image))
    assert codes(read(encode(image, "JPEG", quality=quality))) == {"coloured_marks"}


def wall(random: np.random.Generator) -> list[Array]:
    """Two soft hues over the whole picture, whatever the grey."""
    hue = np.asarray(
        Image.fromarray((random.random((4, 5)) * 255).astype(np.uint8)).resize((400, 320)), np.float64
    )
    grey = np.asarray(
        Image.fromarray((random.random((40, 50)) * 200 + 28).astype(np.uint8)).resize((400, 320)), float
    )
    return [grey + (hue - 128) / 8, grey, grey - (hue - 128) / 8]


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("seed", range(3))
def test_a_faint_colour_that_the_grey_does_not_explain_is_a_photograph(seed: int, quality: int) -> None:
    rgb = np.clip(np.stack(wall(np.random.default_rng(seed)), axis=2), 0, 255).astype(np.uint8)
    assert np.ptp(rgb.astype(np.int16), axis=2).max() < 36, "faint"
    assert "in colour" in refusal(encode(rgb, "JPEG", quality=quality))


MUTATED = {
    "planes apart": DEEP_TIFFS["planes apart"](),
    "tiles": DEEP_TIFFS["tiles"](),
    "BigTIFF": DEEP_TIFFS["BigTIFF"](),
    "12 bits": DEEP_TIFFS["12 bits"](),
    "pages": tiff(GREY, DEEP, GREY),
    "deep PNG with opacity": imagecodecs.png_encode(np.dstack([DEEP, DEEP])),
    "lossless JPEG": imagecodecs.jpeg8_encode(DEEP, lossless=True, bitspersample=16),
    "MPO": encode(GREY, "MPO", save_all=True, append_images=[Image.fromarray(GREY)]),
    "run lengths": bmp(compression=1),
}


@pytest.mark.parametrize("kind", MUTATED)
def test_mutated_files_are_read_or_refused(kind: str) -> None:
    random = np.random.default_rng(11)
    for round_ in range(80):
        changed = bytearray(MUTATED[kind])
        start = int.from_bytes(changed[4:8], "little" if changed[:2] == b"II" else "big")
        near = start if round_ % 2 and start < len(changed) else 8
        for position in random.integers(near, min(len(changed), near + 300), size=3):
            changed[position] = random.integers(0, 256)
        data = bytes(changed[: int(len(changed) * random.choice([1, 1, 1, 0.7]))])
        try:
            pixels = read(data).pixels
        except RadiographError:
            continue
        assert pixels.min() >= 0 and pixels.max() <= 1
