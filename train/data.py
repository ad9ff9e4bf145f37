"""Radiographs for training: a manifest's records or phantoms, read once and kept as small squares."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from core.errors import DataError, RadiographError
from core.margins import crop
from core.preprocessing import Preprocessing, inside_box, network_input
from train.files import replacing
from train.processes import cores, end_with_parent

LABELS = ("normal", "pneumonia", "covid")
SPLITS = ("train", "val", "test", "seed_test", "external")
COLUMNS = ("path", "label", "split", "source", "group")
PHANTOM = "phantom"

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Record:
    """One image of a data set.

    Attributes:
        path: Relative to the data folder; of a phantom, `phantom/<label>/<seed>`.
        label: One of `LABELS`.
        split: One of `SPLITS`.
        source: The collection that it comes from.
        group: Patient or near-duplicate group; a group never crosses a split.
        findings: Names of findings; None where nobody labelled them.
        original: The file's name in its own collection.
        looks_normal: Whether nothing is to be seen on it, whatever the patient has.
    """

    path: str
    label: str
    split: str
    source: str
    group: str
    findings: frozenset[str] | None = None
    original: str = ""
    looks_normal: bool = False

    @property
    def visible_label(self) -> str:
        """What the lungs look like: one of `LABELS`."""
        return "normal" if self.looks_normal else self.label


def read_manifest(folder: Path) -> list[Record]:
    """Reads `manifest.csv`.

    Args:
        folder: The data folder. Required columns: path, label, split, source, group; optional: findings
            (names joined by "|"), original.

    Returns:
        One record a row.

    Raises:
        DataError: If the manifest is missing, lacks a column, holds an unknown label or split, or if a
            group crosses a split.
    """
    file = folder / "manifest.csv"
    if not file.is_file():
        raise DataError(f"{folder} has no manifest.csv; give a folder that has one (columns: README.md).")
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    missing = [column for column in COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise DataError(f"{file} has no rows or lacks the columns {', '.join(missing)}; add them.")
    records = [_record(row, line) for line, row in enumerate(rows, start=2)]
    check_groups(records)
    return records


def _record(row: dict[str, str], line: int) -> Record:
    for column, allowed in (("label", LABELS), ("split", SPLITS)):
        if row[column] not in allowed:
            raise DataError(f"manifest.csv, line {line}: {column} must be one of {', '.join(allowed)}.")
    labelled = row.get("findings", "")
    findings = frozenset(labelled.split("|")) - {"No Finding"} if labelled else None
    original = row.get("original", "")
    # COVID-CXNet names files so where no abnormality is to be seen (Haghanifar et al. 2020).
    clear = row["source"] == "cxnet" and Path(original).stem.endswith("-")
    cells = {column: row[column] for column in COLUMNS}
    return Record(**cells, findings=findings, original=original, looks_normal=clear)


def check_groups(records: Sequence[Record]) -> None:
    """Refuses a data set in which a group lies on both sides of a split.

    Raises:
        DataError: Naming the first such group.
    """
    split_of: dict[str, str] = {}
    for record in records:
        if split_of.setdefault(record.group, record.split) != record.split:
            raise DataError(f"Group {record.group} is in two splits; put all its images into one.")


def draw_phantoms(
    count: int, seed: int, splits: Sequence[str] = ("train",) * 6 + ("val", "test")
) -> list[Record]:
    """Records of phantoms: the three labels in turn, and for each label the splits in turn."""
    return [
        Record(
            path=f"{PHANTOM}/{LABELS[index % 3]}/{seed + index}",
            label=LABELS[index % 3],
            split=splits[index // 3 % len(splits)],
            source=PHANTOM,
            group=f"{PHANTOM}-{seed + index}",
        )
        for index in range(count)
    ]


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
        from core.phantom import draw_spec, render

        _, label, seed = record.path.split("/")
        return render(draw_spec(int(seed), label=label, size_px=phantom_px)).pixels, False
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
    progress: Progress | None = None,
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


def has_bfloat16() -> bool:
    """Whether the processor has instructions for bfloat16; without them it is slower than float32."""
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def short_hash(parts: Sequence[str]) -> str:
    """Sixteen hexadecimal digits that stand for all the parts."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def map_cached(
    function: Callable[[Any], tuple[NDArray[Any], ...]],
    jobs: Sequence[Any],
    file: Path,
    progress: Progress | None = None,
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
        np.savez(stream, **{f"{index:02d}": array for index, array in enumerate(arrays)})
    return arrays


def _begin() -> None:
    """For one of as many processes as there are cores: numpy's own threads made phantoms thrice as slow."""
    threadpool_limits(1)
    end_with_parent()


def _square(job: tuple[Record, Path | None, Preprocessing]) -> tuple[NDArray[np.uint8]]:
    record, folder, preprocessing = job
    pixels = read_inside(record, folder, preprocessing, max(preprocessing.size_px, 128))
    return (to_bytes(network_input(pixels, preprocessing)),)


def to_bytes(square: NDArray[np.float32]) -> NDArray[np.uint8]:
    """[0, 1] as 0 to 255."""
    return np.rint(square * 255).astype(np.uint8)
