"""Each bad or odd image is built here, read, and met with the answer that a user needs."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from core.errors import RadiographError
from core.reading.radiograph import Radiograph, read_radiograph

HEIGHT, WIDTH = 160, 200
_rows, _columns = np.mgrid[0:HEIGHT, 0:WIDTH]
GREY = ((_rows + _columns) * 255 // (HEIGHT + WIDTH - 2)).astype(np.uint8)
DEEP = (GREY.astype(np.uint16) * 257).astype(np.uint16)


def encode(array: Any, form: str = "PNG", mode: str | None = None, **options: Any) -> bytes:
    """An image file of an array or image."""
    image = array if isinstance(array, Image.Image) else Image.fromarray(array)
    buffer = BytesIO()
    (image.convert(mode) if mode else image).save(buffer, form, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int = 8, body: bytes = b"", extra: bytes = b"") -> bytes:
    """A PNG file with any header, whatever its pixels."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    end = chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + end


def tiff(
    samples: np.ndarray[Any, Any], bits: int, kind: int, photometric: int = 1, order: str = "<"
) -> bytes:
    """An uncompressed TIFF file of one strip, of any sample format (TIFF 6.0, section 2)."""
    height, width = samples.shape
    body = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 8, 277: 1, 278: height}
    tags |= {279: len(body), 339: kind}
    directory = struct.pack(f"{order}H", len(tags))
    for tag, value in sorted(tags.items()):
        directory += struct.pack(f"{order}HHII", tag, 4, 1, value)
    magic = b"II*\0" if order == "<" else b"MM\0*"
    return magic + struct.pack(f"{order}I", 8 + len(body)) + body + directory + b"\0\0\0\0"


def refusal(data: bytes, name: str = "chest.png") -> str:
    """The one sentence that refuses a file."""
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


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "WEBP"])
def test_eight_bits_are_divided_by_255_exactly(form: str) -> None:
    data = encode(GREY, form, **({"lossless": True} if form == "WEBP" else {}))
    radiograph = read_radiograph(data, f"chest.{form.lower()}")
    assert np.array_equal(radiograph.pixels, GREY.astype(np.float32) / np.float32(255))
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.source_format.upper() == form
    assert radiograph.warnings == ()
    assert radiograph.spacing_mm is None


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_equals_what_pillow_decodes(mode: str) -> None:
    data = encode(GREY, "JPEG", mode)
    decoded = np.asarray(Image.open(BytesIO(data)).convert("L"), dtype=np.float32)
    assert np.array_equal(read_radiograph(data, "chest.jpg").pixels, decoded / np.float32(255))


def test_the_same_bytes_can_be_read_twice() -> None:
    data = encode(GREY)
    assert np.array_equal(read_radiograph(data, "a.png").pixels, read_radiograph(data, "b.png").pixels)


def test_the_pixels_of_a_radiograph_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        read_radiograph(encode(GREY), "chest.png").pixels[0, 0] = 1


def test_an_empty_file() -> None:
    assert refusal(b"").startswith("The file is empty")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Chest radiograph, PA view, no findings.\n", "a text file"),
        (b"  <!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7\n" + bytes(200), "a PDF document"),
        (
            b"\0\0\0\x18ftypheic" + bytes(200),
            "HEIC photograph, which cannot be read as a radiograph; export as PNG or JPEG",
        ),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 200\n", "a PostScript document"),
        (b"\0\0\0\x1cftypavif" + bytes(200), "an AVIF image"),
        (b"\x7fELF" + bytes(200), "a program"),
        (b"PK\x03\x04" + bytes(200), "unpack it"),
        (bytes(range(256)), "of an unknown type"),
    ],
)
def test_other_types_are_named(data: bytes, expected: str) -> None:
    assert expected in refusal(data)


@pytest.mark.parametrize(
    ("form", "expected"), [("PPM", "PNM"), ("ICO", "icon"), ("JPEG2000", "JPEG 2000"), ("GIF", "GIF")]
)
def test_other_image_formats_are_refused(form: str, expected: str) -> None:
    assert expected in refusal(encode(GREY, form))


def test_a_jpeg_called_png_is_noted() -> None:
    radiograph = read_radiograph(encode(GREY, "JPEG"), "chest.png")
    assert codes(radiograph) == {"misnamed"}
    assert "a JPEG image" in radiograph.warnings[0].message


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
def test_a_file_cut_short(form: str, share: float) -> None:
    data = encode(GREY, form)
    if form == "TIFF":
        data = tiff(GREY, 8, 1)  # its directory stands at the end, so cutting leaves none
    assert "damaged" in refusal(data[: int(len(data) * share)], f"chest.{form.lower()}")


