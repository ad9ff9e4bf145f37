"""Images as phones, scanners and programs write them: at full depth, or refused by their true name."""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageFilter

from core.errors import RadiographError
from core.reading.radiograph import Radiograph, read_radiograph

HEIGHT, WIDTH = 160, 200
_rows, _columns = np.mgrid[0:HEIGHT, 0:WIDTH]
RAMP = (_rows + _columns) / (HEIGHT + WIDTH - 2)
GREY = np.rint(RAMP * 255).astype(np.uint8)
TWELVE = np.rint(RAMP * 4095).astype(np.uint16)
LEVELS = 300  # more greys than 8 bits have

# Of GREY, by libheif's heif-enc: one file with two pictures of 8 bits, one of 10 bits.
HEIC_OF_TWO = base64.b64decode(
    b"AAAAKGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZm1pZjFoZWljbWlhZgAAAgRtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0"
    b"AAAAAAAAAAAAAAAAAAAAAA5waXRtAAAAAAABAAAANGlsb2MAAAAAREAAAgABAAAAAAI0AAEAAAAAAAAA1QACAAAAAAMJAAEA"
    b"AAAAAAABVgAAADhpaW5mAAAAAAACAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAFWluZmUCAAAAAAIAAGh2YzEAAAABXWlwcnAA"
    b"AAE5aXBjbwAAAHNodmNDAQQIAAAAAAAAAAAAHvAA/Pz4+AAADwMgAAEAF0ABDAH//wQIAAADAJ/4AAADAAAeugJAIQABACdC"
    b"AQEECAAAAwCf+AAAAwAAHsBkgKFlupJKa5sCAAADAAIAAAMAAhAiAAEAB0QBwXKwYkAAAAAUaXNwZQAAAAAAAADIAAAAoAAA"
    b"AA5waXhpAAAAAAEIAAAAeGh2Y0MBA3AAAAAAAAAAAAAe8AD8/fj4AAAPAyAAAQAYQAEMAf//A3AAAAMAkAAAAwAAAwAeugJA"
    b"IQABACtCAQEDcAAAAwCQAAADAAADAB6gGSAoWW6kkprm4EBAwIAAAAMAgAAAAwCEIgABAAdEAcFysGJAAAAAFGlzcGUAAAAA"
    b"AAAAyAAAAKAAAAAQcGl4aQAAAAADCAgIAAAAHGlwbWEAAAAAAAAAAgABA4ECgwACA4QFhgAAAjNtZGF0AAAA0SgBribPijzE"
    b"cOUJ5+gx8euk/l6jjAbNqRcEVF0TcopKI8mPDl83kC2iPLUDX5mtSF2R0bMn0m44ehAJcuiiFcDOTtvwxom+sUVH8Z6Jyjiz"
    b"UBo/0ZwbRvn0LjimvfPdzIpWbJ8a3CGrCKA5sqExxE2WECCbmZlBC9QjSpoyNZnVbqx/pFdczNd296FA+bkISO3LicdCchYx"
    b"IXgX+znz3HDXEcB1/lMlqqF/z1oDojLX5budeSxO2jxu+hguTuwQ+eZ1bky5RhCtfwJH2n/08biAAAABUigBrxNiMpSgeXMK"
    b"KnOUm3A0PWdUs8bzgT/+f/HMLweqzNqn6QvsE827adyveCjYdVnNjG/3RYC2bM/XpdAkz4KPFe41IrNCqeMvzyt6am026u2p"
    b"b1Y76eslnxFfbFSUR+QF/3vz+n8hh0U9JG/2H7hh0ctyVKupCq9y2Wk5JEndkekhaOMnG826zITnJWps7N6c6vwYLpEWChzq"
    b"OljysvPSQH98q1cfuc5QgriWw9fOnTYiM68hLhxmsX/pn412hp2bBZAcvW/NH1DulumA3OMjcshvC4IA62jdFSGbHJ+IkULy"
    b"4mRnw/ungKMDfmy1DDfJ3xKrZHksE5okmScVkySSh3NBFHTqszuMTPVh4zFeJBHH1haoTlewG9Ezdv+JJeGVs4u4SM4Iq8BB"
    b"Z+/9Nn7TcgGp12fcHDWaC36pVQTiugSBReUGXp10g1v8O90dKoQw"
)
HEIC_OF_TEN_BITS = base64.b64decode(
    b"AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAATttZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    b"AAAAAA5waXRtAAAAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFfAAEAAAAAAAAClwAAACNpaW5mAAAAAAABAAAAFWluZmUC"
    b"AAAAAAEAAGh2YzEAAAAAu2lwcnAAAACdaXBjbwAAAHNodmNDAQQIAAAAAAAAAAAAHvAA/Pz6+gAADwMgAAEAF0ABDAH//wQI"
    b"AAADAJ34AAADAAAeugJAIQABACdCAQEECAAAAwCd+AAAAwAAHsBkgKE2W6kkprmwIAAAAwAgAAADACEiAAEAB0QBwXKwYkAA"
    b"AAAUaXNwZQAAAAAAAADIAAAAoAAAAA5waXhpAAAAAAEKAAAAFmlwbWEAAAAAAAAAAQABA4ECgwAAAp9tZGF0AAACkygBrgxs"
    b"TQ2t8dBhC/p281GXS6z5/wrRkwIGD27+83mcc2f07I/9cks/cQS3Nnuh/xXMbNvdpfNZ7PeQNQca/zb61937UUWpaHDg6cR0"
    b"jI8Pll5mPGOP2S3nTv+rRfiASglXOh1XLU7KR0uVpPWuiT8NJp9ivNgTDAG6JiPYWM7M498GCvYVI+Bo9sit4Fig/hs0d8JO"
    b"UeMIAMP68h92wqSpb+a3S+tztrbquom50eYncLXA3Lr4Vw9wVdnMJ5rW+pvDfifNt1IxoRoNS8y3OFg3vVmW5Y3JipRvP9CD"
    b"y2UWzDEVZ9ETBqsebTVu5ULpeRtUgc2XzT75/D1R/4xig6L4f1W+icG6BAiUwj5O3QY6m2YTYmhU193xGf6qKtcH9PsJstYe"
    b"HMVHHlFURaASpTZqMRkjpjm7NlIAhN0cXOVfvgB/VSDCMYjJJNqA0AAW1cwoa09iP8iOfE6SgpdKL7cln7II033NO4WY+KAu"
    b"2sx4VJh0DKDA+Qe1S8gK+RagE0mltvAA9XDHqA3KiakjcxHMIt3PkBvgWCcfkUFwRFe8pqykSFr42sNS3xjC5NsvYF9VgyyP"
    b"oNHOSTtGbm1WCONrpGbazzNXS7IVpLiBr/6uF48B2F9ZxuTd5gnLnpcB3fk7wUZPxxcOJT3CDTfPcNfSrTFpREWTC0q1rrld"
    b"SzaEC07fA88MOKL3RJZmSgQ79zzoBCHSrOWA0KTmvSdkNL/EfGjSS7ovmdOxcXAZB+CkrZWpy5s+2A5OQ8aoT9Zb86zxXkoD"
    b"cb6n7f2YZPpkmhzSXTUZPPPe3NhIbb8wXcXAfux8puDL17HHX16BQrwQFw5DlORMzJKOt1LprVzu/hapxLuefga3VdqiNMIJ"
    b"pR9wTNC2"
)


