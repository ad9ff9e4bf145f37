"""Radiographs for training: a manifest's records or phantoms, read once and kept as small squares."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError

LABELS = ("normal", "pneumonia", "covid")
SPLITS = ("train", "val", "test", "seed_test", "external")
COLUMNS = ("path", "label", "split", "source", "group")
PHANTOM = "phantom"


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
