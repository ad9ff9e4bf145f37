"""What all sessions share of the page Shortcuts: patients, their features, and heads that learnt."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from core.shortcuts.cohorts import ABROAD, HOME, PATIENTS, SIZE_PX, Phantoms
from core.shortcuts.features import Features, InTurn
from core.shortcuts.heads import Learnt

KEPT = 24  # heads, of 2 MB each at most


class Lab:
    """Threads may share it.

    Args:
        in_turn: Does heavy work when it has a place.
        patients: How many, at home and abroad.
        size_px: Of their radiographs' shorter side.
    """

    def __init__(self, in_turn: InTurn, patients: int = PATIENTS, size_px: int = SIZE_PX) -> None:
        self.features = Features(in_turn)
        self.home = Phantoms(HOME, patients, size_px)
        self.abroad = Phantoms(ABROAD, patients, size_px)
        self._state = threading.Lock()
        self._heads: OrderedDict[Hashable, Learnt] = OrderedDict()

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
