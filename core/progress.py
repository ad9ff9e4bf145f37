"""How far something is that somebody waits for."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], object]  # what is being done, and the share done in [0, 1]


def time_left(done: int, total: int, seconds: float) -> str:
    """How long the rest takes at the rate so far, to follow a count; nothing before anything is done.

    Args:
        done: How many things are.
        total: How many are meant.
        seconds: That those took.
    """
    return f", {duration(seconds / done * (total - done))} left" if 0 < done < total else ""


def duration(seconds: float) -> str:
    """Seconds as people say them: 45 s, 12 min, 3 h 20 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
