"""Progress in words."""

from __future__ import annotations

import io
import time
from collections import Counter

import pytest

from core.batch.meter import Meter, describe, summarise
from core.batch.run import Standing


@pytest.fixture
def standing() -> Standing:
    standing = Standing(total=2000, kept=99, first=time.monotonic() - 300)
    standing.counts.update(answered=900, refused=90, unreadable=10)
    return standing


def test_files_done_rate_and_time_left(standing: Standing) -> None:
    assert describe(standing) == "1,000 of 2,000 files (50\u00a0%), 3.0 a second, 6 min left"
    assert describe(Standing(3)) == "0 of 3 files (0\u00a0%)"
    assert summarise(standing) == (
        "2,000 files: 900 answered, 90 refused by the gate, 10 not readable as a radiograph"
    )


def test_one_file_is_no_files() -> None:
    assert describe(Standing(1)) == "0 of 1 file (0\u00a0%)"
    assert summarise(Standing(1, Counter(answered=1))) == "1 file: 1 answered"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_rewritten(standing: Standing) -> None:
    screen = Terminal()
    meter = Meter(screen)
    meter(standing)
    meter(standing)  # a moment later: not said
    meter.say("Done.")
    first, last = screen.getvalue().removeprefix("\r").split("\r")
    assert first == describe(standing) and last.rstrip(" \n") == "Done." and len(last) > len(first)


def test_a_log_gets_whole_lines(standing: Standing) -> None:
    screen = io.StringIO()
    meter = Meter(screen)
    meter(standing)
    meter.say("Done.")
    assert screen.getvalue() == f"{describe(standing)}\nDone.\n"
