"""Phantoms to measure a bundle's models on: their truth is known, and no training draws their seeds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from PIL import Image

from core.evaluation.sets.labelled import Labelled, LeftOut
from core.phantom import draw_spec, render

SPLIT = "phantoms"
SEED = 2_000_000  # training draws smaller ones
COUNT = 60
SIZE_PX = 320  # of the shorter side: enough for the networks and for a small figure
LABELS = ("covid", "normal", "pneumonia")


class PhantomSet:
    """A `LabelledSet` of phantoms, the three classes in turn, each rendered when it is read.

    Attributes:
        split: What tables call it.
        problems: None.
    """

    split = SPLIT
    problems: Sequence[LeftOut] = ()

    def __init__(self, count: int = COUNT) -> None:
        self._count = count

    @cached_property
    def members(self) -> tuple[Labelled, ...]:
        """What it holds."""
        seeds = [(SEED + index, LABELS[index % len(LABELS)]) for index in range(self._count)]
        return tuple(Labelled(f"phantom {seed}", label, f"phantom {seed}") for seed, label in seeds)

    def read(self, index: int) -> bytes:
        """One of them as a PNG file."""
        spec = draw_spec(SEED + index, label=LABELS[index % len(LABELS)], size_px=SIZE_PX)  # type: ignore[arg-type]
        file = io.BytesIO()
        grey = np.rint(render(spec).pixels * 255).astype(np.uint8)
        Image.fromarray(grey).save(file, "PNG", compress_level=1)
        return file.getvalue()
