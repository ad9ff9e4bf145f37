"""The kinds of TIFF: what of them is read, and what the rest is called."""

from __future__ import annotations

from core.errors import RadiographError
from core.reading.limits import NO_CONTRAST
from core.reading.raster.pages import BITS, COMPRESSION, FORMAT, PHOTOMETRIC, RAW_VERSION, SAMPLES, Page

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, SEPARATED, YCBCR = 0, 1, 2, 3, 5, 6
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, SEPARATED: 4}  # channels that the deep reader knows
OTHER_COLOURS = {
    8: "CIELab colours",
    9: "ICC Lab colours",
    10: "ITU Lab colours",
    32844: "LogL",
    32845: "LogLuv",
}
CAMERA = frozenset({32803, 34892})  # what a sensor sees, in TIFF/EP and DNG
MAX_CHANNELS = 8  # of which no more than five are looked at
OPACITY = 2  # of an extra sample: not multiplied in

COMPRESSIONS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32946, 34925, 50000})
OTHER_COMPRESSIONS = {
    9: "JBIG",
    10: "JBIG",
    22610: "JPEG XR",
    32766: "NeXT",
    32809: "ThunderScan",
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    33007: "JPEG 2000",
    34661: "JBIG",
    34676: "SGI LogLuv",
    34677: "SGI LogLuv",
    34712: "JPEG 2000",
    34887: "LERC",
    34892: "lossy DNG",
    34927: "WebP",
    34933: "PNG",
    34934: "JPEG XR",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
UNSIGNED, SIGNED, FLOAT, UNDEFINED = 1, 2, 3, 4
KINDS = {
    UNSIGNED: "integers",
    SIGNED: "signed integers",
    FLOAT: "floating-point numbers",
    UNDEFINED: "integers",
}
DEPTHS = {kind: frozenset({*range(2, 17), 32}) for kind in (UNSIGNED, UNDEFINED)}
DEPTHS |= {SIGNED: frozenset({8, 16, 32}), FLOAT: frozenset({32})}
PILLOW_DEPTHS = frozenset({2, 4, 8})

CAMERA_RAW = (
    "This file is a camera's raw file, which cannot be read as a radiograph; "
    "export the radiograph as PNG, JPEG or DICOM."
)


def check_kind(page: Page) -> None:
    """Refuses what nothing here reads, by its name.

    Raises:
        RadiographError: If the page is a camera's raw picture, unsupported or bilevel.
    """
    if RAW_VERSION in page.tags or page.value(PHOTOMETRIC) in CAMERA:
        raise RadiographError(CAMERA_RAW)
    if kind := _unsupported_kind(page):
        raise RadiographError(f"This is an unsupported TIFF ({kind}); export the image as a 16-bit PNG.")
    if page.value(BITS) == 1:
        raise RadiographError(NO_CONTRAST)


def _unsupported_kind(page: Page) -> str:
    """What speaks against reading it, empty where nothing does."""
    compression, colours, bits = page.value(COMPRESSION), page.value(PHOTOMETRIC), page.value(BITS)
    sample = page.value(FORMAT)
    if compression not in COMPRESSIONS:
        return f"compressed as {OTHER_COMPRESSIONS.get(compression, f'number {compression}')}"
    if page.value(SAMPLES) > MAX_CHANNELS:
        return f"{page.value(SAMPLES)} channels"
    if sample not in KINDS:
        return "complex numbers" if sample in (5, 6) else f"samples of kind {sample}"
    if len({*page.values(BITS)}) > 1 or len({*page.values(FORMAT)}) > 1:
        return "channels of different kinds"
    if bits != 1 and bits not in DEPTHS[sample]:
        return f"{KINDS[sample]} of {bits} bits"
    deep = is_deep(page)
    if colours not in (COLOURS if deep else {*COLOURS, PALETTE, YCBCR}):
        name = {PALETTE: "a palette", YCBCR: "YCbCr colours", **OTHER_COLOURS}.get(
            colours, f"colours of kind {colours}"
        )
        return f"{name}, {bits} bits" if deep else name
    return ""


def is_deep(page: Page) -> bool:
    """Whether Pillow would drop bits, or take signs for bits."""
    return page.value(BITS) not in (1, *PILLOW_DEPTHS) or page.value(FORMAT) in (SIGNED, FLOAT)