def encode(image: Image.Image | np.ndarray, form: str, **options: object) -> bytes:
    data = BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(data, form, **options)
    return data.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    data = BytesIO()
    tifffile.imwrite(data, array, **options)
    return data.getvalue()


def read(data: bytes, frame: int = 0) -> Radiograph:
    return read_radiograph(data, "chest", frame)


def codes(data: bytes) -> set[str]:
    return {warning.code for warning in read(data).warnings}


def refusal(data: bytes) -> str:
    with pytest.raises(RadiographError) as caught:
        read(data)
    message = str(caught.value)
    assert message.endswith(".") and ";" in message and ". " not in message
    return message


def colours(stored: np.ndarray) -> np.ndarray:
    return np.repeat(stored[:, :, np.newaxis], 3, axis=2)


def with_opacity(stored: np.ndarray) -> np.ndarray:
    planes = stored if stored.ndim == 3 else stored[:, :, np.newaxis]
    return np.concatenate([planes, np.full((HEIGHT, WIDTH, 1), 65535, np.uint16)], axis=2)


def assert_deep(pixels: np.ndarray) -> None:
    """A ramp from black to white, less the half per cent that saturates, in more greys than 8 bits have."""
    assert np.unique(pixels).size > LEVELS
    middle = (RAMP > 0.1) & (RAMP < 0.9)
    assert np.abs(pixels - RAMP)[middle].max() < 0.06
    assert pixels.min() == 0 and pixels.max() == 1


