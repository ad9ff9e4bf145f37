"""What is known of each image: a manifest's records, or those of phantoms."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.phantom import Phantom, draw_spec, render
from core.vocabulary import CLASSES, DATA_SPLITS, LABELS, PHANTOM, Class, Label
from train.data.sources import collection

MANY = "many"  # the hospital of a source that gathers from many
NOTHING_FOUND = {"No Finding", "normal (RSNA reader)"}
COLUMNS = ("path", "label", "split", "source", "group")


@dataclass(frozen=True)
class Record:
    """One image of a data set.

    Attributes:
        path: Relative to the data folder; of a phantom, `phantom/<label>/<seed>`.
        label: One of `LABELS`.
        split: One of `DATA_SPLITS`.
        source: The collection that it comes from.
        group: Patient or near-duplicate group; a group never crosses a split.
        findings: Names of findings; None where nobody labelled them.
        original: The file's name in its own collection.
        looks_normal: Whether nothing is to be seen on it, whatever the patient has.
        hospital: Where it was taken; sources of one hospital share its habits. Empty where nobody says.
        sex: "F" or "M"; empty where nobody says.
        age: In years, or None.
        brixia: Radiologists' Brixia score, 0-18, or None.
    """

    path: str
    label: Label
    split: str
    source: str
    group: str
    findings: frozenset[str] | None = None
    original: str = ""
    looks_normal: bool = False
    hospital: str = ""
    sex: str = ""
    age: float | None = None
    brixia: float | None = None

    @property
    def visible_label(self) -> Class:
        """What the lungs look like: one of `CLASSES`, in which any other disease is one with pneumonia."""
        if self.looks_normal:
            return "normal"
        return "pneumonia" if self.label == "other" else self.label


def read_records(folder: Path) -> list[Record]:
    """Reads `manifest.csv`.

    Args:
        folder: The data folder. Required columns: path, label, split, source, group; optional: findings
            (names joined by "|"), original, hospital.

    Returns:
        One record a row.

    Raises:
        DataError: If the manifest is missing, lacks a column, holds an unknown label or split, or if a
            group crosses a split.
    """
    file = folder / "manifest.csv"
    if not file.is_file():
        raise DataError(
            f"{folder} has no manifest.csv; give a folder that has one (columns: docs/training.md)."
        )
    with file.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    missing = [column for column in COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise DataError(f"{file} has no rows or lacks the columns {', '.join(missing)}; add them.")
    records = [_record(row, line) for line, row in enumerate(rows, start=2)]
    check_groups(records)
    return records


def _record(row: dict[str, str], line: int) -> Record:
    for column, allowed in (("label", tuple(LABELS)), ("split", DATA_SPLITS)):
        if row[column] not in allowed:
            raise DataError(f"manifest.csv, line {line}: {column} must be one of {', '.join(allowed)}.")
    labelled = row.get("findings", "")
    # A list that also tells of the patient ("survival=Y") is a diagnosis, and no list of all that is seen.
    findings = frozenset(labelled.split("|")) - NOTHING_FOUND if labelled and "=" not in labelled else None
    original = row.get("original", "")
    clear = collection(row["source"]).says_normal(original)
    cells: dict[str, Any] = {column: row[column] for column in COLUMNS}
    return Record(
        **cells,
        findings=findings,
        original=original,
        looks_normal=clear,
        hospital=row.get("hospital", ""),
    )


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
    seeds: Sequence[int], splits: Sequence[str] = ("train",) * 6 + ("val", "test")
) -> list[Record]:
    """Records of phantoms: the three labels in turn, and for each label the splits in turn."""
    return [
        Record(
            path=f"{PHANTOM}/{CLASSES[index % 3]}/{seed}",
            label=CLASSES[index % 3],
            split=splits[index // 3 % len(splits)],
            source=PHANTOM,
            group=f"{PHANTOM}-{seed}",
        )
        for index, seed in enumerate(seeds)
    ]


def render_phantom(record: Record, size_px: int = 224) -> Phantom:
    """The phantom that a record of `draw_phantoms` stands for, with its whole truth."""
    seed = int(record.path.rpartition("/")[2])
    return render(draw_spec(seed, label=record.visible_label, size_px=size_px))
