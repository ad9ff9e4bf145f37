"""How smooth a picture is: radiographs are, unless their bytes are read in a wrong way."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MUCH_SMOOTHER = 0.5
SAMPLED_LINES = 128


def sampled_lines(count: int) -> NDArray[np.intp]:
    """Indices of so many lines as are looked at, each with a neighbour behind it."""
    return np.linspace(0, count - 2, min(SAMPLED_LINES, count - 1)).astype(np.intp)


def roughness(values: NDArray[Any]) -> float:
    """Mean difference between neighbouring rows, over a sample of them.

    Args:
        values: (rows, columns) or (rows, columns, channels), integers.
    """
    upper = sampled_lines(len(values))
    return float(np.abs(values[upper].astype(np.int64) - values[upper + 1].astype(np.int64)).mean())
