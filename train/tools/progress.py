"""How far something is."""

from __future__ import annotations

from collections.abc import Callable

Tally = Callable[[int, int], None]
