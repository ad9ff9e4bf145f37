"""Which files are meant: those named, those in folders and below, what a pattern fits, and all in ZIPs."""

from __future__ import annotations

import glob
import os
import stat
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

CHECK = "check it and try again."
DAMAGED_MEMBER = "The file is encrypted, damaged or too large inside its archive; unpack it and try again."


@dataclass(frozen=True, eq=False)
class BatchSource:
    """One file that is to become one row.

    Attributes:
        path: Of the file, of the archive that holds it, or of a folder that cannot be searched.
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
            raise RadiographError(f"The file cannot be opened ({_reason(error)}); {CHECK}") from None


def find_sources(given: Iterable[str], leave_out: Collection[Path] = ()) -> list[BatchSource]:
    """Lists all files that are meant, each once, in the order of what was given and by path within that.

    Hidden files and folders are passed over where a folder is searched. A ZIP stands for the files in it. A
    file that several paths lead to goes by the first. A folder that cannot be searched is a file with a
    problem, after the files of the folder that was given.

    Args:
        given: Files, folders, and patterns as of a shell, of which `**` reaches below.
        leave_out: Files that are never meant, such as the table that is to be written.

    Raises:
        BatchError: If something that is given does not exist, or nothing is found at all.
    """
    unwanted = {_resolve(path) for path in leave_out}
    found: dict[str, BatchSource] = {}
    for text in given:
        for path in _matches(text):
            for source in _below(path):
                found.setdefault(_resolve(source.path), source)
    sources = [each for real, source in found.items() if real not in unwanted for each in _open(source)]
    if not sources:
        raise BatchError("There is no file to read; name a folder that holds some, or the files themselves.")
    return sources


def _resolve(path: Path) -> str:
    """Without links and detours; `Path.resolve` raises where links go round in circles."""
    return os.path.realpath(path)


def _matches(text: str) -> Sequence[Path]:
    if _mode(Path(text)) is not None:
        return [Path(text)]
    matches = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []  # noqa: PTH207
    if not matches:
        raise BatchError(f"There is no file or folder {text}; check the path.")
    return [Path(match) for match in matches]


def _mode(path: Path) -> int | None:
    """What kind of a file it is, as `stat` has it; None where the system does not say."""
    try:
        return path.stat().st_mode
    except OSError:
        return None


def _below(path: Path) -> Iterator[BatchSource]:
    """A file itself, or all in a folder that is a file, or cannot be told to be none."""
    if not stat.S_ISDIR(_mode(path) or 0):
        yield BatchSource(path)
        return
    closed: list[OSError] = []
    for folder, folders, names in os.walk(path, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            mode = _mode(Path(folder, name))
            if not name.startswith(".") and (mode is None or stat.S_ISREG(mode)):
                yield BatchSource(Path(folder, name))
    for error in closed:
        yield BatchSource(
            Path(error.filename), problem=f"The folder cannot be searched ({_reason(error)}); {CHECK}"
        )


def _open(source: BatchSource) -> Iterator[BatchSource]:
    """A file itself, or an archive's files; a damaged archive is a file with a problem."""
    path = source.path
    if source.problem or path.suffix.lower() != ".zip":
        yield source
        return
    try:
        archive = _archive(path)
        entries = list_entries(archive)
    except DAMAGE:
        yield BatchSource(path, problem=NOT_WHOLE)
        return
    if overlap(archive):
        yield BatchSource(path, problem=OVERLAPPING)
        return
    yield from (BatchSource(path, entry) for entry in entries)


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


@lru_cache(maxsize=1)
def _archive(path: Path) -> zipfile.ZipFile:
    """An archive, kept open while its files are read one after another."""
    return zipfile.ZipFile(path)


def _read_member(path: Path, member: Entry) -> bytes:
    try:
        return read_member(_archive(path), member.info, MAX_FILE_BYTES)
    except DAMAGE:
        raise RadiographError(DAMAGED_MEMBER) from None
