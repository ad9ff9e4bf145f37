"""The same patient with and without a disease: what each network makes of it, and where its input changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.analysis.results import Analysis
from core.margins import Box, crop
from core.phantom.chests import Chests
from core.phantom.recipe import FULL_PX, Recipe
from core.phantom.render import Phantom
from core.phantom.scene import Mask
from core.preprocessing import Preprocessing, crop_box, inside_box, network_input
from core.vocabulary import ENSEMBLE


@dataclass(frozen=True, eq=False)
class Twins:
    """One person, rendered twice: body, position, exposure and noise are the same.

    Attributes:
        ill: With the disease.
        well: Without.
    """

    ill: Phantom
    well: Phantom

    @cached_property
    def lesion(self) -> Mask:
        """All that the disease and the findings cover, (height, width)."""
        return np.asarray(np.logical_or.reduce([*self.ill.masks.values(), np.zeros_like(self.ill.lungs)]))


@dataclass(frozen=True)
class Outside:
    """Which share of the change between twins lies outside of the lesion; the changes of grey are summed.

    Attributes:
        before: Before the histogram is equalised, in [0, 1].
        after: After it, in what the networks are given.
    """

    before: float
    after: float


def render_twins(recipe: Recipe, size_px: int = FULL_PX) -> Twins:
    """The patient of a recipe with and without all disease.

    Args:
        recipe: Of the ill one.
        size_px: Of the shorter side.
    """
    chests = Chests(most=1)  # both have the same one, unless a finding changes the chest itself
    return Twins(recipe.render(size_px, chests), recipe.without_disease().render(size_px, chests))


def measure_outside(twins: Twins, preprocessing: Preprocessing) -> Outside:
    """How much of what changes for the networks lies outside of the lesion.

    Histogram equalisation takes each grey from how many pixels are darker, so that a lesion changes the greys
    of the whole picture: a network that reacts to a twin need not have looked at the lesion.

    Args:
        twins: The pair.
        preprocessing: What the bundle does to a radiograph.
    """
    inside = inside_box(twins.ill.pixels, preprocessing)
    lesion = mask_seen(twins.lesion, inside, preprocessing)
    pair = [crop(each.pixels, inside) for each in (twins.ill, twins.well)]
    shares = []
    for equalised in (False, True):
        recipe = preprocessing.model_copy(update={"equalise": equalised and preprocessing.equalise})
        ill, well = (network_input(each, recipe) for each in pair)
        shares.append(share_outside(ill, well, lesion))
    return Outside(*shares)


def mask_seen(mask: Mask, inside: Box, preprocessing: Preprocessing) -> Mask:
    """Where a part of a radiograph lies in what the networks are given, (size_px, size_px).

    Args:
        mask: (height, width) of the radiograph.
        inside: The part of the radiograph that is read.
        preprocessing: What the bundle does to a radiograph.
    """
    side = (preprocessing.size_px, preprocessing.size_px)
    whole = Image.fromarray(mask.astype(np.float32))
    box = crop_box(inside, preprocessing.border_share)
    return np.asarray(np.asarray(whole.resize(side, Image.Resampling.BILINEAR, box=box)) > 0)


def share_outside(first: NDArray[np.float32], second: NDArray[np.float32], mask: Mask) -> float:
    """The share of the summed change of grey between two pictures that lies outside of a mask; 0 without any.

    Args:
        first: (height, width).
        second: The same.
        mask: The same.
    """
    change = np.abs(first.astype(np.float64) - second)
    total = float(change.sum())
    return float(change[~mask].sum()) / total if total else 0.0


def answers(analysis: Analysis) -> dict[str, float]:
    """P(COVID-19) of each backbone and of the ensemble, by key."""
    said = {each.backbone.key: each.probability for each in analysis.readings}
    return said | {ENSEMBLE: analysis.decision.probability}


def effects(ill: Analysis, well: Analysis) -> dict[str, float]:
    """What the disease does to each model: P(COVID-19) with it less P without, by key.

    Args:
        ill: The answers to the twin with the disease.
        well: The answers to the other.
    """
    without = answers(well)
    return {key: said - without[key] for key, said in answers(ill).items()}
