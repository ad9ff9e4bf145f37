"""A leakage audit: no copy or near copy of an image on both sides of a split.

`read_records` refuses a group (patient) that crosses one. But groups are as good as whoever drew them:
collections gather the same radiographs from the same papers, crop, sharpen and label them anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.table import Table
from scipy.ndimage import gaussian_filter

from core.vocabulary import DATA_SPLITS, PHANTOM
from train.data.images import read_pixels
from train.data.records import Record
from train.tools.cache import map_cached, short_hash
from train.tools.progress import Tally

SIDE_PX, BLUR_PX, MARGIN_PX = 48, 2.5, 2  # of the thumbnail; its greys are compared without their slow part
# Correlation from which two thumbnails are one picture. Among 7,583 public radiographs whose groups had been
# drawn with care, four pairs across splits lie above it, by eye one picture or one patient each; the next,
# at 0.77, is two children.
NEAR_COPY = 0.78
ROWS = 512  # compared at once


@dataclass(frozen=True)
class Leak:
    """Two images on two sides of a split that are one picture.

    Attributes:
        kept: On the side that measures more: of train, val, test, seed_test, external the later one.
        leaked: The other one.
        likeness: Correlation of their thumbnails; 1 for copies.
    """

    kept: Record
    leaked: Record
    likeness: float


def find_leaks(
    records: Sequence[Record], data: Path, cache: Path, progress: Tally | None = None
) -> list[Leak]:
    """Compares every radiograph with those of other splits.

    Mirrored copies, and cuts of less than about nine tenths of a picture, escape it.

    Args:
        records: The data set; phantoms among them are left alone, each has a seed of its own.
        data: Its folder.
        cache: Folder in which thumbnails are kept.
        progress: Called with (done, total) while images are read.

    Returns:
        Most alike first.

    Raises:
        DataError: If an image cannot be read.
    """
    records = [record for record in records if record.source != PHANTOM]
    if not records:
        return []
    parts = [str(data.resolve()), str(SIDE_PX), str(BLUR_PX), *(record.path for record in records)]
    file = cache / f"thumbnails-{short_hash(parts)}.npz"
    (prints,) = map_cached(_print, [(record, data) for record in records], file, progress)
    splits = np.array([DATA_SPLITS.index(record.split) for record in records])
    leaks = []
    for start in range(0, len(records), ROWS):
        likeness = prints[start : start + ROWS] @ prints[start:].T
        crossing = splits[start : start + ROWS, np.newaxis] != splits[np.newaxis, start:]
        for row, column in np.argwhere(np.triu(crossing, 1) & (likeness >= NEAR_COPY)):
            pair = sorted((start + int(row), start + int(column)), key=lambda index: -splits[index])
            kept, leaked = (records[index] for index in pair)
            leaks.append(Leak(kept, leaked, min(float(likeness[row, column]), 1.0)))
    return sorted(leaks, key=lambda leak: -leak.likeness)


def _print(job: tuple[Record, Path]) -> tuple[NDArray[np.float32]]:
    record, data = job
    return (thumbnail(read_pixels(record, data)),)


def thumbnail(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """What identifies a picture whatever its size, exposure and compression: edges of equal strength.

    Args:
        pixels: (height, width), float32 in [0, 1].

    Returns:
        (1936,), float32, of mean 0 and length 1 (all 0 for an even picture): the product of two is their
        correlation.
    """
    small = np.asarray(Image.fromarray(pixels).resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
    edges = small - gaussian_filter(small, BLUR_PX)
    strength = np.sqrt(gaussian_filter(edges * edges, 1.5 * BLUR_PX))
    even = (edges / (strength + np.float32(2 / 255)))[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX].ravel()
    even = even - even.mean()
    return np.asarray(even / max(float(np.linalg.norm(even)), 1e-6), dtype=np.float32)


def without_leaks(
    records: Sequence[Record], leaks: Sequence[Leak], *, both_sides: bool = False
) -> list[Record]:
    """The data set without the leaked images and all else of their groups: who leaked once is one patient.

    Args:
        records: The data set.
        leaks: From `find_leaks`.
        both_sides: Whether the groups that were leaked to go, too.
    """
    dropped = {leak.leaked.group for leak in leaks}
    if both_sides:
        dropped |= {leak.kept.group for leak in leaks}
    return [record for record in records if record.group not in dropped]


def report(leaks: Sequence[Leak]) -> Table:
    """The leaks as a table."""
    table = Table("likeness")
    for heading in ("leaked", "split", "group", "kept", "split", "group"):
        table.add_column(heading, overflow="fold")
    for leak in leaks:
        sides = [(each.path, each.split, each.group) for each in (leak.leaked, leak.kept)]
        table.add_row(f"{leak.likeness:.2f}", *sides[0], *sides[1])
    return table
