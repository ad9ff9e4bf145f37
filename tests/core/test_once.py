"""Work that is done once for an object."""

import gc

from core.once import once


class Subject:
    """Compared by identity."""


def test_the_work_is_done_once_for_each_object() -> None:
    done: list[Subject] = []

    @once
    def work(subject: Subject) -> list[int]:
        """What it does."""
        done.append(subject)
        return [len(done)]

    one, other = Subject(), Subject()
    assert work(one) is work(one)
    assert work(other) == [2] and work(one) == [1] and done == [one, other]
    assert work.__doc__ == "What it does."


def test_what_was_kept_goes_with_the_object() -> None:
    kept: list[int] = []

    class Result:
        def __del__(self) -> None:
            kept.append(1)

    work = once(lambda subject: Result())
    subject = Subject()
    work(subject)
    gc.collect()
    assert not kept
    del subject
    gc.collect()
    assert kept
