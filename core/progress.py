"""How far something is that somebody waits for."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], object]  # what is being done, and the share done in [0, 1]
