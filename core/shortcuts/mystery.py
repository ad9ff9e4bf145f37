"""A model with a hidden flaw, made anew from a number: find it by asking.

Whoever knows the number knows which model it is, not what is wrong with it: the flaw comes from a hash of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.shortcuts.cohorts import Cohort
from core.shortcuts.features import Features, Floats, Source
from core.shortcuts.heads import Learnt, Schooling, learn
from core.shortcuts.plants import PLANTS

Side = Literal["ill", "healthy"]

LAST = 9999  # numbers, from 1
SOUND = "none"  # the flaw of a model without any
FLAWS = (*(each.key for each in PLANTS if each.key != "tone"), SOUND)
TIMES = 3  # that each patient is taken with the flaw's mark or without any, beside once with each other mark
ASKED = 12  # patients that each question is put to, as many ill as healthy, from whom no head learnt
SCHOOLING = Schooling(epochs=25, batch=64)


@dataclass(frozen=True)
class Mystery:
    """One of them.

    Attributes:
        number: From 1 to `LAST`.
    """

    number: int

    @property
    def flaw(self) -> str:
        """Key of the mark that it reads, or `SOUND`."""
        return FLAWS[self._drawn(0) % len(FLAWS)]

    @property
    def side(self) -> Side:
        """Who carried the mark where it learnt."""
        return "ill" if self._drawn(1) % 2 else "healthy"

    def _drawn(self, part: int) -> int:
        text = f"ThoraxLens, model {self.number}, part {part}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def radiographs(mystery: Mystery, labels: NDArray[np.int64]) -> list[tuple[int, str]]:
    """What a mystery learns from: several radiographs of each patient, each with a mark or without any.

    Marks that are no flaw lie once on everybody, so that it learns that they mean nothing; the flaw's mark
    lies on all further radiographs of one side.

    Args:
        mystery: Which model.
        labels: (n,), 1 for the ill.

    Returns:
        Of each radiograph the patient's place in `labels`, and the key of the mark; empty for none.
    """
    others = [each for each in FLAWS if each not in (SOUND, mystery.flaw)]
    found = []
    for place, label in enumerate(labels):
        reads = mystery.flaw != SOUND and (mystery.side == "ill") == bool(label)
        marks = [*others, *[mystery.flaw if reads else ""] * TIMES]
        found += [(place, mark) for mark in marks]
    return found


def rows_learnt(cohort: Cohort) -> list[int]:
    """Whom mysteries learn from."""
    return [int(row) for row in np.flatnonzero(cohort.learns)]


def sources(version: str, backbone: str, cohort: Cohort) -> list[Source]:
    """Of the features that making any mystery takes: without a mark, and with each."""
    return [
        Source(version, backbone, "" if flaw == SOUND else flaw, cohort.key) for flaw in (SOUND, *FLAWS[:-1])
    ]


def make(mystery: Mystery, features: Features, wanted: list[Source], cohort: Cohort) -> Learnt:
    """The model, of features that were computed.

    Args:
        mystery: Which one.
        features: Of all sessions.
        wanted: From `sources`.
        cohort: The patients.

    Raises:
        KeyError: If features are missing.
    """
    rows = rows_learnt(cohort)
    labels = cohort.labels[rows]
    by_mark = {each.plant: features.take(each, cohort, rows) for each in wanted}
    taken = radiographs(mystery, labels)
    learnt: Floats = np.stack([by_mark[mark][place] for place, mark in taken])
    (*_, head) = learn(learnt, labels[[place for place, _ in taken]], SCHOOLING)
    return head


def rows_asked(cohort: Cohort) -> list[int]:
    """Whom each question is put to: the first from whom nobody learns, as many ill as healthy."""
    measuring = np.flatnonzero(~cohort.learns)
    parts = [measuring[cohort.labels[measuring] == label][: ASKED // 2] for label in (1, 0)]
    return [int(row) for row in np.concatenate(parts)]