def test_a_tiff_whose_pixels_end_early() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), dtype=np.uint8)
    data = encode(noise, "TIFF")
    assert data.index(b"\x2a") < 8
    assert "damaged" in refusal(data[: len(data) * 9 // 10], "chest.tif")


@pytest.mark.parametrize("position", [0.3, 0.5, 0.8])
def test_a_png_with_a_flipped_byte(position: float) -> None:
    data = bytearray(encode(GREY))
    data[int(len(data) * position)] ^= 0xFF
    assert "damaged" in refusal(bytes(data))


def test_a_png_without_its_end_is_read_with_a_warning() -> None:
    data = encode(GREY)
    radiograph = read_radiograph(data[: data.index(b"IEND") - 4], "chest.png")
    assert codes(radiograph) == {"no_end"}
    assert np.array_equal(radiograph.pixels, read_radiograph(data, "chest.png").pixels)


@pytest.mark.parametrize(("side", "depth"), [(30_000, 1), (10_000, 8), (6_400, 8)])
def test_too_many_pixels_are_refused_by_the_header(side: int, depth: int) -> None:
    assert "too large" in refusal(png(side, side, depth))


def test_forty_megapixels_are_the_limit() -> None:
    assert "damaged" in refusal(png(8000, 5000)), "within the limit: only then are its missing pixels noticed"
    assert "too large" in refusal(png(8000, 5001))


def test_more_than_fifty_megabytes() -> None:
    assert "50 MB" in refusal(encode(GREY) + bytes(50_000_000))


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_text_bomb(kind: bytes) -> None:
    packed = zlib.compress(bytes(80_000_000), 9)
    body = b"Comment\0\0" + packed if kind == b"zTXt" else b"Comment\0\1\0\0\0" + packed
    assert "metadata" in refusal(png(WIDTH, HEIGHT, extra=chunk(kind, body)))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_from_their_own_range(form: str, order: str) -> None:
    narrow = 20_000 + DEEP // 16
    data = encode(narrow) if form == "PNG" else tiff(narrow, 16, 1, order=order)
    pixels = read_radiograph(data, f"chest.{form.lower()}").pixels
    assert pixels.min() == 0 and pixels.max() == 1
    assert np.corrcoef(pixels.ravel(), GREY.ravel())[0, 1] > 0.999
    assert 0.45 < np.median(pixels) < 0.55


def test_thirty_two_bit_integers_are_scaled_from_their_own_range() -> None:
    wide = GREY.astype(np.int32) * 4_000_000 - 7
    pixels = read_radiograph(encode(wide, "TIFF"), "chest.tif").pixels
    assert np.corrcoef(pixels.ravel(), GREY.ravel())[0, 1] > 0.999


def test_twelve_bits_in_sixteen_ignore_a_white_label() -> None:
    stored = DEEP >> 4
    stored[:4, :20] = 65_535
    pixels = read_radiograph(encode(stored), "chest.png").pixels
    assert 0.45 < np.median(pixels) < 0.55
    assert (pixels[:4, :20] == 1).all()


@pytest.mark.parametrize("span", [1.0, 4096.0])
def test_floats_are_scaled_from_their_own_range(span: float) -> None:
    stored = (GREY / 255 * span).astype(np.float32)
    pixels = read_radiograph(encode(stored, "TIFF"), "chest.tif").pixels
    assert pixels.min() == 0 and pixels.max() == 1 and 0.45 < np.median(pixels) < 0.55


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite(value: float) -> None:
    stored = (GREY / 255).astype(np.float32)
    stored[50, 50] = value
    assert "not finite" in refusal(encode(stored, "TIFF"), "chest.tif")


def test_a_tiff_of_unknown_samples_is_named() -> None:
    assert "unsupported TIFF" in refusal(tiff(GREY / 255, 64, 3), "chest.tif")


@pytest.mark.parametrize(("stored", "bits"), [(GREY, 8), (DEEP, 16)])
def test_a_tiff_whose_white_is_zero_is_inverted(stored: np.ndarray[Any, Any], bits: int) -> None:
    plain = read_radiograph(tiff(stored, bits, 1, photometric=1), "chest.tif").pixels
    inverted = read_radiograph(tiff(stored, bits, 1, photometric=0), "chest.tif").pixels
    np.testing.assert_allclose(inverted, 1 - plain, atol=1e-6)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_hidden_pixels_stay_hidden(mode: str) -> None:
    image = Image.fromarray(GREY).convert(mode)
    alpha = np.full((HEIGHT, WIDTH), 255, dtype=np.uint8)
    alpha[:40] = 0
    image.putalpha(Image.fromarray(alpha))
    radiograph = read_radiograph(encode(image), "chest.png")
    assert codes(radiograph) == {"transparency"}
    assert not radiograph.pixels[:40].any()
    assert np.array_equal(radiograph.pixels[40:], GREY[40:].astype(np.float32) / np.float32(255))


def test_an_opaque_alpha_channel_goes_without_saying() -> None:
    radiograph = read_radiograph(encode(GREY, mode="RGBA"), "chest.png")
    assert radiograph.warnings == ()
    assert np.array_equal(radiograph.pixels, GREY.astype(np.float32) / np.float32(255))


def test_a_grey_palette_is_looked_up() -> None:
    image = Image.fromarray(255 - GREY).convert("P")
    image.putpalette([255 - level for level in range(256) for _ in range(3)])
    image = Image.frombytes("P", image.size, (255 - GREY).tobytes())
    image.putpalette([255 - level for level in range(256) for _ in range(3)])
    pixels = read_radiograph(encode(image), "chest.png").pixels
    assert np.array_equal(pixels, GREY.astype(np.float32) / np.float32(255))


def test_cmyk_is_flagged() -> None:
    assert "cmyk" in codes(read_radiograph(encode(GREY, "JPEG", "CMYK", quality=95), "chest.jpg"))


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_a_colour_photograph_is_no_radiograph(form: str) -> None:
    rgb = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 40, axis=0)], axis=2)
    assert "not a radiograph" in refusal(encode(rgb, form), f"chest.{form.lower()}")


