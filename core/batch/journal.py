"""What is kept of a batch while it runs: a file of JSON lines, one a row, which survives the run's end."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

from core.batch.analyst import Settings
from core.batch.columns import Row
from core.errors import BatchError

SCHEMA = "thoraxlens-batch-journal/1"
LASTING = frozenset({"answered", "refused", "unreadable"})  # what another try would not change


@dataclass(frozen=True)
class Kept:
    """Where a row lies, and how its file fared."""

    offset: int
    status: str


class Journal:
    """The rows so far, in the order in which they were done. Only where they lie is held in memory.

    Args:
        path: Of its file, which exists.
        reader: Of that file, in bytes.
        writer: Of that file, at its end, without a buffer.

    Attributes:
        known: Where the row of a file lies, by the file's key, unless another try may go better.
    """

    def __init__(self, path: Path, reader: BinaryIO, writer: RawIOBase) -> None:
        self._path, self._reader, self._writer = path, reader, writer
        self.known: dict[str, Kept] = {}

    def take_up(self, settings: Settings) -> None:
        """Reads what an earlier run left, and lets go of a line that was not written to its end.

        Raises:
            BatchError: If it is no journal, or one of other models or settings.
        """
        header = {"schema": SCHEMA, **asdict(settings)}
        first = self._reader.readline()
        if not first.endswith(b"\n"):  # an empty file, or one whose first line was being written
            self._writer.truncate(0)
            self._write(header)
            return
        if _parse(first) != header:
            raise BatchError(
                f"{self._path} was begun with other models or settings, or is something else; delete it to "
                "start anew, or name another --out."
            )
        offset = self._reader.tell()
        while line := _parse(self._reader.readline()):
            self._know(line, offset)
            offset = self._reader.tell()
        self._writer.truncate(offset)

    def add(self, key: str, row: Row) -> Kept:
        """Writes a row down, handed to the system before this returns.

        Args:
            key: Of the file; empty where it could not be read.
            row: What is said of it.

        Raises:
            BatchError: If there is no room for it.
        """
        offset = self._writer.seek(0, os.SEEK_END)
        line = {"key": key, "row": row}
        self._write(line)
        return self._know(line, offset)

    def read(self, kept: Kept) -> Row:
        """A row that was written."""
        self._reader.seek(kept.offset)
        return dict(json.loads(self._reader.readline())["row"])

    def _know(self, line: Mapping[str, object], offset: int) -> Kept:
        row = line["row"]
        kept = Kept(offset, str(row["status"]) if isinstance(row, dict) else "")
        if line["key"] and kept.status in LASTING:
            self.known[str(line["key"])] = kept
        return kept

    def _write(self, line: Mapping[str, object]) -> None:
        data = json.dumps(line, allow_nan=False).encode("ascii") + b"\n"
        try:
            whole = self._writer.write(data) == len(data)
        except OSError:
            whole = False
        if not whole:
            raise BatchError(
                f"{self._path} cannot be written; free space there, and give the same command again to go on."
            )


@contextmanager
def open_journal(path: Path, settings: Settings) -> Iterator[Journal]:
    """Opens a batch's journal, or begins one.

    Args:
        path: Where it lies.
        settings: Of the batch: rows of others are no answers to it.

    Raises:
        BatchError: If it cannot be written, another run writes to it, or it is of other settings.
    """
    try:
        writer = path.open("ab", buffering=0)
    except OSError as error:
        raise BatchError(f"{path} cannot be written ({error.strerror}); name another --out.") from None
    with writer, path.open("rb") as reader:
        _lock(writer, path)
        journal = Journal(path, reader, writer)
        journal.take_up(settings)
        yield journal


def _lock(file: RawIOBase, path: Path) -> None:
    """Where the system knows such locks (not on Windows); it goes with the file's closing."""
    with suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BatchError(f"Another run writes to {path}; wait for it, or name another --out.") from None


def _parse(line: bytes) -> dict[str, object] | None:
    """A line that is whole and a JSON object; else None."""
    try:
        found = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
