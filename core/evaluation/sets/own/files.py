"""The files of somebody's own set: what they are called, and which of them a table means."""

from __future__ import annotations

import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import PurePosixPath

from core.reading.text import display_name

_JUNK = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
_LABELS = re.compile(r"labels?\.(?:csv|tsv|tab|txt|csv\.txt|tsv\.txt)")
_OTHER_TABLES = re.compile(r".*\.(?:csv|tsv|tab|xlsx?|xlsm|ods|numbers)")
_WORKBOOK = re.compile(r"labels?\.(?:xlsx?|xlsm|ods|numbers)")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$")
_UTF8_FLAG = 0x800  # APPNOTE.TXT 6.3.10, section 4.4.4, bit 11
_UNICODE_PATH = 0x7075  # the same, section 4.6.9
_LOCAL_HEADER = 30  # bytes, before the name (the same, section 4.3.7)
NOT_WHOLE = "This file is not a whole ZIP archive; pack the images again."
OVERLAPPING = "Files in this archive overlap, as in a ZIP bomb; pack the images again."
# What opening or reading a damaged, encrypted or lying archive raises.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)
_CODECS = ("cp437", "cp850", "cp1252")  # the standard's; Windows' own, by program


@dataclass(frozen=True, eq=False)
class Entry:
    """A file in the archive.

    Attributes:
        info: Where it lies.
        spellings: Its path as its name can be read, (NFC, with slashes), the likeliest first.
    """

    info: zipfile.ZipInfo
    spellings: tuple[str, ...]

    @property
    def path(self) -> str:
        """As it is called here."""
        return self.spellings[0]

    @cached_property
    def shown(self) -> str:
        """The same for people: plain text."""
        return display_name(self.path)

    @property
    def folder(self) -> str:
        """Where it lies; empty at the top."""
        return self.path.rpartition("/")[0]

    @property
    def _name(self) -> str:
        return self.path.rpartition("/")[2].casefold()

    @property
    def is_labels(self) -> bool:
        """Whether it is a table of labels, by its name."""
        return bool(_LABELS.fullmatch(self._name))

    @property
    def is_workbook(self) -> bool:
        """Whether it is meant as one and is no text."""
        return bool(_WORKBOOK.fullmatch(self._name))

    @property
    def is_other_table(self) -> bool:
        """Whether it is another table or workbook."""
        return not self.is_labels and bool(_OTHER_TABLES.fullmatch(self._name))


def list_entries(archive: zipfile.ZipFile) -> list[Entry]:
    """The files of an archive by path; neither folders, links nor what systems hide in archives."""
    found = [Entry(info, _spell(info)) for info in archive.infolist() if not _is_link_or_folder(info)]
    seen = (each for each in found if each.path and not _is_hidden(each.path))
    return sorted(seen, key=lambda each: each.path)


def overlap(archive: zipfile.ZipFile) -> bool:
    """Whether files in an archive overlap, as in a ZIP bomb."""
    end = -1
    for info in sorted(archive.infolist(), key=lambda each: each.header_offset):
        if info.header_offset < end:
            return True
        end = info.header_offset + _LOCAL_HEADER + info.compress_size
    return False


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """A member, at most so many bytes of it, counted while reading: what its header says may be a lie.

    Raises:
        OSError: Or another one of `DAMAGE`, if it is damaged, encrypted or larger.
    """
    with archive.open(info) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError("larger than allowed")
    return data


def clean_path(text: str) -> str:
    """A path in NFC with slashes, without what stands for no folder."""
    parts = unicodedata.normalize("NFC", text).strip().replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def common_folder(paths: Iterable[str]) -> str:
    """The folder in which all of them lie; empty where that is the top."""
    levels = zip(*(path.split("/")[:-1] for path in paths), strict=False)
    return "/".join(parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, levels))


def is_below(path: str, folder: str) -> bool:
    """Whether a file lies in a folder or below it."""
    return not folder or path.startswith(f"{folder}/")


@dataclass(frozen=True)
class _Path:
    """One way to call a file, as it is and without case."""

    entry: Entry
    path: str
    folded: str


