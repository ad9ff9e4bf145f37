"""Which cases a network finds alike: the nearest in the features that its head sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import rankdata

from core.analysis.load import Models
from core.analysis.results import Analysis
from core.margins import crop
from core.models.backbones import scale_pixels
from core.models.head import Head, head_input
from core.phantom.recipe import Recipe
from core.phantom.truth import eight_bits
from core.preprocessing import inside_box, network_input
from core.vocabulary import ENSEMBLE

Vectors = Mapping[str, NDArray[np.float32]]

COUNT = 48  # phantoms to be near to
SIZE_PX = 224  # of the shorter side: what the networks are given has no more
THUMBNAIL_PX = 320
NEAREST = 6
_TURNS = (  # of diseases and extents
    Recipe(disease="none"),
    Recipe(disease="covid", extent=20),
    Recipe(disease="pneumonia", extent=25),
    Recipe(disease="none", findings=(("Effusion", 60.0),)),
    Recipe(disease="covid", extent=45),
    Recipe(disease="none", findings=(("Cardiomegaly", 60.0),)),
)


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A case to be near to.

    Attributes:
        name: For people: plain text, of a file's maybe from outside.
        label: What is known of it, for people; empty where nothing is.
        picture: (h, w), uint8, small.
        vectors: What each backbone's head sees, (n,), of length 1, by key.
        recipe: Of a phantom; None for a file.
    """

    name: str
    label: str
    picture: NDArray[np.uint8]
    vectors: Vectors
    recipe: Recipe | None = None


@dataclass(frozen=True)
class SimilarStep:
    """How far the phantoms are.

    Attributes:
        done: How many were rendered and asked about.
        total: How many there are.
        neighbours: Those.
    """

    done: int
    total: int
    neighbours: tuple[Neighbour, ...]


@dataclass(frozen=True, eq=False)
class Near:
    """One of the nearest cases.

    Attributes:
        case: It.
        similarity: The cosine between what the head sees of it and of the case in hand, in [-1, 1]; of the
            ensemble, the mean over all backbones.
        rank: Among all cases, from 1; of the ensemble, the mean of the backbones' ranks.
    """

    case: Neighbour
    similarity: float
    rank: float


def recipes() -> tuple[Recipe, ...]:
    """The phantoms to be near to: patients of the page Phantoms, each as the seed has it."""
    return tuple(
        replace(_TURNS[seed % len(_TURNS)], seed=seed, habitus=None, inspiration=None, rotation=None)
        for seed in range(COUNT)
    )


def vectors_of(analysis: Analysis) -> dict[str, NDArray[np.float32]]:
    """What each backbone's head sees of a radiograph, of length 1, by key."""
    return {
        each.backbone.key: _unit(each.features.astype(np.float32), each.head) for each in analysis.readings
    }


def _unit(features: NDArray[np.float32], head: Head) -> NDArray[np.float32]:
    vector = head_input(features, head)
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), dtype=np.float32)


def gather(
    models: Models, labels: Mapping[str, str], in_turn: Callable[[Callable[[], Neighbour]], Neighbour]
) -> Iterator[SimilarStep]:
    """Renders phantoms and asks the backbones about each.

    Args:
        models: Whose backbones.
        labels: What phantoms show, for people, by their labels.
        in_turn: Waits for a place before each.

    Yields:
        After each.

    Raises:
        EngineError: If a network fails.
    """
    found: tuple[Neighbour, ...] = ()
    wanted = recipes()
    for number, recipe in enumerate(wanted, start=1):
        found = (*found, in_turn(partial(_phantom, recipe, models, labels)))
        yield SimilarStep(number, len(wanted), found)


def _phantom(recipe: Recipe, models: Models, labels: Mapping[str, str]) -> Neighbour:
    greys = eight_bits(recipe.render(SIZE_PX))
    pixels = greys.astype(np.float32) / np.float32(255)
    preprocessing = models.manifest.preprocessing
    seen = network_input(crop(pixels, inside_box(pixels, preprocessing)), preprocessing)
    vectors = {}
    for row in models.manifest.rows:
        features, _ = models.networks.backbones[row.key](scale_pixels(seen[np.newaxis], row.scale))
        vectors[row.key] = _unit(features[0], models.networks.heads[row.key])
    image = Image.fromarray(greys)
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return Neighbour(f"Patient {recipe.seed}", labels[recipe.label], np.asarray(image), vectors, recipe)


def nearest(
    vectors: Vectors, cases: Sequence[Neighbour], model: str, most: int = NEAREST
) -> tuple[Near, ...]:
    """The nearest cases in one network's features, or by the mean rank in all of them, the nearest first.

    Ranks, because cosines of two networks have no common unit.

    Args:
        vectors: Of the case in hand, by key.
        cases: To be near to.
        model: Key of a backbone, or the ensemble's.
        most: How many.
    """
    if not cases:
        return ()
    models = list(vectors) if model == ENSEMBLE else [model]
    cosines = np.array([[vectors[key] @ case.vectors[key] for case in cases] for key in models])
    ranks = rankdata(-cosines, axis=1).mean(axis=0)
    order = np.lexsort((-cosines.mean(axis=0), ranks))[:most]
    return tuple(Near(cases[at], float(cosines[:, at].mean()), float(ranks[at])) for at in order)


def usual_similarity(cases: Sequence[Neighbour], model: str) -> float:
    """The mean cosine of any two cases in a backbone's features: what nearness has to exceed.

    Args:
        cases: At least two.
        model: Key of a backbone.
    """
    vectors = np.array([case.vectors[model] for case in cases])
    cosines = vectors @ vectors.T
    return float(cosines[np.triu_indices(len(cases), 1)].mean())
