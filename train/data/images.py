"""Radiographs for training: a record's picture, read once and kept as a small square, greys as read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError, RadiographError
from core.margins import Box, crop
from core.preprocessing import Preprocessing, inside_box, network_input
from core.vocabulary import CLASSES, PHANTOM
from train.data.records import Record, render_phantom
from train.tools.cache import map_cached, short_hash
from train.tools.progress import Tally


@dataclass(frozen=True, eq=False)
class Images:
    """Images to learn from or to measure on, radiographs and phantoms.

    Attributes:
        squares: (n, s, s), uint8, from `load_squares`: no border cut, nothing equalised.
        records: What each of them is.
        preprocessing: What a square goes through before a network sees it; margins are cut already.
    """

    squares: NDArray[np.uint8]
    records: Sequence[Record]
    preprocessing: Preprocessing

    @property
    def visible_classes(self) -> NDArray[np.int64]:
        """(n,), what the lungs look like, as a place in `CLASSES`."""
        return np.array([CLASSES.index(record.visible_label) for record in self.records], dtype=np.int64)

    @property
    def sources(self) -> list[str]:
        """The n collections that they come from."""
        return [record.source for record in self.records]

    def take(self, rows: Sequence[int] | NDArray[np.int64]) -> Images:
        """Some of them."""
        rows = np.asarray(rows, dtype=np.int64)
        return Images(self.squares[rows], [self.records[row] for row in rows], self.preprocessing)

    def joined(self, other: Images) -> Images:
        """These and others, which go through the same."""
        squares = np.concatenate([self.squares, other.squares])
        return Images(squares, [*self.records, *other.records], self.preprocessing)


def read_pixels(record: Record, folder: Path | None, phantom_px: int = 224) -> NDArray[np.float32]:
    """One image as the app would read it.

    Args:
        record: Which.
        folder: The data folder; phantoms need none.
        phantom_px: Side at which a phantom is rendered.

    Returns:
        (height, width), float32 in [0, 1], bright where dense.

    Raises:
        DataError: If the file is missing or is not a radiograph.
    """
    return _read(record, folder, phantom_px)[0]


def _read(record: Record, folder: Path | None, phantom_px: int) -> tuple[NDArray[np.float32], bool]:
    """The pixels, and whether they went through a lossy compression."""
    if record.source == PHANTOM:
        return render_phantom(record, phantom_px).pixels, False
    from core.reading.radiograph import read_radiograph

    if folder is None:
        raise DataError(f"{record.path} is no phantom; give the data folder with --data.")
    try:
        found = read_radiograph((folder / record.path).read_bytes(), record.path)
    except (OSError, RadiographError) as error:
        raise DataError(f"{record.path}: {error}") from error
    return found.pixels, found.lossy


def read_inside(
    record: Record, folder: Path | None, preprocessing: Preprocessing, phantom_px: int = 224
) -> NDArray[np.float32]:
    """One image as the app's networks would get it: without its margins, where the recipe cuts them.

    Raises:
        DataError: As for `read_pixels`.
    """
    return crop(*read_framed(record, folder, preprocessing, phantom_px))


def read_framed(
    record: Record, folder: Path | None, preprocessing: Preprocessing, phantom_px: int = 224
) -> tuple[NDArray[np.float32], Box]:
    """One image as the app would read it, and the part of it that lies inside of margins that are cut.

    Raises:
        DataError: As for `read_pixels`.
    """
    pixels, lossy = _read(record, folder, phantom_px)
    return pixels, inside_box(pixels, preprocessing, lossy=lossy)


def load_squares(
    records: Sequence[Record],
    folder: Path | None,
    preprocessing: Preprocessing,
    cache: Path,
    progress: Tally | None = None,
) -> NDArray[np.uint8]:
    """All records as squares, 8 bits deep, read once and cached: what lies inside of margins, greys as read.

    Args:
        records: Which images.
        folder: The data folder.
        preprocessing: Whether margins are cut, and what the networks will see.
        cache: Folder of cached arrays, keyed by the records and the preprocessing.
        progress: Called with (done, total).

    Returns:
        (n, s, s), uint8, with s so large that what the networks see of it is no smaller than their input.

    Raises:
        DataError: If an image cannot be read.
    """
    parts = ["whole", preprocessing.model_dump_json(), str(folder), *(record.path for record in records)]
    jobs = [(record, folder, preprocessing) for record in records]
    (squares,) = map_cached(_square, jobs, cache / f"squares-{short_hash(parts)}.npz", progress)
    return squares


def _square(job: tuple[Record, Path | None, Preprocessing]) -> tuple[NDArray[np.uint8]]:
    record, folder, preprocessing = job
    whole = whole_picture(preprocessing)
    pixels = read_inside(record, folder, preprocessing, max(whole.size_px, 128))
    return (to_bytes(network_input(pixels, whole)),)


def whole_picture(preprocessing: Preprocessing) -> Preprocessing:
    """The recipe of squares that hold all of a picture, at the scale at which networks see a part of it."""
    seen = 1 - 2 * preprocessing.border_share
    whole = {"size_px": math.ceil(preprocessing.size_px / seen), "border_share": 0.0, "equalise": False}
    return preprocessing.model_copy(update=whole)


def to_bytes(square: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[0, 1] as 0 to 255."""
    return np.rint(square * 255).astype(np.uint8)
