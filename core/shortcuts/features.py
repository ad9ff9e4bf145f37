"""Pooled features of frozen backbones, computed once for all sessions and kept within a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.margins import crop
from core.models.backbones import BACKBONE_BY_KEY, Backbone, scale_pixels
from core.models.head import pooled_features
from core.models.inference import Networks, checked
from core.preprocessing import inside_box, network_box, network_input
from core.shortcuts.cohorts import Cohort
from core.shortcuts.plants import PLANT_BY_KEY, put_on

Floats = NDArray[np.float32]
Work = TypeVar("Work")

AT_ONCE = 8  # patients between two looks at who else waits
KEPT = 40  # tables, of 2 MB each at most


class InTurn(Protocol):
    """Does heavy work when it has a place."""

    def __call__(self, work: Callable[[], Work]) -> Work:
        """Does it."""
        ...


@dataclass(frozen=True)
class Source:
    """Whose features.

    Attributes:
        version: Of the bundle: SHA-256 of its manifest.
        backbone: Its key.
        plant: Key of the mark on all radiographs; empty for none.
        cohort: Key of the patients.
    """

    version: str
    backbone: str
    plant: str
    cohort: str


class _Table:
    """Features of a source, as far as they are known."""

    def __init__(self, patients: int) -> None:
        self.values: Floats | None = None  # (n, channels), once the first is known
        self.known = np.zeros(patients, dtype=np.bool_)
        self.lock = threading.Lock()

    def put(self, rows: Sequence[int], values: Floats) -> None:
        if self.values is None:
            self.values = np.zeros((len(self.known), values.shape[1]), np.float32)
        self.values[list(rows)] = values
        self.known[list(rows)] = True


class Features:
    """Computes each table once while it is remembered; threads may share it.

    Args:
        in_turn: Does heavy work when it has a place.
        most: How many tables are remembered.
    """

    def __init__(self, in_turn: InTurn, most: int = KEPT) -> None:
        self._in_turn, self._most = in_turn, most
        self._state = threading.Lock()
        self._tables: OrderedDict[Source, _Table] = OrderedDict()

    def missing(self, source: Source, cohort: Cohort, rows: Sequence[int]) -> int:
        """Of how many patients the features are still to be computed."""
        return int((~self._table(source, cohort).known[list(rows)]).sum())

    def fill(self, source: Source, cohort: Cohort, networks: Networks, rows: Sequence[int]) -> Iterator[int]:
        """Computes what is missing, a few patients at a time; whoever stops asking loses nothing.

        Args:
            source: Whose features.
            cohort: Its patients.
            networks: The bundle's.
            rows: Which patients.

        Yields:
            How many patients more are known.

        Raises:
            EngineError: If a network fails.
        """
        table = self._table(source, cohort)
        while True:
            with table.lock:
                part = [row for row in rows if not table.known[row]][:AT_ONCE]
                if not part:
                    return
                values = self._in_turn(partial(_compute, source, cohort, networks, part))
                table.put(part, values)
            yield len(part)

    def take(self, source: Source, cohort: Cohort, rows: Sequence[int]) -> Floats:
        """Features of some patients, (n, channels), all of which `fill` has computed.

        Raises:
            KeyError: If one of them is not there.
        """
        table = self._table(source, cohort)
        if table.values is None or not table.known[list(rows)].all():
            raise KeyError(source)
        return table.values[list(rows)]

    def _table(self, source: Source, cohort: Cohort) -> _Table:
        with self._state:
            table = self._tables.setdefault(source, _Table(len(cohort.labels)))
            self._tables.move_to_end(source)
            while len(self._tables) > self._most:
                self._tables.popitem(last=False)
        return table


def _compute(source: Source, cohort: Cohort, networks: Networks, rows: Sequence[int]) -> Floats:
    cohort.prepare(rows)
    pictures = (with_plant(cohort, row, networks, source.plant) for row in rows)
    maps = (feature_map(each, networks, source.backbone) for each in pictures)
    return np.stack([pool(each, source.backbone) for each in maps])


def with_plant(cohort: Cohort, row: int, networks: Networks, plant: str, strength: float = 1.0) -> Floats:
    """A patient's radiograph with a mark on it, (height, width), float32 in [0, 1].

    Args:
        cohort: The patients.
        row: Which of them.
        networks: Whose frame the mark lies in.
        plant: Key of the mark; empty for none.
        strength: Of the mark, from 0 to 1.
    """
    pixels = cohort.pixels(row)
    if not plant:
        return pixels
    frame = network_box(pixels, networks.manifest.preprocessing)
    return put_on(pixels, frame, PLANT_BY_KEY[plant], row, strength)


def seen(pixels: Floats, networks: Networks) -> Floats:
    """What the backbones are shown of a radiograph, (size, size), float32 in [0, 1].

    Args:
        pixels: (height, width), float32 in [0, 1].
        networks: The bundle's.
    """
    recipe = networks.manifest.preprocessing
    return network_input(crop(pixels, inside_box(pixels, recipe)), recipe)


def feature_map(pixels: Floats, networks: Networks, backbone: str) -> Floats:
    """A backbone's last map A of a radiograph, (h, w, channels).

    Args:
        pixels: (height, width), float32 in [0, 1].
        networks: The bundle's.
        backbone: Its key.

    Raises:
        EngineError: If the network fails.
    """
    row = BACKBONE_BY_KEY[backbone]
    batch = scale_pixels(seen(pixels, networks)[np.newaxis], row.scale)
    return checked(networks.backbones[backbone](batch)[0][0], row.name)


def pool(features: Floats, backbone: str) -> Floats:
    """A map's average over its places, behind the backbone's own pooling, (channels,)."""
    return np.asarray(pooled_features(features, BACKBONE_BY_KEY[backbone].pool).mean(axis=(0, 1)))


def smallest(backbones: Iterable[Backbone]) -> Backbone:
    """The backbone with the fewest parameters: the one to begin with, for it is soon done.

    Args:
        backbones: At least one.
    """
    return min(backbones, key=lambda each: each.parameters)
