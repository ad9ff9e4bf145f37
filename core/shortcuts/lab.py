"""What all sessions share of the page Shortcuts: patients, their features, and heads that learnt."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence

from core.models.inference import Networks
from core.shortcuts.cohorts import ABROAD, HOME, PATIENTS, SIZE_PX, Phantoms
from core.shortcuts.features import Features, InTurn, Source, feature_map
from core.shortcuts.heads import Learnt
from core.shortcuts.mystery import rows_asked
from core.shortcuts.probes import Probe

KEPT = 24  # heads, of 2 MB each at most
KEPT_PROBES = 4  # of 2 MB each at most


class Lab:
    """Threads may share it.

    Args:
        in_turn: Does heavy work when it has a place.
        patients: How many, at home and abroad.
        size_px: Of their radiographs' shorter side.
    """

    def __init__(self, in_turn: InTurn, patients: int = PATIENTS, size_px: int = SIZE_PX) -> None:
        self._in_turn, self.features = in_turn, Features(in_turn)
        self.home = Phantoms(HOME, patients, size_px)
        self.abroad = Phantoms(ABROAD, patients, size_px)
        self._state = threading.Lock()
        self._probes: OrderedDict[Hashable, Probe] = OrderedDict()
        self._heads: OrderedDict[Hashable, Learnt] = OrderedDict()
        self._paces: dict[tuple[str, str], tuple[float, float]] = {}

    def kept(self, key: Hashable) -> Learnt | None:
        """A head that learnt before, while it is remembered.

        Args:
            key: All that it depends on.
        """
        with self._state:
            if key in self._heads:
                self._heads.move_to_end(key)
            return self._heads.get(key)

    def keep(self, key: Hashable, head: Learnt) -> Learnt:
        """Remembers a head, and returns it.

        Args:
            key: All that it depends on.
            head: It.
        """
        with self._state:
            self._heads[key] = head
            while len(self._heads) > KEPT:
                self._heads.popitem(last=False)
        return head

    def probe(self, version: str, backbone: str, networks: Networks) -> Probe:
        """What puts questions to heads on one backbone of a bundle.

        Args:
            version: Of the bundle.
            backbone: Its key.
            networks: The bundle's.
        """
        key = (version, backbone)
        with self._state:
            if key not in self._probes:
                self._probes[key] = Probe(self.home, rows_asked(self.home), networks, backbone)
                while len(self._probes) > KEPT_PROBES:
                    self._probes.popitem(last=False)
            return self._probes[key]

    def seconds(self, wanted: Sequence[Source], rows: Sequence[int], networks: Networks) -> float:
        """About how long it takes until the features of patients at home are there.

        It is measured on one patient, once for each backbone.

        Args:
            wanted: Whose features, all of one backbone.
            rows: Which patients.
            networks: The bundle's.
        """
        key = (wanted[0].version, wanted[0].backbone)
        if key not in self._paces:
            self._paces[key] = self._in_turn(lambda: self._pace(networks, wanted[0].backbone))
        to_render, to_see = self._paces[key]
        unseen = sum(self.features.missing(each, self.home, rows) for each in wanted)
        return to_render * self.home.missing(rows) + to_see * unseen

    def _pace(self, networks: Networks, backbone: str) -> tuple[float, float]:
        """Seconds to render a phantom, and to have a network see it."""
        start = time.perf_counter()
        pixels = self.home.phantom(0).pixels
        rendered = time.perf_counter()
        feature_map(pixels, networks, backbone)
        return rendered - start, time.perf_counter() - rendered
