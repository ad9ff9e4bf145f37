"""Phantoms to measure a bundle's models on: their truth is known, and no training draws their seeds."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cached_property, lru_cache

import numpy as np
from PIL import Image

from core.evaluation.sets.labelled import Labelled, LeftOut
from core.phantom import draw_spec, render
from core.phantom.seeds import take_seeds
from core.vocabulary import CLASSES, PHANTOMS, Class

COUNT = 60
SIZE_PX = 320  # of the shorter side: enough for the networks and for a small figure


class PhantomSet:
    """A `LabelledSet` of phantoms, the three classes in turn, each rendered when it is first read.

    Attributes:
        split: What tables call it.
        problems: None.
    """

    split = PHANTOMS
    problems: Sequence[LeftOut] = ()

    def __init__(self, count: int = COUNT) -> None:
        self._seeds = take_seeds("comparison", count)

    @cached_property
    def members(self) -> tuple[Labelled, ...]:
        """What it holds."""
        names = [(f"phantom {seed}", self._label(index)) for index, seed in enumerate(self._seeds)]
        return tuple(Labelled(name, label, name) for name, label in names)

    @staticmethod
    def _label(index: int) -> Class:
        return sorted(CLASSES)[index % len(CLASSES)]

    def read(self, index: int) -> bytes:
        """One of them as a PNG file."""
        return _png(self._seeds[index], self._label(index))


@lru_cache(maxsize=COUNT)  # of 70 KB; who measures on them looks at some of them afterwards
def _png(seed: int, label: Class) -> bytes:
    file = io.BytesIO()
    grey = np.rint(render(draw_spec(seed, label=label, size_px=SIZE_PX)).pixels * 255).astype(np.uint8)
    Image.fromarray(grey).save(file, "PNG", compress_level=1)
    return file.getvalue()
