"""DICOM's greys: windows, tables, depths, signs and layouts, against the greys that they ought to give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from tests.core.reading.dicom.dicom_files import (
    GREY,
    HEIGHT,
    RAMP,
    TWELVE,
    WIDTH,
    codes,
    colour,
    dataset,
    lookup,
    read,
    refusal,
    write,
)

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


@pytest.mark.parametrize("planar", [0, 1])
def test_channels_that_agree_are_grey(planar: int) -> None:
    rgb = np.repeat(GREY[:, :, np.newaxis], 3, axis=2)
    body = rgb.transpose(2, 0, 1) if planar else rgb
    radiograph = read(dataset(rgb, PixelData=body.tobytes(), **colour(planar=planar)))
    assert np.array_equal(radiograph.pixels, GREY.astype(np.float32) / np.float32(255))
    assert radiograph.warnings == ()


def test_channels_that_disagree_are_no_radiograph() -> None:
    rgb = np.stack([GREY, GREY[:, ::-1], np.roll(GREY, 40, axis=0)], axis=2)
    assert "not a radiograph" in refusal(dataset(rgb, **colour()))


def test_grey_of_luminance_and_chroma() -> None:
    ybr = np.stack([GREY, np.full_like(GREY, 128), np.full_like(GREY, 128)], axis=2)
    np.testing.assert_allclose(read(dataset(ybr, **colour("YBR_FULL"))).pixels, GREY / 255, atol=0.005)


# Layouts that scramble silently


def _smooth() -> np.ndarray[Any, Any]:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    bump = np.exp(-(((rows - 80) / 50) ** 2 + ((columns - 90) / 60) ** 2))
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
    radiograph = read(dataset(rgb, PixelData=body.tobytes(), **colour(planar=planar)))
    assert codes(radiograph) == {"planar_configuration"}


# Depth: what the values show, held against the header


def _margin(stored: np.ndarray[Any, Any], grey: int, pixels: int = 40) -> np.ndarray[Any, Any]:
    return np.pad(stored, pixels, constant_values=grey)


_SIGNED = (TWELVE.astype(np.int16) - 2048).astype(np.int16)


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


def test_an_overlay_within_the_stored_bits_is_taken_out_where_it_is_declared() -> None:
    header = dataset(_overlaid(), 16)
    header.add_new((0x6002, 0x0102), "US", 12)
    assert np.array_equal(read(header).pixels, read(dataset()).pixels)


@pytest.mark.parametrize("described", [True, False])
def test_an_overlay_in_the_cells_is_no_part_of_the_picture(described: bool) -> None:
    header = dataset(_overlaid())
    if described:
        header.add_new((0x6000, 0x0102), "US", 12)
    radiograph = read(header)
    assert np.array_equal(radiograph.pixels, read(dataset()).pixels) and radiograph.warnings == ()


@pytest.mark.parametrize(
    ("stored", "bits", "representation"),
    [
        (TWELVE, 12, 1),
        (TWELVE << 4, 16, 1),
        (_SIGNED, 12, 0),
        (_SIGNED, 16, 0),
        (_SIGNED & 0xFFF, 12, 0),
    ],
    ids=["unsigned", "unsigned, deep", "signed", "signed, deep", "signed, in twelve bits"],
)
def test_the_sign_is_read_from_the_values(
    stored: np.ndarray[Any, Any], bits: int, representation: int
) -> None:
    radiograph = read(dataset(stored, bits, PixelRepresentation=representation))
    np.testing.assert_allclose(radiograph.pixels, read(dataset()).pixels, atol=1e-6)
    assert codes(radiograph) == {"pixel_representation"}


@pytest.mark.parametrize("white", [4095, 65535])
def test_white_labels_say_nothing_of_the_sign(white: int) -> None:
    labelled = (_smooth() >> 2).astype(np.uint16)
    labelled[10:20:2, 10:60:2] = white
    radiograph = read(dataset(labelled, 16 if white > 4095 else 12))
    assert radiograph.warnings == ()
    assert (radiograph.pixels[10:20:2, 10:60:2] == 1).all()


@pytest.mark.parametrize(
    "window",
    [(128, 256), (8192, 16384), (32768, 65536), (20, 40)],
    ids=["of 8 bits", "of 14 bits", "of 16 bits", "tiny"],
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


def _palette(entries: np.ndarray[Any, Any], bits: int, first: int = 0) -> dict[str, Any]:
    """The elements of a palette of greys."""
    tables: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for each in ("Red", "Green", "Blue"):
        tables[f"{each}PaletteColorLookupTableDescriptor"] = [len(entries) % 65536, first, bits]
        tables[f"{each}PaletteColorLookupTableData"] = entries.tobytes()
    return tables


@pytest.mark.parametrize(
    ("top", "bits", "cell", "warned"),
    [
        (255, 16, np.uint16, True),
        (4095, 16, np.uint16, True),
        (65535, 16, np.uint16, False),
        (4095, 12, np.uint16, False),
        (255, 8, np.uint16, False),
        (65535, 8, np.uint16, True),
        (255, 8, np.uint8, False),
        (255, 16, np.uint8, False),
    ],
)
def test_a_palette_is_as_deep_as_its_entries(top: int, bits: int, cell: type, warned: bool) -> None:
    palette = np.rint(np.linspace(0, top, 256)).astype(cell)
    radiograph = read(dataset(GREY, **_palette(palette, bits)))
    np.testing.assert_allclose(radiograph.pixels, palette[GREY] / top, atol=1e-6)
    assert codes(radiograph) == ({"depth"} if warned else set())


@pytest.mark.parametrize("first", [0, 1000])
def test_a_long_palette_of_bytes_that_starts_late(first: int) -> None:
    palette = (np.arange(4096) >> 4).astype(np.uint8)
    expected = palette[np.clip(TWELVE.astype(int) - first, 0, 4095)] / 255
    np.testing.assert_allclose(
        read(dataset(TWELVE, **_palette(palette, 8, first))).pixels, expected, atol=1e-6
    )


@pytest.mark.parametrize(("top", "warned"), [(255, True), (4095, True), (65535, False)])
def test_colours_are_as_deep_as_their_values(top: int, warned: bool) -> None:
    grey = np.rint(RAMP * top).astype(np.uint16)
    rgb = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    radiograph = read(dataset(rgb, 16, **colour()))
    np.testing.assert_allclose(radiograph.pixels, RAMP, atol=3e-3)
    assert codes(radiograph) == ({"depth"} if warned else set())


@pytest.mark.parametrize("pixels", [20, 50])
@pytest.mark.parametrize("grey", [0, 1000, 4095, 65535])
def test_a_margin_leaves_the_scale_of_its_inside_alone(grey: int, pixels: int) -> None:
    around = read(dataset(_margin(TWELVE, grey, pixels), 16))
    inside = around.pixels[pixels:-pixels, pixels:-pixels]
    assert np.array_equal(inside, read(dataset()).pixels) and around.warnings == ()


def test_padding_within_a_margin_leaves_the_scale_alone() -> None:
    stored = _margin(_margin(TWELVE // 2, 4095, 20), 0, 20)
    pixels = read(dataset(stored, PixelPaddingValue=4095)).pixels
    assert np.array_equal(pixels[40:-40, 40:-40], read(dataset(TWELVE // 2)).pixels)
    assert not pixels[20:40].any()
