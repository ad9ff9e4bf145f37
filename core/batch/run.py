"""A batch from its files to its table: rows of before are kept, and each new one is written down at once."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.batch.analyst import Settings
from core.batch.columns import Column
from core.batch.engine import Engine, Task
from core.batch.formats import write_table
from core.batch.journal import Journal, RowPlace
from core.batch.rows import problem_row, whole_row
from core.batch.sources import BatchSource
from core.errors import RadiographError


@dataclass
class Standing:
    """How far a batch is.

    Attributes:
        total: Files that are meant.
        counts: How many of each status are done.
        kept: Of these, how many had been done before, by an earlier run or as a copy.
        first: When this run had made its first row, on `time.monotonic`; None before that.
    """

    total: int
    counts: Counter[str] = field(default_factory=Counter)
    kept: int = 0
    first: float | None = None

    @property
    def done(self) -> int:
        """How many files have a row."""
        return self.counts.total()

    @property
    def rate(self) -> float:
        """Rows made a second since this run's first, before which models were loaded; 0 until the second."""
        if self.first is None:
            return 0.0
        return (self.done - self.kept - 1) / max(time.monotonic() - self.first, 1e-9)

    def count(self, status: str, *, kept: bool) -> None:
        """Counts a file whose row is there: made now, or kept from before."""
        self.counts[status] += 1
        self.kept += kept
        if not kept and self.first is None:
            self.first = time.monotonic()

    @property
    def seconds_left(self) -> float | None:
        """As long as the rest takes at this rate; None where that is not known yet."""
        return (self.total - self.done) / self.rate if self.rate else None


TellStanding = Callable[[Standing], object]


def make_rows(
    sources: Sequence[BatchSource], journal: Journal, engine: Engine, tell: TellStanding
) -> list[RowPlace]:
    """Makes the rows that a journal lacks, in any order; what ends this early leaves those done there.

    Args:
        sources: All files.
        journal: Holds the rows.
        engine: Makes them.
        tell: Told how far it is after each.

    Returns:
        Where each file's row lies.
    """
    standing = Standing(len(sources))
    rows: dict[int, RowPlace] = {}

    def note(place: int, row: RowPlace, *, kept: bool = False) -> None:
        rows[place] = row
        standing.count(row.status, kept=kept)
        tell(standing)

    def tasks() -> Iterator[Task]:
        for place, source in enumerate(sources):
            try:
                data = source.read()
            except RadiographError as error:
                note(place, journal.add("", problem_row(error)))
                continue
            key = f"{hashlib.sha256(data).hexdigest()} {source.own_name}"
            if key in journal.known:
                note(place, journal.known[key], kept=True)
            else:
                yield Task(place, source.own_name, key, data)

    for task, row in engine(tasks()):
        note(task.place, journal.add(task.key, {"sha256": task.key.partition(" ")[0], **row}))
    return [rows[place] for place in range(len(sources))]


@dataclass(frozen=True)
class BatchTable:
    """What a batch's table is made of, beside its rows.

    Attributes:
        path: Where it goes; its name says in which format.
        columns: In their order.
        settings: The batch's.
    """

    path: Path
    columns: Sequence[Column]
    settings: Settings

    def write(self, sources: Sequence[BatchSource], journal: Journal, rows: Sequence[RowPlace]) -> None:
        """Writes the table, a row a file in the files' order.

        Raises:
            BatchError: If it cannot be written.
        """
        whole = (
            whole_row(journal.read(kept), source.name, self.settings.bundle, self.settings.bundle_version)
            for source, kept in zip(sources, rows, strict=True)
        )
        write_table(self.path, self.columns, whole)
