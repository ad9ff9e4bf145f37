"""Whether a model reads how a picture is cut and sharpened: the same images, framed and processed otherwise.

A network that recognises collections by their framing calls a normal film COVID-19 as soon as its borders are
cut. An honest one would keep its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.evaluation.metrics import collapsed, resampled_interval
from core.evaluation.trials import FramedAnswers, MoveInterval
from core.margins import Box, crop
from core.models.ensemble import Ensemble
from core.models.inference import Networks
from core.preprocessing import cut_border
from core.vocabulary import PHANTOM, TASK
from train.data.records import Record
from train.outputs import Change, Outputs, run_networks
from train.tools.progress import Tally
from train.trials.held_out import model_answers

Pixels = NDArray[np.float32]


def _cut(share: float) -> Change:
    """Cuts a share of the height and of the width, half of it on either side."""
    return partial(cut_border, share=share / 2)


def _cut_corner(share: float, *, above: bool) -> Change:
    """Cuts a share of the height and of the width: all of it above and left, or all of it below and right."""

    def changed(pixels: Pixels) -> Pixels:
        height, width = pixels.shape
        down, across = round(height * share), round(width * share)
        kept = Box(across, down, width, height) if above else Box(0, 0, width - across, height - down)
        return np.ascontiguousarray(crop(pixels, kept))

    return changed


def _filtered(change: Callable[[Image.Image], Image.Image]) -> Change:
    """What Pillow does to 8-bit greys."""

    def changed(pixels: Pixels) -> Pixels:
        grey = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
        return np.asarray(change(grey), dtype=np.float32) / np.float32(255)

    return changed


def _half(grey: Image.Image) -> Image.Image:
    return grey.resize((grey.width // 2, grey.height // 2), Image.Resampling.BOX)


def _wider(grey: Image.Image) -> Image.Image:
    return grey.resize((round(1.2 * grey.width), grey.height), Image.Resampling.BILINEAR)


CHANGES: dict[str, Change] = {
    "10 % cut off": _cut(0.1),
    "20 % cut off": _cut(0.2),
    "30 % cut off": _cut(0.3),
    "20 % cut off above and left": _cut_corner(0.2, above=True),
    "20 % cut off below and right": _cut_corner(0.2, above=False),
    "sharpened": _filtered(lambda grey: grey.filter(ImageFilter.UnsharpMask(2, 150, 0))),
    "blurred": _filtered(lambda grey: grey.filter(ImageFilter.GaussianBlur(1.5))),
    "half the size": _filtered(_half),
    "1.2 times as wide": _filtered(_wider),
}


def measure_framing(
    records: Sequence[Record],
    outputs: Outputs,
    answers: tuple[Ensemble, dict[str, float]],
    data: Path | None,
    networks: Networks,
    each: int,
    progress: Tally | None = None,
) -> tuple[FramedAnswers, ...]:
    """Asks every model about the same test images, framed and processed otherwise.

    Args:
        records: What was analysed.
        outputs: Of the same, in the same order, as they are.
        answers: The bundle's ensemble, and the thresholds of all models, by key.
        data: The data folder; phantoms need none.
        networks: Of the bundle.
        each: How many of either class, at most.
        progress: Called with (done, total), change by change.

    Returns:
        For each class and each of `CHANGES`, one row a model.

    Raises:
        DataError: If an image cannot be read.
    """
    svm, thresholds = answers
    rows = np.array([row for label in TASK for row in _chosen(records, label, each)], dtype=np.int64)
    if not rows.size:
        return ()
    points = networks.manifest.findings.operating_points
    chosen = [records[row] for row in rows]
    classes = {label: np.flatnonzero([record.label == label for record in chosen]) for label in TASK}
    before = model_answers(outputs.take(rows), svm, points)
    found = []
    for name, change in CHANGES.items():
        after = model_answers(run_networks(chosen, data, networks, progress, change), svm, points)
        for label, images in classes.items():
            groups = [chosen[image].group for image in images]
            for model, threshold in thresholds.items() if groups else ():
                pair = before[model][images], after[model][images]
                found.append(_compare((model, label, name), pair, threshold, groups))
    return tuple(found)


def _chosen(records: Sequence[Record], label: str, count: int) -> list[int]:
    """So many test images of a class; phantoms where there is nothing else.

    Sources take turns as long as they have images: fewer are a prefix of more, and shared more evenly.
    """
    rows = [row for row, each in enumerate(records) if each.split == "test" and each.label == label]
    real = [row for row in rows if records[row].source != PHANTOM] or rows
    by_source: dict[str, list[int]] = {}
    for row in np.random.default_rng(0).permutation(real).tolist():
        by_source.setdefault(records[row].source, []).append(row)
    turns = max(map(len, by_source.values()), default=0)
    in_turn = [row for turn in range(turns) for rows in by_source.values() for row in rows[turn : turn + 1]]
    return in_turn[:count]


def _compare(
    what: tuple[str, str, str],
    probabilities: tuple[NDArray[np.float64], NDArray[np.float64]],
    threshold: float,
    groups: Sequence[str],
) -> FramedAnswers:
    """One model's answers before and after a change, and how sure one is of the moves."""
    model, label, change = what
    before, after = probabilities
    called = [(each >= threshold).astype(np.float64) for each in probabilities]
    return FramedAnswers.model_validate(
        {
            "model": model,
            "label": label,
            "change": change,
            "images": len(before),
            "mean_before": float(before.mean()),
            "mean_after": float(after.mean()),
            "called_before": float(called[0].mean()),
            "called_after": float(called[1].mean()),
            "mean_move_interval": _interval(after - before, groups),
            "called_move_interval": _interval(called[1] - called[0], groups),
        }
    )


def _interval(moves: NDArray[np.float64], groups: Sequence[str]) -> MoveInterval | None:
    """Of the mean move, over patients; None where the draws do not say how sure it is."""
    found = resampled_interval(lambda rows: float(moves[rows].mean()), groups)
    return None if collapsed(found.low, found.high) else MoveInterval(low=found.low, high=found.high)
