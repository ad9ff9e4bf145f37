"""Somebody's own labelled radiographs as patients to learn from and to be measured on."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import DataError
from core.evaluation.sets.labelled import Labelled, LabelledSet
from core.reading.decoder_pool import read_radiograph_isolated

SHORTER_PX = 320  # of a radiograph's sides, as kept: the networks are given less


class OwnPatients:
    """A `Cohort` of a set that somebody brought: COVID-19 is ill, normal is healthy, all else is left aside.

    Args:
        images: The opened set.
        key: Tells it from others.

    Raises:
        DataError: If it holds too few of a class.
    """

    least, needs = 10, "a head needs"  # patients of either class

    def __init__(self, images: LabelledSet, key: str) -> None:
        self.key, self._images = key, images
        self._places = [at for at, each in enumerate(images.members) if each.label in ("covid", "normal")]
        self._kept: dict[int, NDArray[np.uint8]] = {}
        for label, name in ((1, "COVID-19"), (0, "normal")):
            found = len(set(self.patients[self.labels == label]))
            if found < self.least:
                raise DataError(
                    f"Your set has {found} patients labelled {name}, and {self.needs} {self.least} of each "
                    "class: bring a larger set on Compare, or choose phantoms."
                )

    @cached_property
    def _members(self) -> list[Labelled]:
        return [self._images.members[place] for place in self._places]

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """(n,): 1 for COVID-19, 0 for normal."""
        return np.array([int(each.label == "covid") for each in self._members])

    @cached_property
    def patients(self) -> NDArray[np.str_]:
        """(n,): whose each is."""
        return np.array([each.patient for each in self._members])

    @property
    def learns(self) -> NDArray[np.bool_]:
        """(n,): every other patient of a class, whole patients only."""
        return self._halves

    @cached_property
    def _halves(self) -> NDArray[np.bool_]:
        """(n,): every other patient of a class, whole patients only."""
        taught: dict[str, bool] = {}
        counts = [0, 0]
        for patient, label in zip(self.patients.tolist(), self.labels.tolist(), strict=True):
            if patient not in taught:
                taught[patient] = counts[label] % 2 == 0
                counts[label] += 1
        return np.array([taught[patient] for patient in self.patients.tolist()])

    def pixels(self, index: int) -> NDArray[np.float32]:
        """A radiograph, (height, width), float32 in [0, 1].

        Raises:
            RadiographError: If it cannot be read.
        """
        self.prepare([index])
        return self._kept[index].astype(np.float32) / np.float32(255)

    def prepare(self, rows: Iterable[int]) -> None:
        """Reads those that were not read yet.

        Raises:
            RadiographError: If one cannot be read.
        """
        for row in rows:
            if row not in self._kept:
                place = self._places[row]
                name = self._images.members[place].name
                pixels = read_radiograph_isolated(self._images.read(place), name).pixels
                self._kept[row] = _small(pixels)


def _small(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """In 8 bits, its shorter side at most `SHORTER_PX`."""
    image = Image.fromarray(np.rint(pixels * 255).astype(np.uint8))
    factor = SHORTER_PX / min(image.size)
    if factor < 1:
        size = (round(image.width * factor), round(image.height * factor))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image)