@pytest.mark.parametrize(
    "stored",
    [colours(TWELVE), with_opacity(TWELVE), with_opacity(colours(TWELVE)), TWELVE, colours(TWELVE * 16)],
    ids=["RGB", "LA", "RGBA", "L", "RGB of 16 bits"],
)
def test_a_deep_png_keeps_its_depth(stored: np.ndarray) -> None:
    assert_deep(read(imagecodecs.png_encode(stored)).pixels)


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_deep_colour_tiff_keeps_its_depth(compression: str | None, order: str) -> None:
    data = tiff(colours(TWELVE), photometric="rgb", compression=compression, byteorder=order)
    assert_deep(read(data).pixels)


def test_a_signed_tiff_of_8_bits_does_not_wrap() -> None:
    signed = (GREY.astype(np.int16) - 128).astype(np.int8)
    pixels = read(tiff(signed, photometric="minisblack")).pixels
    assert (np.diff(pixels, axis=0) >= 0).all() and (np.diff(pixels, axis=1) >= 0).all()
    assert pixels[0, 0] == 0 and pixels[-1, -1] == 1


@pytest.mark.parametrize("bits", [12, 16])
def test_jpeg_deeper_than_8_bits(bits: int) -> None:
    stored = TWELVE if bits == 12 else TWELVE * 16
    data = imagecodecs.jpeg8_encode(stored, lossless=bits == 16, level=98, bitspersample=bits)
    assert_deep(read(data).pixels)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_jpeg_is_lossless(bits: int) -> None:
    stored = {8: GREY, 12: TWELVE, 16: TWELVE * 16}[bits]
    data = imagecodecs.jpeg8_encode(stored, lossless=True, bitspersample=bits)
    expected = read(imagecodecs.png_encode(stored)).pixels
    np.testing.assert_allclose(read(data).pixels, expected, atol=1e-6)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("lossless", [True, False])
def test_a_deep_jpeg_cut_short_is_damaged(share: float, lossless: bool) -> None:
    data = imagecodecs.jpeg8_encode(TWELVE, lossless=lossless, level=95, bitspersample=12)
    assert "damaged or incomplete" in refusal(data[: int(len(data) * share)])
    assert "damaged or incomplete" in refusal(data[: int(len(data) * share)] + b"\xff\xd9")


@pytest.mark.parametrize(
    ("process", "name"), [(0xCB, "lossless with arithmetic coding"), (0xC5, "hierarchical")]
)
def test_a_jpeg_that_nothing_decodes_is_named(process: int, name: str) -> None:
    data = encode(GREY, "JPEG")
    assert f"unsupported kind of JPEG ({name})" in refusal(
        data.replace(b"\xff\xc0", bytes([0xFF, process]), 1)
    )


def test_the_main_picture_of_a_phones_jpeg_is_read() -> None:
    main = encode(GREY, "JPEG")
    small = Image.fromarray(255 - GREY).resize((140, 130))
    for data in (encode(GREY, "MPO", save_all=True, append_images=[small]), main + encode(small, "JPEG")):
        assert codes(data) == {"second_picture"}
        np.testing.assert_allclose(read(data).pixels, GREY / 255, atol=0.03)
        assert read(data).frames == 1


