"""DICOM without its file header: do these bytes begin a dataset, and how is it written?"""

from __future__ import annotations

import re
import struct

IMPLICIT, EXPLICIT, BIG_ENDIAN = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"

MIN_ELEMENTS = 3  # that have to follow one another, of groups that only rise
MAX_FIRST_BYTES = 1024  # of one of the first elements: identifiers, dates, names
GROUPS = (0x0002, 0x0008)  # of a file's first element (PS3.10, section 7.1; PS3.6)
_LONG = frozenset({b"OB", b"OW", b"SQ", b"UN", b"UT", b"UC", b"UR", b"OD", b"OF", b"OL", b"OV"})
_SHORT = re.compile(rb"AE|AS|AT|CS|DA|DS|DT|FD|FL|IS|LO|LT|PN|SH|SL|SS|ST|TM|UI|UL|US")


def bare_syntax(head: bytes) -> str:
    """The transfer syntax in which a dataset without preamble is written.

    Args:
        head: The first few kilobytes; group 0002 may come first.

    Returns:
        Its UID; empty where the bytes do not begin a dataset (PS3.5, section 7.1).
    """
    for syntax, order in ((EXPLICIT, "<"), (BIG_ENDIAN, ">"), (IMPLICIT, "<")):
        if _walk(head, order, explicit=syntax != IMPLICIT):
            return syntax
    return ""


def _walk(head: bytes, order: str, *, explicit: bool) -> bool:
    """Whether the first elements follow one another as they must."""
    offset, last = 0, (0, -1)
    for number in range(MIN_ELEMENTS):
        if offset + 12 > len(head):
            return False
        tag = struct.unpack_from(f"{order}HH", head, offset)
        if tag <= last or (number == 0 and tag[0] not in GROUPS) or tag[0] > 0x0020:
            return False
        length, start = _length(head, offset, order, explicit=explicit)
        if not 0 <= length <= MAX_FIRST_BYTES:
            return False
        offset, last = start + length, tag
    return True


def _length(head: bytes, offset: int, order: str, *, explicit: bool) -> tuple[int, int]:
    """An element's length and where its value starts; -1 where it has no valid representation."""
    if not explicit:
        return int(struct.unpack_from(f"{order}I", head, offset + 4)[0]), offset + 8
    representation = head[offset + 4 : offset + 6]
    if representation in _LONG:
        return int(struct.unpack_from(f"{order}I", head, offset + 8)[0]), offset + 12
    if _SHORT.fullmatch(representation):
        return int(struct.unpack_from(f"{order}H", head, offset + 6)[0]), offset + 8
    return -1, offset
