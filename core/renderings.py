"""The phantoms that sessions of a server have rendered lately: their pictures, files and truth."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol, TypeVar

import numpy as np

from core.display.picture import Picture, first_picture
from core.phantom.chests import Chests
from core.phantom.recipe import COARSE_PX, FULL_PX, SAVED_PX, Recipe
from core.phantom.render import Phantom
from core.phantom.samples import Sample, phantom_sample
from core.phantom.truth import eight_bits, png_file
from core.reading.radiograph import Radiograph
from core.service import File

KEPT = 48  # of 1.5 MB each at most, most of it masks
KEPT_CHESTS = 4  # of 20 MB each at most
KEPT_LARGE = 2  # of 20 MB each at most
Work = TypeVar("Work")


class InTurn(Protocol):
    """Does heavy work when it has a place."""

    def __call__(self, work: Callable[[], Work]) -> Work:
        """Does it."""
        ...


@dataclass(frozen=True, eq=False)
class Rendering:
    """A phantom, ready to be shown and to be asked about.

    Attributes:
        recipe: Of it.
        phantom: With its truth.
        picture: For the eye, in the same greys as the file.
        file: As PNG.
        sample: What is true of it, as of the samples that come with the app.
    """

    recipe: Recipe
    phantom: Phantom
    picture: Picture
    file: File
    sample: Sample


class Renderings:
    """Renders each recipe once while it is remembered; threads may share it."""

    def __init__(self, in_turn: InTurn, most: int = KEPT) -> None:
        self._in_turn, self._most = in_turn, most
        self._state = threading.Lock()
        self._chests = Chests(KEPT_CHESTS)
        self._kept: OrderedDict[tuple[Recipe, int], Rendering] = OrderedDict()
        self._large = lru_cache(KEPT_LARGE)(partial(Recipe.render, size_px=SAVED_PX))

    def kept(self, recipe: Recipe, size_px: int = FULL_PX) -> Rendering | None:
        """What `render` returned, while it is remembered."""
        with self._state:
            if (recipe, size_px) in self._kept:
                self._kept.move_to_end((recipe, size_px))
            return self._kept.get((recipe, size_px))

    def is_quick(self, recipe: Recipe) -> bool:
        """Whether the patient's chest is known, so that a coarse picture would come hardly sooner."""
        return recipe.has_chest(self._chests)

    def render(self, recipe: Recipe, size_px: int = FULL_PX) -> Rendering:
        """A patient's radiograph; a coarse one waits for nobody.

        Args:
            recipe: Of the patient.
            size_px: Of the shorter side.
        """
        if found := self.kept(recipe, size_px):
            return found
        coarse = size_px <= COARSE_PX
        made = self._made(recipe, size_px) if coarse else self._in_turn(lambda: self._made(recipe, size_px))
        with self._state:
            self._kept[recipe, size_px] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made

    def large(self, recipe: Recipe) -> Phantom:
        """A patient's radiograph at `SAVED_PX`, to take along; it takes seconds.

        Args:
            recipe: Of the patient.
        """
        return self._in_turn(lambda: self._large(recipe))

    def _made(self, recipe: Recipe, size_px: int) -> Rendering:
        return _ready(recipe, recipe.render(size_px, self._chests))


def _ready(recipe: Recipe, phantom: Phantom) -> Rendering:
    file = File(png_file(phantom), f"phantom-{recipe.seed}.png")
    pixels = eight_bits(phantom).astype(np.float32) / np.float32(255)
    picture = first_picture(Radiograph(file.name, pixels, (), "PNG", phantom.spacing_mm, {}))
    return Rendering(recipe, phantom, picture, file, phantom_sample(recipe, phantom))