class Finder:
    """Tells which files a table means.

    Args:
        entries: Of which it may speak.
        home: The folder of the table.
        written: All files that it names.
    """

    def __init__(self, entries: Sequence[Entry], home: str = "", written: Iterable[str] = ()) -> None:
        self._shared = _fold(common_folder(clean_path(each) for each in written if each))
        self._folders = {part for entry in entries for part in _fold(entry.folder).split("/")}
        self._by_name: dict[str, list[_Path]] = defaultdict(list)
        self._by_stem: dict[str, list[_Path]] = defaultdict(list)
        self._found: dict[str, tuple[Entry, ...]] = {}
        for entry in entries:
            for path in _from_home(entry, home):
                named = _Path(entry, path, _fold(path))
                stem = str(PurePosixPath(path).with_suffix(""))
                self._by_name[_last(named.folded)].append(named)
                self._by_stem[_last(_fold(stem))].append(_Path(entry, stem, _fold(stem)))

    def find(self, written: str) -> tuple[Entry, ...]:
        """The file that a table means: one, or several that it may mean, or none.

        A path is right from the top of the archive or from the table's folder; otherwise case does not
        count, nor do upper folders that only one of both has, nor an extension that the table leaves out.
        """
        path = clean_path(written)
        if path not in self._found:  # a table may name one file in thousands of rows
            self._found[path] = self._find(path)
        return self._found[path]

    def _find(self, path: str) -> tuple[Entry, ...]:
        name = _last(_fold(path))
        named = self._by_name.get(name, [])
        exact = _unique(each for each in named if each.path == path)
        if exact or not path:
            return exact
        alike = self._find_alike(path, named)
        # "x" is x.png, but "x.png" is no x.png.dcm.
        if alike or _EXTENSION.search(name):
            return alike
        return self._find_alike(path, self._by_stem.get(name, []))

    def _find_alike(self, path: str, named: Sequence[_Path]) -> tuple[Entry, ...]:
        wanted, alone = _fold(path), len(_unique(named)) == 1
        agreeing = [(self._agreement(f"/{wanted}", f"/{each.folded}", alone), each) for each in named]
        best = max((count for count, _ in agreeing), default=0)
        kept = [each for count, each in agreeing if best and count == best]
        found = _unique(kept)
        same_case = _unique(each for each in kept if is_tail(path, each.path) or is_tail(each.path, path))
        one_path = len({_fold(entry.path) for entry in found}) == 1
        return same_case if one_path and len(same_case) == 1 else found

    def _agreement(self, wanted: str, path: str, alone: bool) -> int:
        """How many parts of two paths agree where one is the end of the other; else 0.

        A name alone is enough for a longer path only where no other file has it, and where the whole table
        has the upper folders, and the archive none of them.
        """
        if path.endswith(wanted):
            return wanted.count("/")
        if not wanted.endswith(path):
            return 0
        above = wanted[1 : -len(path)]
        lacking = is_below(f"{self._shared}/", above) and self._folders.isdisjoint(above.split("/"))
        return path.count("/") if path.rfind("/") or (alone and lacking) else 0


def is_tail(end: str, path: str) -> bool:
    """Whether a path is the end of another, in whole parts."""
    return f"/{path}".endswith(f"/{end}")


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _unique(paths: Iterable[_Path]) -> tuple[Entry, ...]:
    return tuple(dict.fromkeys(each.entry for each in paths))


def _from_home(entry: Entry, home: str) -> set[str]:
    below = {path[len(home) + 1 :] for path in entry.spellings if home and is_below(path, home)}
    return below | set(entry.spellings)


def _is_link_or_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(("/", "\\")) or stat.S_ISLNK(info.external_attr >> 16)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") or part.casefold() in _JUNK for part in path.split("/") if part != "..")


def _spell(info: zipfile.ZipInfo) -> tuple[str, ...]:
    """How its name may be meant: without its flag for UTF-8, the standard and zipfile take it for cp437."""
    if info.flag_bits & _UTF8_FLAG or info.filename.isascii():
        return (clean_path(info.filename),)
    raw = info.filename.encode("cp437")
    for path in (_unicode_path(info, raw), _decode(raw, "utf-8")):
        if path:
            return (clean_path(path),)
    return tuple(dict.fromkeys(clean_path(path) for codec in _CODECS if (path := _decode(raw, codec))))


def _decode(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _unicode_path(info: zipfile.ZipInfo, raw: bytes) -> str | None:
    """The name in Info-ZIP's extra field, if it belongs to this name."""
    extra = info.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        content, extra = extra[4 : 4 + size], extra[4 + size :]
        if kind == _UNICODE_PATH and content[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return _decode(content[5:], "utf-8")
    return None
