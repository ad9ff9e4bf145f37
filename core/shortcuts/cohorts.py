"""Patients to learn from and to be measured on: phantoms, taken at home or elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.phantom.choices import Choices
from core.phantom.render import Phantom, render
from core.phantom.seeds import take_seeds
from core.phantom.spec import PhantomSpec
from core.pool import work_on

PATIENTS = 200  # half of them learnt from, half of them measured; as many ill as healthy in either
SIZE_PX = 192  # of the shorter side
EXTENT, DENSITY = (
    (0.08, 0.4),
    (0.2, 0.45),
)  # of the disease, drawn between these: some hard to see, some plain
THREADS = 2


class Cohort(Protocol):
    """Patients with a radiograph each.

    Attributes:
        key: Tells it from others.
    """

    key: str

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,): 1 for the ill, 0 for the healthy."""
        ...

    @property
    def learns(self) -> NDArray[np.bool_]:
        """(n,): who is learnt from; all others measure."""
        ...

    @property
    def patients(self) -> NDArray[Any]:
        """(n,): names or numbers of patients, of whom one may have several radiographs."""
        ...

    def pixels(self, index: int) -> NDArray[np.float32]:
        """A patient's radiograph, (height, width), float32 in [0, 1]."""
        ...

    def prepare(self, rows: Iterable[int]) -> None:
        """Makes ready what `pixels` gives of some patients."""
        ...


@dataclass(frozen=True)
class Style:
    """How a department takes its radiographs.

    Attributes:
        key: Of the cohort.
        first: Of its patients, counted in the seeds of this page.
        portable: Bedside AP views, or upright PA views.
        extras: Whether wires, tubes, letters and borders of its own may be there, whatever the disease.
        exposure: In stops beyond what the seed draws.
    """

    key: str
    first: int
    portable: bool
    extras: bool
    exposure: float


HOME = Style("home", 0, portable=False, extras=False, exposure=0.0)
ABROAD = Style("abroad", PATIENTS, portable=True, extras=True, exposure=1.0)


class Phantoms:
    """A `Cohort` of phantoms; each is rendered when it is first wanted, and kept in 8 bits (37 KB).

    Args:
        style: How they are taken.
        count: How many.
        size_px: Of the shorter side.
    """

    def __init__(self, style: Style = HOME, count: int = PATIENTS, size_px: int = SIZE_PX) -> None:
        self.key, self._style, self._size_px = style.key, style, size_px
        self._seeds = take_seeds("shortcuts", style.first + count)[style.first :]
        self._kept: dict[int, NDArray[np.uint8]] = {}

    @property
    def labels(self) -> NDArray[np.int64]:
        """(n,): ill and healthy in turn."""
        return np.arange(len(self._seeds)) % 2

    @property
    def learns(self) -> NDArray[np.bool_]:
        """(n,): the first half."""
        return np.arange(len(self._seeds)) < len(self._seeds) // 2

    @property
    def patients(self) -> NDArray[np.int64]:
        """(n,): one radiograph each."""
        return np.arange(len(self._seeds))

    def pixels(self, index: int) -> NDArray[np.float32]:
        """A patient's radiograph, (height, width), float32 in [0, 1]."""
        self.prepare([index])
        return self._kept[index].astype(np.float32) / np.float32(255)

    def prepare(self, rows: Iterable[int]) -> None:
        """Renders those of some patients that are not there yet, two at once."""
        for row, phantom in work_on(self._missing(rows), self.phantom, THREADS):
            self._kept[row] = np.rint(phantom.pixels * 255).astype(np.uint8)

    def missing(self, rows: Iterable[int]) -> int:
        """How many of some patients are still to be rendered."""
        return len(self._missing(rows))

    def _missing(self, rows: Iterable[int]) -> list[int]:
        return [row for row in rows if row not in self._kept]

    def phantom(self, index: int, *, ill: bool | None = None) -> Phantom:
        """A patient rendered anew, with its truth.

        Args:
            index: Of the patient.
            ill: Whether with the disease; None for as the patient is.
        """
        seed, style = self._seeds[index], self._style
        rng = np.random.default_rng(seed)
        extent, density = rng.uniform(*EXTENT), rng.uniform(*DENSITY)
        ill = bool(self.labels[index]) if ill is None else ill
        spec = PhantomSpec(
            seed,
            self._size_px,
            "covid" if ill else "normal",
            extent=extent,
            portable=style.portable,
            child=False,
            extras=style.extras,
        )
        return render(spec, Choices(exposure=style.exposure, density=density))


def first_ill(cohort: Cohort) -> int:
    """The first of the ill who measure: whom a page shows."""
    return int(np.flatnonzero(~cohort.learns & (cohort.labels == 1))[0])


def rows_measured(cohort: Cohort) -> list[int]:
    """Who measures: all that nobody learns from."""
    return [int(row) for row in np.flatnonzero(~cohort.learns)]
