"""What deriving shows of itself: a bar on a terminal, lines in words elsewhere, JSON for the server."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress

NOTICE_LINES = 20  # of what the frameworks wrote last, kept for a failure
NOTICE_BYTES = 8192  # the same, should a line never end


class Words:
    """A line in words for each step; the frameworks' notices are kept back."""

    def step(self, message: str, done: float) -> None:
        """Says what comes next, or at 1.0 that all is done.

        Args:
            message: A sentence without its full stop.
            done: The share done, in [0, 1].
        """
        _say(message if done == 1 else f"{message} ...")

    def problem(self, message: str) -> None:
        """Says, in one sentence, what could not be done."""
        _say(message)

    def framework(self) -> AbstractContextManager[None]:
        """A block in which frameworks may write what they like."""
        return kept_back()


class JsonLines(Words):
    """JSON objects, one a line: `message` and `done`, or `error`. The server keeps the notices itself."""

    def step(self, message: str, done: float) -> None:
        """See Words."""
        _say(json.dumps({"message": message, "done": round(done, 3)}))

    def problem(self, message: str) -> None:
        """See Words."""
        _say(json.dumps({"error": message}))

    def framework(self) -> AbstractContextManager[None]:
        """See Words."""
        return nullcontext()


class Bar(Words):
    """One bar, labelled with the step; it makes way for the last message.

    Args:
        screen: A terminal, under a descriptor that `kept_back` leaves alone.
    """

    def __init__(self, screen: TextIO) -> None:
        self._screen = screen

    def step(self, message: str, done: float) -> None:
        """See Words."""
        if done == 1:
            self.stop()
            super().step(message, done)
        else:
            self._progress.start()
            task = self._progress.task_ids[0]
            self._progress.update(task, description=message, completed=done, refresh=True)

    def problem(self, message: str) -> None:
        """See Words."""
        self.stop()
        super().problem(message)

    def stop(self) -> None:
        """Clears the bar away; the next step draws it again."""
        if "_progress" in self.__dict__:
            self._progress.stop()

    @cached_property
    def _progress(self) -> Progress:
        from rich.console import Console  # here, because most calls find everything prepared
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(file=self._screen),
            transient=True,
            redirect_stdout=False,  # or what Python code prints would appear above the bar
            redirect_stderr=False,
        )
        bar.add_task("", total=1.0)
        return bar


@contextmanager
def reporting(as_json: bool) -> Iterator[Words]:
    """The way to report that suits who reads it, tidied up when the block ends.

    Args:
        as_json: For another program, whatever the standard output is.
    """
    if as_json:
        yield JsonLines()
    elif not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        yield Words()
    else:
        with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding) as screen:
            bar = Bar(screen)
            try:
                yield bar
            finally:
                bar.stop()


@contextmanager
def kept_back() -> Iterator[None]:
    """Keeps off the screen whatever is written to it while the block runs.

    TensorFlow and others write from C++ straight to the descriptors, so those are what is turned away. An
    error that leaves the block takes the last lines along as a note, which a traceback ends with.
    """
    _flush()
    with tempfile.TemporaryFile() as log:
        originals = {number: os.dup(number) for number in (1, 2)}
        for number in originals:
            os.dup2(log.fileno(), number)
        try:
            yield
        except BaseException as error:
            _flush()
            if notices := _tail(log):
                error.add_note(f"What was written last before that:\n{notices}")
            raise
        finally:
            _flush()
            for number, original in originals.items():
                os.dup2(original, number)
                os.close(original)


def _tail(log: BinaryIO) -> str:
    length = log.seek(0, os.SEEK_END)
    log.seek(max(0, length - NOTICE_BYTES))
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return "\n".join(lines[-NOTICE_LINES:])


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
