"""A table of all files that a session has in hand, filled beside the page, a row after another."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from core.batch.columns import BatchRow, columns
from core.batch.rows import answer_row, at_threshold, problem_row
from core.batch.shown import shown_row
from core.errors import ThoraxLensError
from core.gate.sentences import hints
from core.models.backbones import Backbone
from core.service import Case, File, Loaded, Reading, Service

RECENT = 8  # rows whose pace tells how long the rest takes
HEAD_START_S = 0.2  # of the page that wants rows, which reads one of the files itself
NO_REASON = "The file could not be read, though nothing is known to be wrong with it; try it again."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Wanted:
    """A file of which a row is wanted.

    Attributes:
        key: In the tray.
        file: Its bytes.
        reading: How it is read.
    """

    key: str
    file: File
    reading: Reading


@dataclass(frozen=True, eq=False)
class Row:
    """What is said of a file.

    Attributes:
        cells: By column, at the models' own thresholds.
        thumbnail: A WebP file; empty where it could not be read.
        notes: What is to be known of it: hints of the gate and warnings, in sentences.
    """

    cells: BatchRow
    thumbnail: bytes = b""
    notes: tuple[str, ...] = ()

    @property
    def unasked(self) -> bool:
        """Whether the gate refuses it, and the networks were not asked all the same."""
        return self.cells["status"] == "refused" and "ensemble_probability" not in self.cells


@dataclass(frozen=True)
class Pace:
    """How far the table is.

    Attributes:
        done: Rows that are there.
        total: Rows that are wanted.
        failed: Of those that are there, how many another try may mend.
        running: Whether it fills by itself.
        seconds_left: As long as the rest takes at the pace of the latest rows; None where nobody knows.
    """

    done: int
    total: int
    failed: int
    running: bool
    seconds_left: float | None


_Place = tuple[str, str, Reading]  # a file in the tray, the bundle's version, and how it is read


class Filling:
    """Rows of a session's files, made by a thread of its own that leaves when all are there.

    Args:
        service: Reads the files, a few at a time for all sessions.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._wanted: dict[str, Wanted] = {}
        self._loaded: Loaded | None = None
        self._ask_all = False
        self._rows: dict[_Place, Row] = {}
        self._took: deque[float] = deque(maxlen=RECENT)
        self._thread: threading.Thread | None = None
        self._may_run = False
        self.stopped = False  # by the user

    def want(self, wanted: Sequence[Wanted], loaded: Loaded, *, ask_all: bool) -> None:
        """Says which rows there are to be, and starts to make those that are missing unless it is stopped.

        Args:
            wanted: The files; rows of others are forgotten.
            loaded: Whom to ask.
            ask_all: Whether the networks are asked although the gate refuses.
        """
        with self._lock:
            self._wanted = {each.key: each for each in wanted}
            self._loaded, self._ask_all = loaded, ask_all
            for place in [each for each in self._rows if each[0] not in self._wanted]:
                del self._rows[place]
            self._start()

    def stop(self) -> None:
        """The row in work is finished, and no other begun, until `resume`."""
        with self._lock:
            self.stopped, self._may_run = True, False

    def resume(self) -> None:
        """Goes on, and tries again what failed."""
        with self._lock:
            self.stopped = False
            for place in [each for each, row in self._rows.items() if row.cells["status"] == "failed"]:
                del self._rows[place]
            self._start()

    def end(self) -> None:
        """As its session does: nothing more is read, until somebody wants rows again."""
        with self._lock:
            self._may_run = False

    def rows(self) -> dict[str, Row]:
        """The rows that are there, by key in the tray, in the order in which they are wanted."""
        with self._lock:
            found = {key: self._row(each) for key, each in self._wanted.items()}
        return {key: row for key, row in found.items() if row}

    def pace(self) -> Pace:
        """How far it is."""
        rows = self.rows()
        with self._lock:
            left = sum(self._missing(each) is not None for each in self._wanted.values())
            pace = sum(self._took) / len(self._took) if self._took else None
            failed = sum(row.cells["status"] == "failed" for row in rows.values())
            done, total = len(self._wanted) - left, len(self._wanted)
            return Pace(done, total, failed, self._thread is not None, pace and pace * left)

    def _start(self) -> None:
        self._may_run = not self.stopped
        missing = any(self._missing(each) for each in self._wanted.values())
        if self._may_run and missing and self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def _missing(self, wanted: Wanted) -> Wanted | None:
        """What is still to be read of a file: it, and once more with the networks if the gate refuses it."""
        row = self._rows.get(self._place(wanted))
        if row is None:
            return wanted
        insisting = _insisting(wanted)
        if self._ask_all and row.unasked and self._place(insisting) not in self._rows:
            return insisting
        return None

    def _row(self, wanted: Wanted) -> Row | None:
        plain = self._rows.get(self._place(wanted))
        asked = self._rows.get(self._place(_insisting(wanted))) if self._ask_all else None
        return asked or plain

    def _place(self, wanted: Wanted) -> _Place:
        return wanted.key, self._loaded.version if self._loaded else "", wanted.reading

    def _next(self) -> tuple[Wanted, Loaded] | None:
        """What is to be read next; None where the thread is to end, which it does."""
        with self._lock:
            missing = filter(None, (self._missing(each) for each in self._wanted.values()))
            found = next(missing, None) if self._may_run else None
            if found is None or self._loaded is None:
                self._thread = None
                return None
            return found, self._loaded

    def _work(self) -> None:
        time.sleep(HEAD_START_S)
        while found := self._next():
            wanted, loaded = found
            start = time.monotonic()
            row = self._make(wanted, loaded)
            seconds = time.monotonic() - start
            row.cells.update(sha256=wanted.file.sha256, seconds=round(seconds, 4))
            with self._lock:
                self._took.append(seconds)
                self._rows[wanted.key, loaded.version, wanted.reading] = row

    def _make(self, wanted: Wanted, loaded: Loaded) -> Row:
        try:
            return _row_of(self._service.read_among_many(wanted.file, loaded, wanted.reading), loaded)
        except ThoraxLensError as error:
            return Row(problem_row(error))
        except Exception:  # noqa: BLE001  # a bug: the others are read all the same
            _log.exception("A file in hand could not be read among many")
            return Row({"status": "failed", "error": NO_REASON})


def _insisting(wanted: Wanted) -> Wanted:
    return replace(wanted, reading=replace(wanted.reading, insist=True))


def _row_of(case: Case, loaded: Loaded) -> Row:
    known = {each.name: each for each in columns(loaded.models.manifest)}
    warnings = case.analysis.warnings if case.analysis else case.header
    said = () if case.verdict.refused else hints(case.verdict)
    return Row(
        answer_row(case.verdict, case.header, case.analysis, known),
        case.thumbnail,
        (*said, *(warning.message for warning in warnings)),
    )


_SHOWN: WeakKeyDictionary[Row, tuple[tuple[float | None, bool], dict[str, Any]]] = WeakKeyDictionary()


def show_row(
    row: Row, threshold: float | None, backbones: Sequence[Backbone], *, hidden: bool
) -> dict[str, Any]:
    """What the page's table shows of a row, which is the same object while it is asked for the same.

    Args:
        row: The row.
        threshold: Of all models; None for each its own.
        backbones: Of the bundle that was asked, in the order of the table.
        hidden: Whether its answers wait for a guess.
    """
    asked = threshold, hidden
    kept = _SHOWN.get(row)
    if kept is None or kept[0] != asked:
        shown = shown_row(at_threshold(row.cells, threshold), row.notes, backbones, hidden=hidden)
        kept = _SHOWN[row] = asked, shown
    return kept[1]
