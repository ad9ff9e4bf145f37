"""The maps that sessions of a server have asked networks for lately, so that nobody asks twice."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from core.errors import ThoraxLensError

KEPT = 256  # of at most 60 KB each, but for the phantoms to compare with: 4 MB once a bundle


class Counted(Protocol):
    """How far something is."""

    @property
    def done(self) -> int:
        """How many questions were answered."""
        ...

    @property
    def total(self) -> int:
        """How many there are."""
        ...


Step = TypeVar("Step", bound=Counted)


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes:
        picture: Which picture of which file, as it was read, by which bundle.
        model: Key of a network.
        towards: Key of a class.
        method: Key of a method.
    """

    picture: str
    model: str
    towards: str
    method: str


@dataclass(eq=False)
class Look(Generic[Step]):
    """A question that a session asks, whole or begun; it goes on where it was stopped.

    Attributes:
        question: It.
        steps: What asks on.
        latest: How far it is; None before the first answer.
        broken: Whether an error ended it: it has to begin anew.
    """

    question: Question
    steps: Iterator[Step]
    latest: Step | None = None
    broken: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing is left to ask."""
        return self.latest is not None and self.latest.done == self.latest.total

    def ask_on(self) -> bool:
        """Waits for one answer more; False where there is none.

        Raises:
            ThoraxLensError: Whatever the asking raises.
        """
        try:
            step = next(self.steps, None)
        except ThoraxLensError:
            self.broken = True
            raise
        self.latest = step or self.latest
        return step is not None


class Looks:
    """Keeps answers that are whole; threads may share it."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._state = threading.Lock()
        self._kept: OrderedDict[Question, Counted] = OrderedDict()

    def keep(self, look: Look[Step]) -> None:
        """Keeps the answer to a question, if it is whole."""
        if look.latest is None or not look.whole:
            return
        with self._state:
            self._kept[look.question] = look.latest
            self._kept.move_to_end(look.question)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def kept(self, question: Question) -> Counted | None:
        """The whole answer, while it is remembered."""
        with self._state:
            if question in self._kept:
                self._kept.move_to_end(question)
            return self._kept.get(question)
