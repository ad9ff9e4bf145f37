"""Work that is done once for an object, for a page runs again with each click."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

Subject = TypeVar("Subject")
Result = TypeVar("Result")


def once(work: Callable[[Subject], Result]) -> Callable[[Subject], Result]:
    """The same function, which keeps what it returned for as long as its argument lives.

    Args:
        work: Of one object that is compared by identity; nobody changes what it returns.
    """
    kept: WeakKeyDictionary[Subject, Result] = WeakKeyDictionary()

    @wraps(work)
    def done(subject: Subject) -> Result:
        if subject not in kept:
            kept[subject] = work(subject)
        return kept[subject]

    return done
