"""Radiographs for training: a record's picture, read once and kept as a small square."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError, RadiographError
from core.margins import crop
from core.preprocessing import Preprocessing, inside_box, network_input
from core.vocabulary import CLASSES, PHANTOM
from train.data.records import Record, render_phantom
from train.tools.cache import map_cached, short_hash
from train.tools.progress import Tally


@dataclass(frozen=True, eq=False)
class Images:
    """Images to learn from or to measure on, radiographs and phantoms.

    Attributes:
        squares: (n, size_px, size_px), uint8, from `load_squares`.
        records: What each of them is.
    """

    squares: NDArray[np.uint8]
    records: Sequence[Record]

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
        return Images(self.squares[rows], [self.records[row] for row in rows])


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
    pixels, lossy = _read(record, folder, phantom_px)
    return crop(pixels, inside_box(pixels, preprocessing, lossy=lossy))


def load_squares(
    records: Sequence[Record],
    folder: Path | None,
    preprocessing: Preprocessing,
    cache: Path,
    progress: Tally | None = None,
) -> NDArray[np.uint8]:
    """Network inputs of all records, 8 bits deep, read once and cached.

    Args:
        records: Which images.
        folder: The data folder.
        preprocessing: Crop, size and equalisation.
        cache: Folder of cached arrays, keyed by the records and the preprocessing.
        progress: Called with (done, total).

    Returns:
        (n, size_px, size_px), uint8.

    Raises:
        DataError: If an image cannot be read.
    """
    parts = [preprocessing.model_dump_json(), str(folder), *(record.path for record in records)]
    jobs = [(record, folder, preprocessing) for record in records]
    (squares,) = map_cached(_square, jobs, cache / f"squares-{short_hash(parts)}.npz", progress)
    return squares


def _square(job: tuple[Record, Path | None, Preprocessing]) -> tuple[NDArray[np.uint8]]:
    record, folder, preprocessing = job
    pixels = read_inside(record, folder, preprocessing, max(preprocessing.size_px, 128))
    return (to_bytes(network_input(pixels, preprocessing)),)


def to_bytes(square: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[0, 1] as 0 to 255."""
    return np.rint(square * 255).astype(np.uint8)
