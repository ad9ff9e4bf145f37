"""Somebody's own labelled radiographs in a ZIP file: read in memory, nothing kept."""

from __future__ import annotations

import csv
import io
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.errors import DataError
from core.labelled import Labelled
from core.names import display_name

MOST_FILES = 500
MOST_BYTES = 1 << 30  # unpacked, of all files together
SPLIT = "own"
LABELS = {
    "covid": "covid",
    "covid-19": "covid",
    "covid19": "covid",
    "normal": "normal",
    "pneumonia": "pneumonia",
}
TABLE = "labels.csv"
TEMPLATE = "file,label,patient\nfirst.png,covid,p1\nsecond.png,normal,p2\nthird.png,pneumonia,p3\n"
_LOCAL_HEADER = 30  # bytes, before the name (APPNOTE.TXT 6.3.10, section 4.3.7)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


@dataclass(frozen=True)
class Member(Labelled):
    """A radiograph of the set.

    Attributes:
        info: Where it lies in the archive.
    """

    info: zipfile.ZipInfo


@dataclass(frozen=True, eq=False)
class OwnSet:
    """An opened archive.

    Attributes:
        archive: Its data stay in memory.
        members: Labelled files, in the order of their names.
        problems: What was skipped, a sentence each.
        split: What tables call it.
    """

    archive: zipfile.ZipFile
    members: tuple[Member, ...]
    problems: tuple[str, ...]
    split: str = SPLIT

    def read(self, index: int) -> bytes:
        """The whole file of a member.

        Raises:
            DataError: If it is encrypted, damaged or larger than it may be.
        """
        member = self.members[index]
        try:
            return _read(self.archive, member.info, MOST_BYTES)
        except _DAMAGE:
            raise DataError(f"{member.name} is encrypted or damaged inside the archive; skipped.") from None


def open_set(data: bytes) -> OwnSet:
    """Finds the labelled files of a ZIP.

    Labels come from `labels.csv` (columns file, label and, if known, patient), or, without it, from folders
    called covid, normal and pneumonia.

    Args:
        data: The whole archive.

    Raises:
        DataError: If it is no ZIP, holds too much, hides files in one another, or has no labelled file.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        infos = [info for info in archive.infolist() if _is_wanted(info)]
        _check_size(archive, infos)
        tables = [info for info in infos if PurePosixPath(info.filename).name.lower() == TABLE]
        images = {info.filename: info for info in infos if info not in tables}
        table = _read(archive, tables[0], 1 << 20).decode("utf-8-sig") if tables else None
    except UnicodeDecodeError:
        raise DataError(f"{TABLE} is not UTF-8 text; save it as “CSV UTF-8”.") from None
    except _DAMAGE:
        raise DataError("This file is not a whole ZIP archive; pack the images again.") from None
    found = _by_table(table, images) if table is not None else _by_folder(images)
    listed = list(found)
    members = tuple(each for each in listed if isinstance(each, Member))
    if not members:
        raise DataError(
            f"No labelled image was found; add {TABLE} with the columns file and label, or put the images "
            "into folders called covid and normal."
        )
    return OwnSet(archive, members, tuple(each for each in listed if isinstance(each, str)))


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    hidden = "__MACOSX" in path.parts or path.name.startswith(".")
    return not (info.is_dir() or hidden or stat.S_ISLNK(info.external_attr >> 16))


def _check_size(archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo]) -> None:
    if len(infos) > MOST_FILES + 1:
        raise DataError(f"The archive holds {len(infos)} files; split it into sets of at most {MOST_FILES}.")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise DataError("The archive holds more than 1 GB unpacked; split it, or shrink the images.")
    end = -1
    for info in sorted(archive.infolist(), key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise DataError("Files in this archive overlap, as in a ZIP bomb; pack the images again.")
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


def _by_folder(images: dict[str, zipfile.ZipInfo]) -> Iterator[Member | str]:
    for name in sorted(images):
        folders = [part.lower() for part in PurePosixPath(name).parts[:-1]]
        label = next((LABELS[part] for part in reversed(folders) if part in LABELS), None)
        shown = display_name(name)
        if label is None:
            yield f"{shown} lies in no folder called covid, normal or pneumonia; skipped."
        else:
            yield Member(shown, label, name, images[name])


def _by_table(table: str, images: dict[str, zipfile.ZipInfo]) -> Iterator[Member | str]:
    by_name = {PurePosixPath(name).name: name for name in images} | {name: name for name in images}
    rows = csv.DictReader(io.StringIO(table))
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    if not {"file", "label"} <= set(names):
        raise DataError(f"{TABLE} lacks the column file or label; see the template.")
    seen: set[str] = set()
    try:
        for number, row in enumerate(rows, start=2):
            cells = {key: (row[name] or "").strip() for key, name in names.items()}
            yield _row(number, cells, by_name, images, seen)
    except csv.Error:
        yield f"{TABLE} breaks off: a line is no CSV."


def _row(
    number: int,
    cells: dict[str, str],
    by_name: dict[str, str],
    images: dict[str, zipfile.ZipInfo],
    seen: set[str],
) -> Member | str:
    file, label = by_name.get(cells["file"]), LABELS.get(cells["label"].lower())
    place = f"{TABLE}, line {number}: "
    if file is None:
        return f"{place}there is no file {display_name(cells['file'])}; skipped."
    if label is None:
        return f"{place}the label must be covid, normal or pneumonia; skipped."
    if file in seen:
        return f"{place}{display_name(file)} is listed twice; skipped."
    seen.add(file)
    return Member(display_name(file), label, cells.get("patient") or file, images[file])


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """A member, at most so many bytes of it, counted while reading: what its header says may be a lie."""
    with archive.open(info) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError("larger than allowed")
    return data
