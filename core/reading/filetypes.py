"""What a file really is, told from its first bytes and never from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from core.reading.bare_dicom import bare_syntax

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
HEIC = FileType("an HEIC photograph", "raster", extensions=frozenset({"heic", "heif", "hif"}))
TEXT = FileType("a text file")
UNKNOWN = FileType("of an unknown type")

READABLE = (PNG, JPEG, TIFF, WEBP, BMP, HEIC, DICOM)

_UNPACK = "unpack it and choose the radiograph itself"
_AVIF = FileType("an AVIF image")
_JPEG_2000 = FileType("a JPEG 2000 image")
_RAW = FileType("a camera's raw file")
_VIDEO = FileType("a video", remedy="export the one image you mean as PNG or JPEG")
_VOLUME = "export the radiograph as PNG or DICOM"

# The brands of files of one family (ISO/IEC 14496-12, section 4.3), main one first.
_ISO_MEDIA = re.compile(rb"(.{4})ftyp(.{4}).{4}", re.DOTALL)
_ISO_BRANDS = (
    (re.compile(rb"avi[fs]"), _AVIF),
    (re.compile(rb"hei[cxms]|hev[cxms]|mif[12]|msf1"), HEIC),
    (re.compile(rb"crx "), _RAW),
    (
        re.compile(rb"isom|iso[2-9a-c]|mp4[12]|avc1|qt  |M4[VP][ HP]?|3g[2efgprs].|dash|f4v |mmp4|MSNV|XAVC"),
        _VIDEO,
    ),
    (re.compile(rb"M4[AB] "), FileType("a sound recording")),
    (re.compile(rb"jp[2xm] "), _JPEG_2000),
)
_QUICKTIME = re.compile(rb".{4}(?:moov|mdat|wide|pnot)", re.DOTALL)  # from before there were brands

_SIGNATURES: tuple[tuple[re.Pattern[bytes], FileType], ...] = tuple(
    (re.compile(pattern, re.DOTALL), kind)
    for pattern, kind in (
        (rb"\x89PNG\r\n\x1a\n", PNG),
        (rb"\xff\xd8\xff", JPEG),
        (rb"II\x2a\0.{4}CR\x02|II\x55\0|IIR[OS]|MMOR|FUJIFILMCCD-RAW", _RAW),
        (rb"II[\x2a\x2b]\x00|MM\x00[\x2a\x2b]", TIFF),
        (rb"II\xbc\x01", FileType("a JPEG XR image")),
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
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", _JPEG_2000),
        (rb"\0\0\0\x0cJXL |\xff\x0a", FileType("a JPEG XL image")),
        (rb"\x76\x2f\x31\x01", FileType("an OpenEXR image")),
        (rb"SIMPLE  =", FileType("a FITS image")),
        (
            rb"(?:\x5c\x01\0\0|\0\0\x01\x5c).{340}n[+i]1\0|(?:\x1c\x02\0\0|\0\0\x02\x1c)n[+i]2\0",
            FileType("a NIfTI volume", remedy=_VOLUME),
        ),
        (rb"NRRD000\d", FileType("an NRRD volume", remedy=_VOLUME)),
        (rb"(?:ObjectType|NDims) *=", FileType("a MetaImage header", remedy=_VOLUME)),
        (rb"P[1-7][\s#]", FileType("a PNM image")),
        (rb"\0\0[\x01\x02]\0", FileType("an icon")),
        (rb"8BPS", FileType("a Photoshop document")),
        (
            rb"PK\x03\x04|PK\x05\x06",
            FileType("a ZIP archive", remedy=_UNPACK),
        ),
        (rb"\x1f\x8b", FileType("a gzip archive", remedy=_UNPACK)),
        (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a\x07", FileType("a packed archive", remedy=_UNPACK)),
        (rb"RIFF.{4}AVI |\x1a\x45\xdf\xa3|\0\0\x01\xba", _VIDEO),
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
    if media := _ISO_MEDIA.match(head):
        return _branded(media[2], head[media.end() : int.from_bytes(media[1], "big")])
    for pattern, kind in _SIGNATURES:
        if pattern.match(head):
            return kind
    if _QUICKTIME.match(head):
        return _VIDEO
    return TEXT if _is_text(head) else UNKNOWN


def _branded(main: bytes, others: bytes) -> FileType:
    """The main brand decides, unless it only says that there are pictures: then what codes them does."""
    brands = [main, *(others[at : at + 4] for at in range(0, len(others), 4))]
    if main in (b"mif1", b"mif2", b"msf1"):
        brands.sort(key=lambda brand: brand in (b"mif1", b"mif2", b"msf1"))
    matches = (kind for brand in brands for pattern, kind in _ISO_BRANDS if pattern.fullmatch(brand))
    return next(matches, UNKNOWN)


def named_type(name: str) -> FileType | None:
    """The type that a file's name claims, None where it claims none that can be read."""
    extension = name.rpartition(".")[2].strip().lower()
    return next((kind for kind in READABLE if extension in kind.extensions), None)


def _is_text(head: bytes) -> bool:
    text = head.decode("utf-8", errors="ignore")
    return len(text.encode()) >= len(head) - 3 and all(c.isprintable() or c.isspace() for c in text)
