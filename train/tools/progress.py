"""Who is told how far a training is, and what happens in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Tally = Callable[[int, int], None]  # given how much is done, and of how much
Watch = Callable[[str], Tally]  # given what is being done, returns who is told how far it is
Report = Callable[[str], None]  # given a sentence


@dataclass(frozen=True)
class Reporter:
    """What a training tells people by.

    Attributes:
        watch: Given what is being done, returns who is told how far it is.
        report: Given a sentence now and then.
    """

    watch: Watch
    report: Report

    def about(self, name: str) -> Reporter:
        """The same for one of several things: its name comes before each title and each sentence."""
        return Reporter(
            lambda title: self.watch(f"{name}: {title}"), lambda sentence: self.report(f"{name}, {sentence}")
        )
