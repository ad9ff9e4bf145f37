"""The pointing game: does the hottest place of a finding's map lie in what radiologists drew about it?

Zhang et al. 2018, "Top-down neural attention by excitation backprop", International Journal of Computer
Vision 126:1084, section 4.2; without its tolerance, for boxes are large beside the map's places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.analysis.findings_maps import findings_frame, look_at_findings
from core.analysis.load import Models
from core.errors import DataError
from core.evaluation.metrics import wilson
from core.evaluation.trials import PointingGame
from core.margins import Box, crop
from core.vocabulary import FINDINGS
from train.data.images import read_framed
from train.data.records import Record
from train.tools.csv_tables import numbers, read_rows
from train.tools.progress import Tally

DRAWN_PX = 1024.0  # side of the originals in whose pixels NIH's radiologists drew
OTHER_NAMES = {"Infiltrate": "Infiltration"}
ALL = "all"

Inside = NDArray[np.bool_]


@dataclass(frozen=True)
class DrawnBox:
    """What radiologists drew about a finding; shares of the radiograph's width and height.

    Attributes:
        image: The file's name in its own collection.
        finding: Of `FINDINGS`.
        left: Edge.
        top: Edge.
        right: Edge.
        bottom: Edge.
    """

    image: str
    finding: str
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Pointed:
    """One finding on one radiograph.

    Attributes:
        finding: Of `FINDINGS`.
        hit: Whether the map's hottest place lies in one of the finding's boxes.
        random: Share of all places that do: how often a random place would.
        centre: Whether the middle of what the network sees does.
        heat: Share of the map's heat in the boxes.
        learnt: Whether the radiograph was one to learn from.
    """

    finding: str
    hit: bool
    random: float
    centre: bool
    heat: float
    learnt: bool


def read_boxes(path: Path) -> tuple[DrawnBox, ...]:
    """Reads boxes as NIH publishes them.

    Args:
        path: CSV with the columns `image`, `finding`, `x`, `y`, `w` and `h`, in pixels of 1024; rows with a
            name that is no finding are left out.

    Raises:
        DataError: If it is unreadable, lacks a column or a number, or a box lies outside of its picture.
    """
    rows = read_rows(path, ("image", "finding", "x", "y", "w", "h"))
    places = numbers(path, rows, ("x", "y", "w", "h")) / DRAWN_PX
    found = []
    for row, (x, y, w, h) in zip(rows, places.tolist(), strict=True):
        finding = OTHER_NAMES.get(row.cells["finding"], row.cells["finding"])
        if not (x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= 1.01 and y + h <= 1.01):
            raise DataError(f"{path.name} has a box outside of its picture in line {row.line}; correct it.")
        if finding in FINDINGS:
            found.append(DrawnBox(row.cells["image"].strip(), finding, x, y, x + w, y + h))
    return tuple(found)


def play(
    boxes: Sequence[DrawnBox],
    records: Sequence[Record],
    data: Path,
    models: Models,
    progress: Tally | None = None,
) -> tuple[PointingGame, ...]:
    """Asks for the maps of all findings on each radiograph with a box, and where they are hottest.

    Args:
        boxes: Of findings.
        records: A data set; boxes on pictures that it does not hold are left out.
        data: Its folder.
        models: Of the bundle; its own findings network is asked, never torchxrayvision's official one.
        progress: Called with (done, total) radiographs.

    Returns:
        A row a finding, and one of all.

    Raises:
        DataError: If no box lies on a picture that is there, or one cannot be read.
        EngineError: If the network fails.
    """
    own = replace(models, official=None)
    by_name = {Path(each.original).stem: each for each in records if each.original}
    wanted: dict[str, list[DrawnBox]] = {}
    for box in boxes:
        if Path(box.image).stem in by_name:
            wanted.setdefault(Path(box.image).stem, []).append(box)
    if not wanted:
        raise DataError("None of the boxes lies on a picture of the data set; give the table of its boxes.")
    pointed = []
    for done, (name, drawn) in enumerate(wanted.items(), start=1):
        pointed += _on_one(drawn, by_name[name], data, own)
        if progress:
            progress(done, len(wanted))
    return tabulate(pointed)


def _on_one(drawn: Sequence[DrawnBox], record: Record, data: Path, models: Models) -> list[Pointed]:
    pixels, inside = read_framed(record, data, models.manifest.preprocessing)
    heat = np.zeros((1, 1, len(models.manifest.findings.names)), np.float32)
    for step in look_at_findings(crop(pixels, inside), models, lambda work: work()):
        heat = step.heat
    frame = findings_frame(models, inside)
    height, width = pixels.shape
    places = {
        finding: places_in([each for each in drawn if each.finding == finding], frame, (height, width), heat)
        for finding in dict.fromkeys(each.finding for each in drawn)
    }
    return [
        point(finding, heat[..., models.manifest.findings.names.index(finding)], within, record)
        for finding, within in places.items()
        if finding in models.manifest.findings.names
    ]


def places_in(
    drawn: Sequence[DrawnBox], frame: Box, shape: tuple[int, int], heat: NDArray[np.float32]
) -> Inside:
    """Which places of a map have their middle in a box, (rows, columns).

    Args:
        drawn: The boxes.
        frame: What the map lies over, in the radiograph's pixels.
        shape: Of the radiograph: height and width in pixels.
        heat: The map: (rows, columns, ...).
    """
    rows, columns = heat.shape[:2]
    down = (frame.top + (np.arange(rows) + 0.5) / rows * frame.height) / shape[0]
    across = (frame.left + (np.arange(columns) + 0.5) / columns * frame.width) / shape[1]
    inside = np.zeros((rows, columns), bool)
    for box in drawn:
        tall = (down >= box.top) & (down < box.bottom)
        wide = (across >= box.left) & (across < box.right)
        inside |= tall[:, None] & wide[None, :]
    return inside


def point(finding: str, heat: NDArray[np.float32], inside: Inside, record: Record) -> Pointed:
    """Where one map points, beside a random place and the middle.

    Args:
        finding: Of `FINDINGS`.
        heat: Its map, (rows, columns), at least 0.
        inside: From `places_in`.
        record: The radiograph.
    """
    total = float(heat.sum())
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    return Pointed(
        finding=finding,
        hit=bool(total > 0 and inside[row, column]),
        random=float(inside.mean()),
        centre=bool(inside[heat.shape[0] // 2, heat.shape[1] // 2]),
        heat=float(heat[inside].sum()) / total if total else 0.0,
        learnt=record.split == "train",
    )


def tabulate(pointed: Sequence[Pointed]) -> tuple[PointingGame, ...]:
    """A row a finding, the one with most boxes first, and one of all."""
    by_finding: Mapping[str, list[Pointed]] = {
        name: [each for each in pointed if each.finding == name] for name in FINDINGS
    }
    names = sorted((name for name, each in by_finding.items() if each), key=lambda n: -len(by_finding[n]))
    rows = [(ALL, list(pointed)), *((name, by_finding[name]) for name in names)]
    return tuple(_row(name, each) for name, each in rows)


def _row(finding: str, found: Sequence[Pointed]) -> PointingGame:
    count = len(found)
    hits = sum(each.hit for each in found)
    low, high = wilson([hits / count], [count])[:, 0].tolist()
    return PointingGame(
        finding=finding,
        asked=count,
        learnt=sum(each.learnt for each in found),
        hits=hits,
        low=low,
        high=high,
        random=float(np.mean([each.random for each in found])),
        centre=sum(each.centre for each in found),
        heat=float(np.mean([each.heat for each in found])),
    )