def test_the_main_picture_of_a_tiff_with_a_thumbnail_is_read() -> None:
    data = BytesIO()
    with tifffile.TiffWriter(data) as file:
        file.write(GREY[::4, ::4], subfiletype=1, photometric="minisblack")
        file.write(GREY, photometric="minisblack")
    assert codes(data.getvalue()) == {"second_picture"}
    assert np.array_equal(read(data.getvalue()).pixels, GREY.astype(np.float32) / np.float32(255))


def test_of_several_pages_the_chosen_one_is_read() -> None:
    pages = [GREY, np.ascontiguousarray(GREY[::-1]), np.ascontiguousarray(GREY[:, ::-1])]
    data = tiff(np.stack(pages), photometric="minisblack")
    for frame, page in enumerate(pages):
        radiograph = read(data, frame)
        assert np.array_equal(radiograph.pixels, page.astype(np.float32) / np.float32(255))
        assert radiograph.frames == 3
        assert radiograph.warnings[0].message == f"The file holds 3 pictures; picture {frame + 1} was read."
    with pytest.raises(RadiographError, match="choose one from 1 to 3"):
        read(data, 3)


def test_too_many_pages_are_refused() -> None:
    data = tiff(np.repeat(GREY[np.newaxis], 101, axis=0), photometric="minisblack", metadata=None)
    assert "more than 100 pages" in refusal(data)


def test_heic() -> None:
    assert codes(HEIC_OF_TWO) == {"second_picture"}
    np.testing.assert_allclose(read(HEIC_OF_TWO).pixels, GREY / 255, atol=0.05)
    deep = read(HEIC_OF_TEN_BITS)
    assert deep.source_format == "HEIC" and deep.details["Bits"] == "10" and deep.lossy


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_heic_cut_short(share: float) -> None:
    data = HEIC_OF_TEN_BITS[: int(len(HEIC_OF_TEN_BITS) * share)]
    assert "damaged" in refusal(data) or "HEIC" in refusal(data)


@pytest.mark.parametrize(
    ("brand", "name"),
    [
        *((brand, "a video") for brand in (b"isom", b"mp42", b"qt  ", b"M4V ", b"3gp4", b"avc1")),
        (b"avif", "an AVIF image"),
        (b"crx ", "a camera's raw file"),
        (b"zzzz", "of an unknown type"),
    ],
)
def test_what_begins_like_heic_is_named_truly(brand: bytes, name: str) -> None:
    message = refusal(struct.pack(">I4s4sI", 24, b"ftyp", brand, 0) + brand + bytes(600))
    assert name in message and "HEIC" not in message


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL image"),
        (b"\x76\x2f\x31\x01", "an OpenEXR image"),
        (b"NRRD0004\n", "an NRRD volume"),
        (b"ObjectType = Image\nNDims = 3\n", "a MetaImage header"),
        (b"SIMPLE  =                    T", "a FITS image"),
    ],
)
def test_other_kinds_are_named(head: bytes, name: str) -> None:
    assert name in refusal(head + bytes(600))


def test_an_unsupported_bmp_is_not_called_damaged() -> None:
    data = bytearray(encode(GREY, "BMP"))
    data[30:34] = (4).to_bytes(4, "little")  # a JPEG inside
    message = refusal(bytes(data))
    assert "unsupported" in message and "damaged" not in message


