"""Somebody's own labelled radiographs in a ZIP file: read in memory, nothing kept."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import DataError
from core.evaluation.sets.labelled import Labelled, LeftOut
from core.evaluation.sets.own.claims import Claims
from core.evaluation.sets.own.files import (
    DAMAGE,
    NOT_WHOLE,
    OVERLAPPING,
    Entry,
    Finder,
    list_entries,
    overlap,
    read_member,
)
from core.evaluation.sets.own.labels import Table, read_table
from core.vocabulary import OWN

MAX_FILES = 500
MAX_TABLES = 20
MAX_BYTES = 1 << 30  # unpacked, of all files together
MAX_TABLE_BYTES = 1 << 20
TABLE = "labels.csv"
TEMPLATE = "file,label,patient\nfirst.png,covid,p1\nsecond.png,normal,p2\nthird.png,pneumonia,p3\n"


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
        problems: What was left out, and what is to be said of rows.
        split: What tables call it.
    """

    archive: zipfile.ZipFile
    members: tuple[Member, ...]
    problems: tuple[LeftOut, ...]
    split: str = OWN

    def read(self, index: int) -> bytes:
        """The whole file of a member.

        Raises:
            DataError: If it is encrypted, damaged or larger than it may be.
        """
        member = self.members[index]
        try:
            return read_member(self.archive, member.info, MAX_BYTES)
        except DAMAGE:
            raise DataError(
                f"{member.name} is encrypted or damaged inside the archive; pack it again without a password."
            ) from None


def open_set(data: bytes) -> OwnSet:
    """Finds the labelled files of a ZIP, and leaves out those whose label is in doubt.

    Labels come from tables called `labels.csv` or alike (columns file, label and, if known, patient), or,
    where there is none, from folders called covid, normal and pneumonia.

    Args:
        data: The whole archive.

    Raises:
        DataError: If it is no ZIP, holds too much, hides files in one another, has a table that cannot be
            read, or has neither a table nor such a folder.
    """
    archive, entries = _open(data)
    tables = [each for each in entries if each.is_labels] or [each for each in entries if each.is_workbook]
    images = [each for each in entries if each not in tables]
    _check_size(archive, images, tables)
    finder = Finder(images)
    claims = Claims(images, {each: _read_labels(archive, each, finder) for each in tables})
    faults = _judge(images, claims)
    used = [each for each in images if each not in faults]
    if not used and not tables and all(each.reason == "unlabelled" for each in faults.values()):
        raise DataError(
            f"No labelled image was found; add {TABLE} with the columns file and label, or put the images "
            "into folders called covid and normal."
        )
    remarks = [*claims.remarks, *(note for each in used for note in claims.repetitions(each))]
    members = tuple(
        Member(each.shown, claims.label(each), claims.patient(each) or each.path, each.info) for each in used
    )
    return OwnSet(archive, members, (*(faults[each] for each in images if each in faults), *remarks))


def _open(data: bytes) -> tuple[zipfile.ZipFile, list[Entry]]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        return archive, list_entries(archive)
    except DAMAGE:
        raise DataError(NOT_WHOLE) from None


def _check_size(archive: zipfile.ZipFile, images: Sequence[Entry], tables: Sequence[Entry]) -> None:
    if len(images) > MAX_FILES:
        raise DataError(f"The archive holds {len(images)} files; split it into sets of at most {MAX_FILES}.")
    if len(tables) > MAX_TABLES:
        raise DataError(f"The archive holds {len(tables)} tables of labels; keep at most {MAX_TABLES}.")
    if sum(each.info.file_size for each in [*images, *tables]) > MAX_BYTES:
        raise DataError("The archive holds more than 1 GB unpacked; split it, or shrink the images.")
    if overlap(archive):
        raise DataError(OVERLAPPING)


def _read_labels(archive: zipfile.ZipFile, entry: Entry, finder: Finder) -> Table:
    if entry.is_workbook:
        raise DataError(f"{entry.shown} is a workbook and no text; save it as “CSV UTF-8”.")
    if entry.info.file_size > MAX_TABLE_BYTES:
        raise DataError(f"{entry.shown} is larger than 1 MB; keep the rows of the images in the archive.")
    try:
        data = read_member(archive, entry.info, MAX_TABLE_BYTES)
    except DAMAGE:
        raise DataError(
            f"{entry.shown} is encrypted or damaged inside the archive; pack it again without a password."
        ) from None
    return read_table(entry.shown, data, lambda name: bool(finder.find(name)))


def _judge(images: Sequence[Entry], claims: Claims) -> dict[Entry, LeftOut]:
    judged = {image: claims.judge(image) for image in images}
    alone = {image for image, fault in judged.items() if fault is None}
    return {image: fault for image, fault in judged.items() if fault} | dict(claims.judge_copies(alone))
