"""What takes long is computed once, on all cores, and kept in a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.whole_file import replacing
from train.tools.processes import cores, end_with_parent
from train.tools.progress import Tally


def short_hash(parts: Sequence[str]) -> str:
    """Sixteen hexadecimal digits that stand for all the parts."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def map_cached(
    function: Callable[[Any], tuple[NDArray[Any], ...]],
    jobs: Sequence[Any],
    file: Path,
    progress: Tally | None = None,
) -> tuple[NDArray[Any], ...]:
    """Runs a function over jobs on all cores, once: the stacked arrays are kept in a file.

    Args:
        function: Of the module level; it returns a tuple of arrays, of the same shapes for every job.
        jobs: Its arguments.
        file: The npz file; whole or not there.
        progress: Called with (done, total).

    Returns:
        One array an element of the tuple, (jobs, ...).
    """
    if file.is_file():
        with np.load(file) as stored:
            return tuple(stored[name] for name in sorted(stored.files))
    results = []
    with ProcessPoolExecutor(cores(), get_context("spawn"), _begin) as pool:
        for result in pool.map(function, jobs, chunksize=16):
            results.append(result)
            if progress:
                progress(len(results), len(jobs))
    arrays = tuple(np.stack(column) for column in zip(*results, strict=True))
    with replacing(file) as partial, partial.open("wb") as stream:
        named: dict[str, Any] = {f"{index:02d}": array for index, array in enumerate(arrays)}
        np.savez(stream, **named)
    return arrays


def _begin() -> None:
    """For one of as many processes as there are cores: numpy's own threads slow them to a third."""
    threadpool_limits(1)
    end_with_parent()