def scene(saturation: float, seed: int = 0) -> np.ndarray:
    """A photograph of soft patches in all hues, its colours faded to a share."""
    random = np.random.default_rng(seed)
    patches = Image.fromarray((random.random((8, 10, 3)) * 255).astype(np.uint8))
    full = np.asarray(patches.resize((400, 320), Image.Resampling.BICUBIC), dtype=np.float32)
    grey = full.mean(axis=2, keepdims=True)
    return np.clip(grey + saturation * (full - grey), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("saturation", [1.0, 0.5, 0.25])
@pytest.mark.parametrize("seed", range(3))
def test_faint_colours_all_over_are_no_radiograph(saturation: float, seed: int) -> None:
    assert "in colour" in refusal(encode(scene(saturation, seed), "PNG"))


def film() -> Image.Image:
    random = np.random.default_rng(1)
    grey = Image.fromarray((random.random((9, 11)) * 255).astype(np.uint8)).resize((400, 320))
    return grey.filter(ImageFilter.GaussianBlur(8))


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_a_grey_film_saved_in_colour_is_a_radiograph(quality: int) -> None:
    assert codes(encode(film().convert("RGB"), "JPEG", quality=quality)) == set()


def test_marks_in_a_corner_are_marks() -> None:
    rgb = np.asarray(film().convert("RGB")).copy()
    rgb[10:30, 10:60] = (250, 40, 40)
    assert codes(encode(rgb, "PNG")) == {"coloured_marks"}


def test_a_film_tinted_blue_is_tinted() -> None:
    grey = np.asarray(film(), dtype=np.float32)
    rgb = np.stack([grey * 0.85, grey * 0.95, np.minimum(grey * 1.1, 255)], axis=2).astype(np.uint8)
    assert codes(encode(rgb, "PNG")) == {"tinted"}


@pytest.mark.parametrize(
    "data",
    [
        imagecodecs.png_encode(colours(TWELVE)),
        imagecodecs.jpeg8_encode(TWELVE, level=90, bitspersample=12),
        tiff(np.stack([GREY, GREY]), photometric="minisblack"),
        tiff(colours(TWELVE), photometric="rgb"),
        HEIC_OF_TWO,
    ],
    ids=["deep PNG", "12-bit JPEG", "TIFF of pages", "deep TIFF", "HEIC"],
)
def test_mutated_files_are_read_or_refused(data: bytes) -> None:
    random = np.random.default_rng(5)
    for _ in range(60):
        changed = bytearray(data)
        for position in random.integers(8, min(len(data), 900), size=3):
            changed[position] = random.integers(0, 256)
        try:
            pixels = read(bytes(changed)).pixels
        except RadiographError:
            continue
        assert pixels.min() >= 0 and pixels.max() <= 1


def with_property(heic: bytes, name: bytes, value: int) -> bytes:
    """The file of one picture with one more transformation: a turn to the left (irot), or a mirror (imir)."""
    changed = bytearray(heic)
    associated, properties = heic.index(b"ipma") - 4, heic.index(b"ipco") - 4
    changed[associated + 4 + 14] += 1  # how many properties the picture has
    changed[associated + 22 : associated + 22] = b"\x84"
    changed[associated:associated] = struct.pack(">I4sB", 9, name, value)
    for at, more in ((heic.index(b"meta") - 4, 10), (heic.index(b"iprp") - 4, 10), (properties, 9)):
        changed[at : at + 4] = struct.pack(">I", int.from_bytes(heic[at : at + 4], "big") + more)
    moved = associated + 9
    changed[moved : moved + 4] = struct.pack(
        ">I", int.from_bytes(heic[associated : associated + 4], "big") + 1
    )
    pixels = heic.index(b"mdat") + 4
    location = heic.index(struct.pack(">I", pixels), heic.index(b"iloc"))
    changed[location : location + 4] = struct.pack(">I", pixels + 10)
    return bytes(changed)


@pytest.mark.parametrize(
    ("name", "value", "turn", "warned"),
    [
        (b"irot", 1, lambda ramp: np.rot90(ramp), set()),
        (b"irot", 2, lambda ramp: ramp[::-1, ::-1], set()),
        (b"irot", 3, lambda ramp: np.rot90(ramp, -1), set()),
        (b"imir", 0, lambda ramp: ramp[::-1], {"mirrored"}),
        (b"imir", 1, lambda ramp: ramp[:, ::-1], {"mirrored"}),
    ],
)
def test_heic_is_turned_as_its_container_asks(
    name: bytes, value: int, turn: Callable[[np.ndarray], np.ndarray], warned: set[str]
) -> None:
    """ISO/IEC 23008-12, sections 6.5.10 and 6.5.12: turns are to the left, in quarters."""
    data = with_property(HEIC_OF_TEN_BITS, name, value)
    np.testing.assert_allclose(read(data).pixels, turn(RAMP), atol=0.06)
    assert codes(data) == warned