def test_a_colour_palette_is_no_radiograph() -> None:
    rgb = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 40, axis=0)], axis=2)
    assert "not a radiograph" in refusal(encode(Image.fromarray(rgb).quantize(64)))


def test_a_tinted_film_is_read_as_grey() -> None:
    rgb = np.stack([GREY * 0.8, GREY * 0.9, GREY * 1.0], axis=2).astype(np.uint8)
    assert codes(read_radiograph(encode(rgb), "chest.png")) == {"tinted"}


def test_coloured_marks_are_flagged() -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    rgb[60:64, 60:100] = (255, 0, 0)
    assert codes(read_radiograph(encode(rgb), "chest.png")) == {"coloured_marks"}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_the_orientation_is_applied_once(form: str, orientation: int) -> None:
    """Turned back by the inverse of what the tag asks for, the image is upright again (EXIF 2.32)."""
    stored_from = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.T,
        6: lambda a: np.rot90(a, 1),
        7: lambda a: a[::-1, ::-1].T,
        8: lambda a: np.rot90(a, -1),
    }[orientation]
    exif = Image.Exif()
    exif[274] = orientation
    options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    data = encode(np.ascontiguousarray(stored_from(GREY)), form, exif=exif, **options)
    radiograph = read_radiograph(data, f"chest.{form.lower()}")
    np.testing.assert_allclose(radiograph.pixels, GREY / 255, atol=0.03 if form == "JPEG" else 1e-6)
    assert codes(radiograph) == ({"mirrored"} if orientation in (2, 4, 5, 7) else set())


def test_personal_data_of_exif_are_dropped() -> None:
    exif = Image.Exif()
    exif[315], exif[270] = "Dr. Mabuse", "Patient 4711"
    radiograph = read_radiograph(encode(GREY, "JPEG", exif=exif), "chest.jpg")
    assert "4711" not in repr(radiograph) and "Mabuse" not in repr(radiograph)


@pytest.mark.parametrize("form", ["WEBP", "PNG", "GIF"])
def test_animations_are_refused(form: str) -> None:
    other = Image.fromarray(255 - GREY)
    data = encode(GREY, form, save_all=True, append_images=[other])
    assert "export the one" in refusal(data, f"chest.{form.lower()}")


@pytest.mark.parametrize(
    "array",
    [
        np.full((HEIGHT, WIDTH), 90, dtype=np.uint8),
        np.full((HEIGHT, WIDTH), 3000, dtype=np.uint16),
        np.full((HEIGHT, WIDTH), 0.5, dtype=np.float32),
        GREY > 128,
        np.where(GREY > 128, 255, 0).astype(np.uint8),
    ],
    ids=["flat 8", "flat 16", "flat float", "one bit", "two greys"],
)
def test_no_contrast(array: np.ndarray[Any, Any]) -> None:
    assert "no contrast" in refusal(encode(array, "TIFF"), "chest.tif")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 1), "too small"), ((3000, 8), "too small"), ((127, 300), "too small"), ((128, 513), "elongated")],
)
def test_shapes_that_no_radiograph_has(shape: tuple[int, int], expected: str) -> None:
    assert expected in refusal(encode(np.zeros(shape, dtype=np.uint8)))


def test_an_appended_archive_is_ignored() -> None:
    data = encode(GREY)
    radiograph = read_radiograph(data + b"PK\x03\x04" + bytes(500), "chest.png")
    assert radiograph.warnings == ()
    assert np.array_equal(radiograph.pixels, read_radiograph(data, "chest.png").pixels)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "TIFF", "WEBP", "BMP"])
def test_mutated_files_are_read_or_refused(form: str) -> None:
    """Whatever the bytes, nothing but our own error comes out."""
    random = np.random.default_rng(7)
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "chest", zip=True)
    original = encode(GREY, form, **({"pnginfo": info} if form == "PNG" else {}))
    for _ in range(60):
        data = bytearray(original)
        for position in random.integers(26, min(len(data), 600), size=3):
            data[position] = random.integers(0, 256)
        try:
            pixels = read_radiograph(bytes(data), "chest").pixels
        except RadiographError:
            continue
        assert pixels.min() >= 0 and pixels.max() <= 1
