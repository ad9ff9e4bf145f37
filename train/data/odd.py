"""Pictures that are no frontal chest radiographs, to teach and to measure the gate by."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.gate.kinds import FRONTAL, KIND_BY_KEY, NONE
from core.margins import crop
from core.phantom.lateral import render_lateral
from core.phantom.spec import draw_spec
from core.preprocessing import Preprocessing, inside_box, network_input
from train.data.images import to_bytes
from train.tools.cache import map_cached, short_hash
from train.tools.progress import Tally


@dataclass(frozen=True)
class OddPicture:
    """One of them.

    Attributes:
        path: Relative to their folder.
        kind: A key of `KIND_BY_KEY`.
        source: The collection that it comes from.
    """

    path: str
    kind: str
    source: str


def read_odd_pictures(folder: Path) -> list[OddPicture]:
    """Reads their `manifest.csv`: columns path, kind, and source if known.

    Raises:
        DataError: If it is missing or lacks a column, or a kind is one that the gate does not know.
    """
    file = folder / "manifest.csv"
    if not file.is_file():
        raise DataError(f"{folder} has no manifest.csv; give a folder that has one (columns: path, kind).")
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    if not rows or not {"path", "kind"} <= set(rows[0]):
        raise DataError(f"{file} has no rows or lacks the columns path or kind; add them.")
    known = set(KIND_BY_KEY) - {FRONTAL, NONE}
    for line, row in enumerate(rows, start=2):
        if row["kind"] not in known:
            raise DataError(f"{file}, line {line}: kind must be one of {', '.join(sorted(known))}.")
    return [OddPicture(row["path"], row["kind"], row.get("source", "")) for row in rows]


def load_laterals(
    seeds: Sequence[int], preprocessing: Preprocessing, cache: Path, progress: Tally | None = None
) -> NDArray[np.uint8]:
    """Phantoms seen from the side, as `train.data.images.load_squares` gives radiographs.

    Args:
        seeds: One patient each.
        preprocessing: What they go through.
        cache: Folder of cached arrays, keyed by the seeds and the preprocessing.
        progress: Called with (done, total).

    Returns:
        (n, s, s), uint8.
    """
    parts = ["laterals", preprocessing.model_dump_json(), *map(str, seeds)]
    jobs = [(seed, preprocessing) for seed in seeds]
    (squares,) = map_cached(_lateral, jobs, cache / f"laterals-{short_hash(parts)}.npz", progress)
    return squares


def _lateral(job: tuple[int, Preprocessing]) -> tuple[NDArray[np.uint8]]:
    seed, preprocessing = job
    # Its aspect is drawn as a frontal film's is, so that the aspect tells nothing.
    pixels = render_lateral(draw_spec(seed, "normal", size_px=preprocessing.size_px)).pixels
    return (to_bytes(network_input(crop(pixels, inside_box(pixels, preprocessing)), preprocessing)),)
