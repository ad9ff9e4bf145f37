"""Pictures whose decoder failed: tried again, but not for ever, or each click would wait for them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from core.errors import DecoderError

TRIES = 2  # in a row, before nobody but the user asks for another

Answer = TypeVar("Answer")


class Tries:
    """What failed of the pictures of one session, by any names that tell them apart."""

    def __init__(self) -> None:
        self._failed: defaultdict[str, list[DecoderError]] = defaultdict(list)

    def are_used_up(self, name: str) -> bool:
        """Whether the next `read` fails at once."""
        return len(self._failed.get(name, ())) >= TRIES

    def read(self, name: str, work: Callable[[], Answer]) -> Answer:
        """Does some work on a picture, unless its decoder has failed too often.

        Raises:
            DecoderError: If the decoder fails, or what it failed with at last.
            ThoraxLensError: As `work` does.
        """
        if self.are_used_up(name):
            raise self._failed[name][-1]
        try:
            answer = work()
        except DecoderError as error:
            self._failed[name].append(error)
            raise
        self.forget(name)
        return answer

    def forget(self, name: str) -> None:
        """From now on the picture is tried again."""
        self._failed.pop(name, None)
