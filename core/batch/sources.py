"""Which files are meant: those named, those in folders and below, what a pattern fits, and all in ZIPs."""

from __future__ import annotations

import glob
import os
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.errors import BatchError, RadiographError
from core.evaluation.sets.own.files import (
    DAMAGE,
    NOT_WHOLE,
    OVERLAPPING,
    Entry,
    list_entries,
    overlap,
    read_member,
)
from core.reading.limits import MAX_FILE_BYTES, check_bytes

DAMAGED_MEMBER = "The file is encrypted, damaged or too large inside its archive; unpack it and try again."


@dataclass(frozen=True, eq=False)
class Source:
    """One file that is to become one row.

    Attributes:
        path: Of the file, or of the archive that holds it.
        member: Which one of the archive's; None where the file stands for itself.
        problem: Why it cannot be opened, where that is known already.
    """

    path: Path
    member: Entry | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        """Its path, an archive's before a member's: text from outside, never markup."""
        return f"{self.path}/{self.member.path}" if self.member else str(self.path)

    @property
    def own_name(self) -> str:
        """The last part of that, as somebody who uploads the file would call it."""
        return Path(self.name).name

    def read(self) -> bytes:
        """The whole file.

        Raises:
            RadiographError: If it cannot be opened, or is too large.
        """
        if self.problem:
            raise RadiographError(self.problem)
        if self.member:
            return _read_member(self.path, self.member)
        try:
            check_bytes(self.path.stat().st_size)
            return self.path.read_bytes()
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise RadiographError(f"The file cannot be opened ({reason}); check it and try again.") from None


def find_sources(given: Iterable[str], leave_out: Collection[Path] = ()) -> list[Source]:
    """Lists all files that are meant, each once, in the order of what was given and by path within that.

    Hidden files and folders are passed over where a folder is searched. A ZIP stands for the files in it.

    Args:
        given: Files, folders, and patterns as of a shell, of which `**` reaches below.
        leave_out: Files that are never meant, such as the table that is to be written.

    Raises:
        BatchError: If something that is given does not exist, or nothing is found at all.
    """
    unwanted = {path.resolve() for path in leave_out}
    found: dict[Path, None] = {}
    for text in given:
        for path in _matches(text):
            found.update(dict.fromkeys(_below(path)))
    sources = [each for path in found if path.resolve() not in unwanted for each in _open(path)]
    if not sources:
        raise BatchError("There is no file to read; name a folder that holds some, or the files themselves.")
    return sources


def _matches(text: str) -> Sequence[Path]:
    if Path(text).exists():
        return [Path(text)]
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
    if not matches:
        raise BatchError(f"There is no file or folder {text}; check the path.")
    return [Path(match) for match in matches]


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = (Path(folder) / name for name in sorted(names) if not name.startswith("."))
        yield from (file for file in files if file.is_file())


def _open(path: Path) -> Iterator[Source]:
    """A file itself, or an archive's files; a damaged archive is a file with a problem."""
    if path.suffix.lower() != ".zip":
        yield Source(path)
        return
    try:
        archive = _archive(path)
        entries = list_entries(archive)
    except DAMAGE:
        yield Source(path, problem=NOT_WHOLE)
        return
    if overlap(archive):
        yield Source(path, problem=OVERLAPPING)
        return
    yield from (Source(path, entry) for entry in entries)


@lru_cache(maxsize=1)
def _archive(path: Path) -> zipfile.ZipFile:
    """An archive, kept open while its files are read one after another."""
    return zipfile.ZipFile(path)


def _read_member(path: Path, member: Entry) -> bytes:
    try:
        return read_member(_archive(path), member.info, MAX_FILE_BYTES)
    except DAMAGE:
        raise RadiographError(DAMAGED_MEMBER) from None
