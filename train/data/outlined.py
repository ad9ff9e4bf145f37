"""Radiographs whose lungs are outlined: phantoms exactly, others by people.

Apart from the network that learns from them, so that processes which render need not load Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.errors import DataError
from core.models.lungs import lungs_input
from train.data.images import read_pixels, to_bytes
from train.data.records import Record
from train.tools.cache import map_cached, short_hash
from train.tools.progress import Tally


@dataclass(frozen=True, eq=False)
class Outlined:
    """Radiographs with their lungs outlined.

    Attributes:
        squares: (n, s, s), uint8, the whole radiograph stretched to a square, equalised.
        masks: (n, s, s), uint8, 255 where lung is.
        groups: (n,), whose images belong to one patient.
        fitted: (n,), whether an image may teach the network that ships: those of the splits train and val.
    """

    squares: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    groups: NDArray[Any]
    fitted: NDArray[np.bool_]

    def take(self, rows: NDArray[Any]) -> Outlined:
        """Some of them."""
        return Outlined(self.squares[rows], self.masks[rows], self.groups[rows], self.fitted[rows])


def outlined_phantoms(
    seeds: Sequence[int], size_px: int, cache: Path, progress: Tally | None = None
) -> Outlined:
    """Renders phantoms of all kinds with their lung masks."""
    count = len(seeds)
    file = cache / f"lungs-{short_hash([str(seeds[0]), str(count), str(size_px)])}.npz"
    squares, masks = map_cached(_phantom, [(seed, size_px) for seed in seeds], file, progress)
    return Outlined(squares, masks, np.arange(count), np.ones(count, dtype=bool))


def _phantom(job: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    from core.phantom import draw_spec, render
    from core.phantom.spec import PhantomLabel

    seed, size_px = job
    labels: tuple[PhantomLabel, ...] = get_args(PhantomLabel)
    phantom = render(draw_spec(seed, label=labels[seed % len(labels)], size_px=size_px))
    return _square(phantom.pixels, size_px), _square_mask(phantom.lungs, size_px)


def _square(pixels: NDArray[np.float32], size_px: int) -> NDArray[np.uint8]:
    return to_bytes(lungs_input(pixels, size_px)[0, ..., 0])


def _square_mask(mask: NDArray[np.bool_], size_px: int) -> NDArray[np.uint8]:
    stretched = Image.fromarray(mask.astype(np.uint8) * 255).resize((size_px,) * 2, Image.Resampling.BILINEAR)
    return (np.asarray(stretched) > 127).astype(np.uint8) * np.uint8(255)


def outlined_radiographs(records: Sequence[Record], data: Path, masks: Path, size_px: int) -> Outlined:
    """Radiographs whose lungs people have outlined.

    Args:
        records: The data set.
        data: Its folder.
        masks: Folder of masks: `<record's path without its suffix>.png`, bright where lung is, of the
            radiograph's shape.
        size_px: Side of the squares.

    Raises:
        DataError: If there are none, or a mask cannot be read or has another shape than its radiograph.
    """
    files = [(record, masks / Path(record.path).with_suffix(".png")) for record in records]
    found = [(record, file) for record, file in files if file.is_file()]
    if len({record.group for record, _ in found}) < 2:
        raise DataError(f"{masks} has masks of fewer than two patients of the data set; add some.")
    squares, drawn = [], []
    for record, file in found:
        pixels = read_pixels(record, data)
        mask = read_mask(file, pixels.shape)
        squares.append(_square(pixels, size_px))
        drawn.append(_square_mask(mask, size_px))
    return Outlined(
        squares=np.stack(squares),
        masks=np.stack(drawn),
        groups=np.array([record.group for record, _ in found]),
        fitted=np.array([record.split in ("train", "val") for record, _ in found]),
    )


def read_mask(file: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask that somebody drew on a radiograph.

    Args:
        file: Bright where lung is.
        shape: The radiograph's height and width.

    Raises:
        DataError: If it cannot be read, or has another shape.
    """
    try:
        with Image.open(file) as image:
            mask = np.asarray(image.convert("L")) > 127
    except (OSError, UnidentifiedImageError) as error:
        raise DataError(f"The mask {file} cannot be read; replace or remove it.") from error
    if mask.shape != shape:
        raise DataError(
            f"The mask {file} is {mask.shape[1]} x {mask.shape[0]} and its radiograph "
            f"{shape[1]} x {shape[0]} pixels; draw it on the radiograph itself."
        )
    return mask
