"""The pages of a TIFF file: its directories, and which of them hold pictures of equal standing."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from core.errors import RadiographError

MAX_PAGES = 100
MAX_DIRECTORIES = 2 * MAX_PAGES  # one thumbnail each
MAX_VALUES = 1000  # of a tag that describes a page
MAX_STRIPS = 65_536  # the highest page there can be has fewer rows, in each of four channels

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, STRIP_BYTES, LARGEST, PLANAR = 273, 277, 279, 281, 284
SUBFILE, ORIENTATION, EXTRA, FORMAT, RAW_VERSION = 254, 274, 338, 339, 50706
DEFAULTS: dict[int, tuple[int, ...]] = {
    BITS: (1,),
    COMPRESSION: (1,),
    PHOTOMETRIC: (1,),
    SAMPLES: (1,),
    PLANAR: (1,),
    FORMAT: (1,),
}
TAGS = frozenset({WIDTH, HEIGHT, LARGEST, SUBFILE, ORIENTATION, EXTRA, RAW_VERSION, *DEFAULTS})
REDUCED, MASK = 1, 4  # bits of the tag for kinds of subfile
PAST_THE_END = (struct.error, OverflowError)  # what reading beyond the file, or beyond any memory, raises
VALUE_TYPES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q"}


@dataclass(frozen=True)
class Page:
    """One directory.

    Attributes:
        offset: Where it begins.
        tags: The values of those of its tags that matter here.
    """

    offset: int
    tags: dict[int, tuple[int, ...]]

    def values(self, tag: int) -> tuple[int, ...]:
        """Of a tag; what the specification says of a missing one, else empty."""
        return self.tags.get(tag, ()) or DEFAULTS.get(tag, ())

    def value(self, tag: int, missing: int = 0) -> int:
        """Its first value."""
        return (*self.values(tag), missing)[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.value(WIDTH), self.value(HEIGHT)


class _Form:
    """How numbers and directories are written: in TIFF 6.0 or in BigTIFF, either byte first."""

    def __init__(self, data: bytes) -> None:
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = data[2:4] in (b"\x2b\0", b"\0\x2b")
        self.pointer = struct.Struct(self.order + ("Q" if self.big else "I"))
        self.count = struct.Struct(self.order + ("Q" if self.big else "H"))
        self.entry = struct.Struct(self.order + ("HHQ" if self.big else "HHI"))
        self.first = 8 if self.big else 4


def find_pages(data: bytes) -> tuple[tuple[Page, ...], bool]:
    """Lists the pages without decoding anything.

    What says so, or is at most half as wide and half as high as the largest page, is a thumbnail or a
    smaller copy.

    Args:
        data: The whole file.

    Returns:
        The pages, none where even the first directory is damaged, and whether there are other pictures.

    Raises:
        RadiographError: If there are too many.
    """
    found = [page for page in _directories(data) if min(page.size) > 0]
    whole = [page for page in found if not page.value(SUBFILE) & (REDUCED | MASK)] or found
    if not whole:
        return (), False
    width, height = max((page.size for page in whole), key=lambda size: size[0] * size[1])
    pages = tuple(page for page in whole if 2 * page.size[0] > width or 2 * page.size[1] > height)
    if len(pages) > MAX_PAGES:
        raise RadiographError(
            f"The TIFF file holds more than {MAX_PAGES} pages; export the one you mean by itself."
        )
    return pages, any(page not in pages and not page.value(SUBFILE) & MASK for page in found)


def only_page(data: bytes, page: Page) -> bytes:
    """The same file, beginning with another of its pages."""
    form = _Form(data)
    return data[: form.first] + form.pointer.pack(page.offset) + data[form.first + form.pointer.size :]


def find_strips(data: bytes, page: Page) -> list[slice]:
    """Where a page's pixels lie, strip by strip; empty where the file does not hold them all."""
    try:
        tags, _ = _read_directory(data, page.offset, _Form(data), {STRIP_OFFSETS, STRIP_BYTES}, MAX_STRIPS)
    except PAST_THE_END:
        return []
    offsets, counts = tags.get(STRIP_OFFSETS, ()), tags.get(STRIP_BYTES, ())
    whole = len(offsets) == len(counts) and all(map(lambda at, n: at + n <= len(data), offsets, counts))
    return [slice(at, at + n) for at, n in zip(offsets, counts, strict=True)] if whole else []


def _directories(data: bytes) -> Iterator[Page]:
    """Follows the chain as far as it is whole, does not bite its tail, and leads to a page too many."""
    form, seen = _Form(data), set[int]()
    offset = form.pointer.unpack_from(data, form.first)[0] if len(data) >= 16 else 0
    while offset and offset not in seen and len(seen) <= MAX_DIRECTORIES:
        seen.add(offset)
        try:
            tags, following = _read_directory(data, offset, form, TAGS, MAX_VALUES)
        except PAST_THE_END:
            return
        yield Page(offset, tags)
        offset = following


def _read_directory(
    data: bytes, offset: int, form: _Form, wanted: Collection[int], most: int
) -> tuple[dict[int, tuple[int, ...]], int]:
    """Reads the tags that are wanted and have no more than so many values, and where the next one begins."""
    (count,) = form.count.unpack_from(data, offset)
    start, size = offset + form.count.size, form.entry.size + form.pointer.size
    tags = {}
    for at in range(start, min(start + count * size, len(data)), size):
        tag, kind, values = form.entry.unpack_from(data, at)
        if tag in wanted and kind in VALUE_TYPES and values <= most:
            tags[tag] = _read_values(data, at + form.entry.size, f"{values}{VALUE_TYPES[kind]}", form)
    return tags, form.pointer.unpack_from(data, start + count * size)[0]


def _read_values(data: bytes, at: int, kinds: str, form: _Form) -> tuple[int, ...]:
    """Values stand in their entry where they fit into it, else where it points to."""
    layout = struct.Struct(form.order + kinds)
    if layout.size > form.pointer.size:
        (at,) = form.pointer.unpack_from(data, at)
    return layout.unpack_from(data, at)
