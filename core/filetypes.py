"""What a file really is, told from its first bytes and never from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from core.dicom_bare import bare_syntax

EXPORT = "export the radiograph as PNG, JPEG or DICOM"


@dataclass(frozen=True)
class FileType:
    """A kind of file.

    Attributes:
        name: For people, with its article.
        reader: Which part of the reader takes it; None where none does.
        remedy: What to do with a file that is not taken.
        extensions: Names that such a file goes by, in lower case.
    """

    name: str
    reader: Literal["raster", "dicom"] | None = None
    remedy: str = EXPORT
    extensions: frozenset[str] = frozenset()


DICOM = FileType("a DICOM file", "dicom", extensions=frozenset({"dcm", "dicom", "dic", "ima"}))
PNG = FileType("a PNG image", "raster", extensions=frozenset({"png"}))
JPEG = FileType("a JPEG image", "raster", extensions=frozenset({"jpg", "jpeg", "jpe", "jfif"}))
TIFF = FileType("a TIFF image", "raster", extensions=frozenset({"tif", "tiff"}))
WEBP = FileType("a WebP image", "raster", extensions=frozenset({"webp"}))
BMP = FileType("a BMP image", "raster", extensions=frozenset({"bmp", "dib"}))
TEXT = FileType("a text file")
UNKNOWN = FileType("of an unknown type")

READABLE = (PNG, JPEG, TIFF, WEBP, BMP, DICOM)

_ISO_MEDIA = re.compile(rb"....ftyp(....)", re.DOTALL)
_ISO_BRANDS = {
    b"avif": FileType("an AVIF image"),
    b"avis": FileType("an AVIF image"),
}
_HEIC = FileType("an HEIC photograph", remedy="export as PNG or JPEG")

_SIGNATURES: tuple[tuple[re.Pattern[bytes], FileType], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\x89PNG\r\n\x1a\n", PNG),
        (rb"\xff\xd8\xff", JPEG),
        (rb"II[\x2a\x2b]\x00|MM\x00[\x2a\x2b]", TIFF),
        (rb"RIFF....WEBP", WEBP),
        (rb"BM.{4}\0{4}", BMP),
        (rb"GIF8[79]a", FileType("a GIF image", remedy="export the one image you mean as PNG or JPEG")),
        (rb"%PDF-", FileType("a PDF document", remedy="export the image in it as PNG or JPEG")),
        (
            rb"%!PS|\xc5\xd0\xd3\xc6",
            FileType("a PostScript document", remedy="export the image as PNG or JPEG"),
        ),
        (rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?i:<(?:!doctype )?svg)", FileType("an SVG drawing")),
        (rb"\s*(?:<!--.*?-->\s*)*(?i:<(?:!doctype )?html)", FileType("a web page (HTML)")),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", FileType("a JPEG 2000 image")),
        (rb"P[1-7][\s#]", FileType("a PNM image")),
        (rb"\0\0[\x01\x02]\0", FileType("an icon")),
        (rb"8BPS", FileType("a Photoshop document")),
        (
            rb"PK\x03\x04|PK\x05\x06",
            FileType("a ZIP archive", remedy="unpack it and choose the radiograph itself"),
        ),
        (rb"\x1f\x8b", FileType("a gzip archive", remedy="unpack it and choose the radiograph itself")),
        (rb"MZ|\x7fELF", FileType("a program")),
    )
)


def file_type(data: bytes) -> FileType:
    """Tells what a file is.

    DICOM comes first: its 128-byte preamble may carry another type's signature (DICOM PS3.10, section 7.1).
    Without preamble, its elements have to come at once.
    """
    head = data[:4096]
    if data[128:132] == b"DICM" or bare_syntax(head):
        return DICOM
    for pattern, kind in _SIGNATURES:
        if pattern.match(head):
            return kind
    if media := _ISO_MEDIA.match(head):
        return _ISO_BRANDS.get(media[1], _HEIC)
    return TEXT if _is_text(head) else UNKNOWN


def named_type(name: str) -> FileType | None:
    """The type that a file's name claims, None where it claims none that can be read."""
    extension = name.rpartition(".")[2].strip().lower()
    return next((kind for kind in READABLE if extension in kind.extensions), None)


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", errors="ignore")
    return len(text.encode()) >= len(head) - 3 and all(c.isprintable() or c.isspace() for c in text)
