"""How far a batch is, in words: one line that is rewritten on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from core.batch.run import Standing
from core.display.wording import counted, percent
from core.progress import duration

TERMINAL_S = 0.2  # between two looks
LOG_S = 30.0
STATUSES = {
    "answered": "answered",
    "refused": "refused by the gate",
    "unreadable": "not readable as a radiograph",
    "failed": "failed",
}


class Meter:
    """Says how far a batch is, as often as suits who reads it.

    Args:
        screen: Where to say it.
    """

    def __init__(self, screen: TextIO) -> None:
        self._screen, self._rewrites = screen, screen.isatty()
        self._next = 0.0
        self._length = 0

    def __call__(self, standing: Standing) -> None:
        """Says it, unless it was said a moment ago."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + (TERMINAL_S if self._rewrites else LOG_S)
            self._show(describe(standing), "" if self._rewrites else "\n")

    def say(self, sentence: str) -> None:
        """Says something else, on a line of its own."""
        self._show(sentence, "\n")
        self._length = 0

    def _show(self, text: str, end: str) -> None:
        start = "\r" if self._rewrites else ""
        self._screen.write(f"{start}{text:<{self._length}}{end}")
        self._screen.flush()
        self._length = len(text) if self._rewrites else 0


def describe(standing: Standing) -> str:
    """Files done, the rate, and the time left at that rate."""
    share = standing.done / standing.total
    parts = [f"{standing.done:,} of {counted(standing.total, 'file')} ({percent(share)})"]
    if standing.seconds_left is not None:
        parts += [f"{standing.rate:.1f} a second", f"{duration(standing.seconds_left)} left"]
    return ", ".join(parts)


def summarise(standing: Standing) -> str:
    """How the files fared, in one line."""
    counts = [f"{standing.counts[key]:,} {words}" for key, words in STATUSES.items() if standing.counts[key]]
    return f"{counted(standing.total, 'file')}: {', '.join(counts)}"
