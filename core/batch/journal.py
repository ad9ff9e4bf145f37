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
from core.batch.columns import BatchRow
from core.errors import BatchError

SCHEMA = "thoraxlens-batch-journal/1"
LASTING = frozenset({"answered", "refused", "unreadable"})  # what another try would not change


@dataclass(frozen=True)
class RowPlace:
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
        damaged: How many lines cannot be read, and were passed over.
    """

    def __init__(self, path: Path, reader: BinaryIO, writer: RawIOBase) -> None:
        self._path, self._reader, self._writer = path, reader, writer
        self.known: dict[str, RowPlace] = {}
        self.damaged = 0

    def take_up(self, settings: Settings) -> None:
        """Reads what an earlier run left, and lets go of a last line that was not written to its end.

        Raises:
            BatchError: If it is no journal, or one of other models or settings.
        """
        header = {"schema": SCHEMA, **asdict(settings)}
        whole = _encode(header)
        first = self._reader.readline(len(whole))
        if first != whole and whole.startswith(first):  # an empty file, or its first line was being written
            self._writer.truncate(0)
            self._write(header)
            return
        if first != whole:
            raise BatchError(
                f"{self._path} was begun with other models or settings, or is something else; delete it to "
                "start anew, or name another --out."
            )
        offset = self._reader.tell()
        while (data := self._reader.readline()).endswith(b"\n"):
            if found := _parse(data):
                self._know(*found, offset)
            else:
                self.damaged += 1
            offset = self._reader.tell()
        self._writer.truncate(offset)

    def add(self, key: str, row: BatchRow) -> RowPlace:
        """Writes a row down, handed to the system before this returns.

        Args:
            key: Of the file; empty where it could not be read.
            row: What is said of it.

        Raises:
            BatchError: If there is no room for it.
        """
        offset = self._writer.seek(0, os.SEEK_END)
        self._write({"key": key, "row": row})
        return self._know(key, str(row["status"]), offset)

    def read(self, kept: RowPlace) -> BatchRow:
        """A row that was written."""
        self._reader.seek(kept.offset)
        return dict(json.loads(self._reader.readline())["row"])

    def _know(self, key: str, status: str, offset: int) -> RowPlace:
        kept = RowPlace(offset, status)
        if key and status in LASTING:
            self.known[key] = kept
        return kept

    def _write(self, line: Mapping[str, object]) -> None:
        data = _encode(line)
        try:
            whole = self._writer.write(data) == len(data)
        except OSError:
            whole = False
        if not whole:
            raise BatchError(
                f"{self._path} cannot be written; free space there, and give the same command again to go on."
            )


def journal_path(table: Path) -> Path:
    """Where the journal of a table lies."""
    return table.with_name(f"{table.name}.partial")


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


def _encode(line: Mapping[str, object]) -> bytes:
    return json.dumps(line, allow_nan=False).encode("ascii") + b"\n"


def _parse(data: bytes) -> tuple[str, str] | None:
    """A line's key and the status of its row; None where it is damaged."""
    try:
        line = json.loads(data)
        return str(line["key"]), str(dict(line["row"])["status"])
    except (ValueError, TypeError, KeyError):
        return None
