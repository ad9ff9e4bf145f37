"""How far to believe a map: tests of what it claims, each beside what maps that know nothing reach.

Deletion and insertion: Petsiuk et al. 2018, "RISE", arXiv:1806.07421, section 4.3. Agreement and stability by
Spearman's rank correlation, which no scale of heat changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter, shift
from scipy.stats import rankdata

from core.explain.method import Map
from core.explain.subject import FILL
from core.explain.together import resized

STEPS = 14  # of a curve, of equal numbers of pixels
BLUR = 11 / 224  # standard deviation of the blur where insertion begins, as a share of the side
RANDOM = ("random 1", "random 2", "random 3")
CENTRE = "centre"
REFERENCES = (*RANDOM, CENTRE)  # maps that know nothing of the network
CELLS = 7  # of a random map, a side: about as coarse as the networks' own
GRID = 14  # places a side on which maps are compared
ALIKE = 0.5  # rank correlation from which two maps are alike; of pairs of random ones fewer than 1 in 100 are
SHIFTS = ((0, 1), (1, 0), (0, -1), (-1, 0))  # down and right, in units of `SHIFT`
SHIFT = 8 / 224  # of the side


@dataclass(frozen=True, eq=False)
class Witness:
    """Who answers about changed pictures: a network, or all of them together.

    Attributes:
        seen: (size, size), float32 in [0, 1]: the picture, as networks are shown it.
        probability: P(class) of a changed picture of the same shape.
        maps: Of such a picture: the map of each method that needs no question, by key.
    """

    seen: NDArray[np.float32]
    probability: Callable[[NDArray[np.float32]], float]
    maps: Callable[[NDArray[np.float32]], Mapping[str, Map]]


@dataclass(frozen=True)
class Curves:
    """What the network answers while a picture is taken away, or comes, hottest places first.

    Attributes:
        deletion: P(class), from the whole picture to a grey one; as far as it was asked.
        insertion: The same from a blurred picture to the whole one.
    """

    deletion: tuple[float, ...] = ()
    insertion: tuple[float, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is left to ask."""
        return len(self.deletion) == len(self.insertion) == STEPS + 1


@dataclass(frozen=True)
class BeliefStep:
    """How far the tests are.

    Attributes:
        done: How many questions were answered.
        total: How many there are.
        curves: Of each map and reference, by key.
        stability: Of each map that needs no question: the mean rank correlation with itself in pictures that
            are shifted a little; empty until these were asked.
    """

    done: int
    total: int
    curves: Mapping[str, Curves]
    stability: Mapping[str, float] = field(default_factory=dict)


def area(curve: tuple[float, ...]) -> float:
    """The area below a whole curve, in [0, 1], by the trapezoid rule."""
    return float(np.trapezoid(curve)) / (len(curve) - 1)


def reference_maps(seed: int = 0) -> dict[str, Map]:
    """Maps that know nothing: three of random blobs, and one blob in the middle; all in [0, 1].

    Args:
        seed: Of the random ones.
    """
    random = np.random.default_rng(seed)
    maps = {name: resized(random.random((CELLS, CELLS), dtype=np.float32), 4 * CELLS) for name in RANDOM}
    y, x = np.mgrid[-1:1:28j, -1:1:28j]
    return maps | {CENTRE: np.exp(-2 * (x**2 + y**2)).astype(np.float32)}


def put_to_the_test(witness: Witness, maps: Mapping[str, Map]) -> Iterator[BeliefStep]:
    """Asks what the tests need, map by map; the references come first.

    Args:
        witness: Who is asked about the picture, towards the class.
        maps: To be tested, by key, each with heat.

    Yields:
        After each answer.
    """
    ordered = {**reference_maps(), **maps}
    total = 2 * (STEPS + 1) * len(ordered) + len(SHIFTS)
    probability = _asked_once(witness.probability)
    curves: dict[str, Curves] = {}
    done = 0
    for key, heat in ordered.items():
        for changed in (_deleted, _inserted):
            said: tuple[float, ...] = ()
            for picture in changed(witness.seen, heat):
                said, done = (*said, probability(picture)), done + 1
                before = curves.get(key, Curves())
                now = Curves(said, ()) if changed is _deleted else Curves(before.deletion, said)
                curves = curves | {key: now}
                yield BeliefStep(done, total, curves)
    shifted: dict[str, list[float]] = {}
    for number, (down, right) in enumerate(SHIFTS, start=1):
        by = SHIFT * len(witness.seen)
        found = witness.maps(_moved(witness.seen, down * by, right * by))
        for key in maps.keys() & found.keys():
            back = _moved(resized(found[key], 4 * GRID), -down * 2, -right * 2)
            shifted.setdefault(key, []).append(rank_correlation(back, maps[key]))
        stability = (
            {key: float(np.mean(each)) for key, each in shifted.items()} if number == len(SHIFTS) else {}
        )
        yield BeliefStep(done + number, total, curves, stability)


def _asked_once(
    probability: Callable[[NDArray[np.float32]], float],
) -> Callable[[NDArray[np.float32]], float]:
    """The same, which asks about no picture twice: curves share their ends, and some maps are the same."""
    known: dict[bytes, float] = {}

    def answer(picture: NDArray[np.float32]) -> float:
        key = hashlib.sha256(picture.tobytes()).digest()
        if key not in known:
            known[key] = probability(picture)
        return known[key]

    return answer


def _deleted(seen: NDArray[np.float32], heat: Map) -> Iterator[NDArray[np.float32]]:
    return _exchanged(seen, np.full_like(seen, FILL), heat)


def _inserted(seen: NDArray[np.float32], heat: Map) -> Iterator[NDArray[np.float32]]:
    return _exchanged(gaussian_filter(seen, BLUR * len(seen)), seen, heat)


def _exchanged(
    first: NDArray[np.float32], second: NDArray[np.float32], heat: Map
) -> Iterator[NDArray[np.float32]]:
    """From one picture to another, in `STEPS` steps of as many pixels each, hottest first."""
    order = np.argsort(-resized(heat, len(first)).ravel(), kind="stable")
    for step in range(STEPS + 1):
        picture = first.ravel().copy()
        exchanged = order[: round(step / STEPS * order.size)]
        picture[exchanged] = second.ravel()[exchanged]
        yield picture.reshape(first.shape)


def _moved(picture: NDArray[np.float32], down: float, right: float) -> NDArray[np.float32]:
    return np.asarray(shift(picture, (down, right), order=1, mode="nearest"), dtype=np.float32)


def rank_correlation(first: Map, second: Map) -> float:
    """Spearman's, of two maps of any size on one grid; 0 where either is the same everywhere.

    Args:
        first: One.
        second: The other.
    """
    return spearman(resized(first, GRID).ravel(), resized(second, GRID).ravel())


def spearman(first: ArrayLike, second: ArrayLike) -> float:
    """Spearman's rank correlation, ties by mean ranks; 0 where either is the same everywhere.

    Args:
        first: (n,).
        second: The same.
    """
    ranks = [rankdata(each) for each in (first, second)]
    if any(np.ptp(each) == 0 for each in ranks):
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])
