"""Libraries that warn where they guess: in here, their warnings are errors."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Python's warning filters belong to the whole process: one reader at a time may change them.
_one_at_a_time = threading.RLock()


@contextmanager
def warnings_as_errors(library: str, except_for: str | None = None) -> Iterator[None]:
    """Turns a library's warnings into exceptions, for as long as the block runs.

    Args:
        library: Its top package.
        except_for: Regular expression at the start of messages that are harmless.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.filterwarnings("error", category=UserWarning, module=rf"{library}\.")
        if except_for:
            warnings.filterwarnings("ignore", message=except_for, category=UserWarning)
        yield
