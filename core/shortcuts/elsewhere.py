"""Patients of other clinics, from whom no head learns: a bundle's external images, or somebody's own set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.evaluation.mistakes import find_file
from core.evaluation.predictions import Predictions
from core.evaluation.sets.labelled import Labelled, LabelledSet, LeftOut
from core.shortcuts.own import OwnPatients
from core.vocabulary import TASK

EXTERNAL = "external"  # the split of clinics never seen


class ExternalImages:
    """A `LabelledSet` of the radiographs that a bundle was measured on at clinics never seen.

    Args:
        predictions: The bundle's, which names them by their paths.
        folder: Of the data, where they may lie; what is not there is left aside.

    Raises:
        DataError: If a path leads out of the folder.
    """

    def __init__(self, predictions: Predictions, folder: Path) -> None:
        self._folder = folder
        rows = np.flatnonzero((predictions.split == EXTERNAL) & np.isin(predictions.label, TASK))
        named = [
            Labelled(
                *(str(column[row]) for column in (predictions.path, predictions.label, predictions.group))
            )
            for row in rows
        ]
        self._members = [each for each in named if find_file(folder, each.name) is not None]

    @property
    def split(self) -> str:
        """What tables call it."""
        return EXTERNAL

    @property
    def members(self) -> Sequence[Labelled]:
        """What it holds."""
        return self._members

    @property
    def problems(self) -> Sequence[LeftOut]:
        """None: what is not there was left aside."""
        return ()

    def read(self, index: int) -> bytes:
        """The whole file of a member.

        Raises:
            DataError: If it is gone by now.
        """
        data = find_file(self._folder, self._members[index].name)
        if data is None:
            raise DataError(f"{self._members[index].name} is no longer in the data folder; put it back.")
        return data


class Strangers(OwnPatients):
    """A `Cohort` from whom nothing is learnt: all measure.

    Args:
        images: The set.
        key: Tells it from others.

    Raises:
        DataError: If it holds too few of a class.
    """

    least, needs = 5, "to measure takes"

    @property
    def learns(self) -> NDArray[np.bool_]:
        """(n,): nobody."""
        return np.zeros(len(self.labels), dtype=np.bool_)


def external_patients(predictions: Predictions, folder: Path | None, version: str) -> Strangers | None:
    """The patients of clinics never seen, where a machine has their radiographs; else None.

    Args:
        predictions: A bundle's.
        folder: Of the data; None where there is none.
        version: Of the bundle.
    """
    images: LabelledSet | None = ExternalImages(predictions, folder) if folder else None
    if images is None or not images.members:
        return None
    try:
        return Strangers(images, f"{EXTERNAL} {version}")
    except DataError:  # too few to measure on
        return None
