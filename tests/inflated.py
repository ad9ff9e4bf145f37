"""A PDF with what it holds deflated inflated, to be searched."""

from __future__ import annotations

import re
import zlib


def inflated(pdf: bytes) -> bytes:
    """The file, then each of its streams that can be inflated."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return pdf + b"".join(map(_inflated, streams))


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""
