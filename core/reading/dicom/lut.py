"""DICOM's lookup tables: modality, VOI and palettes, in all the ways in which devices write them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from core.reading.dicom.depth import value_depth
from core.reading.dicom.pixels import PixelLayout
from core.reading.dicom.values import DICOM_ERRORS


@dataclass(frozen=True, eq=False)
class LookupTable:
    """A table with its descriptor (PS3.3, C.11.1.1, C.11.2.1.1 and C.7.6.3.1.5).

    Attributes:
        first: The value that the first entry is for.
        bits: Of an entry, as the descriptor says.
        entries: (n,), integers.
    """

    first: int
    bits: int
    entries: NDArray[np.uint16]

    def __call__(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The entry for each value, the first or last one beyond the ends."""
        index = np.clip(np.rint(values) - self.first, 0, self.entries.size - 1).astype(np.intp)
        found: NDArray[np.float64] = self.entries[index].astype(np.float64)
        return found

    @property
    def depth(self) -> int:
        """Bits of an entry, as the entries show."""
        return value_depth(int(self.entries.max()), self.bits)


def lookup_table(
    dataset: Dataset, layout: PixelLayout, descriptor: str = "LUTDescriptor", data: str = "LUTData"
) -> LookupTable | None:
    """Reads a table out of a sequence's item or, with other keywords, a palette out of the dataset.

    Returns:
        The table; None where it is missing, or shorter than it says.
    """
    try:
        count, first, bits = integers(dataset, descriptor)
        entries = _entries(dataset, data, count % 65536 or 65536)
        width = 8 * entries.dtype.itemsize
        stated = min(bits, width) if 8 <= bits <= 16 else width
        return LookupTable(as_signed(first, layout), stated, entries.astype(np.uint16))
    except DICOM_ERRORS:
        return None


def integers(dataset: Dataset, keyword: str) -> tuple[int, ...]:
    """Numbers of an ambiguous representation (US, SS or OW), which pydicom may leave as bytes."""
    try:
        value = dataset.get(keyword)
        if isinstance(value, bytes):
            return tuple(int(v) for v in np.frombuffer(value, dtype=f"{_order(dataset)}u2"))
        if value is None:
            return ()
        return tuple(int(v) for v in value) if hasattr(value, "__iter__") else (int(value),)
    except DICOM_ERRORS:
        return ()


def as_signed(value: int, layout: PixelLayout) -> int:
    """A number of 16 bits as pixels have it, which may be signed."""
    return value - 65536 if layout.signed and value >= 32768 else value


def _entries(dataset: Dataset, keyword: str, count: int) -> NDArray[np.uint8 | np.uint16]:
    """One byte each where the data are no longer than that, else two, whatever the descriptor says."""
    data = dataset[keyword].value
    entries: NDArray[np.uint8 | np.uint16]
    if isinstance(data, bytes) and len(data) - count in (0, 1):
        entries = np.frombuffer(data, dtype=np.uint8)
    elif isinstance(data, bytes):
        entries = np.frombuffer(data[: 2 * count], dtype=f"{_order(dataset)}u2")
    else:
        entries = np.clip(np.array(integers(dataset, keyword)), 0, 65535).astype(np.uint16)
    if entries.size < count:
        raise ValueError("a lookup table is shorter than its descriptor says")
    return entries[:count]


def _order(dataset: Dataset) -> str:
    return "<" if dataset.original_encoding[1] is not False else ">"
