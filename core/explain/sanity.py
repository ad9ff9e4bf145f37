"""Sanity check: a map that shows what a network learnt must change when that is taken away.

Adebayo et al. 2018, "Sanity Checks for Saliency Maps", arXiv:1810.03292, section 3: weights are randomised
from the top down, one group of layers after another. Here the values of each tensor are shuffled, so that
their range stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.explain.belief import rank_correlation
from core.explain.explainers import scaled
from core.explain.gradient_process import HEAD, PARTS, SHUFFLED, Ask
from core.explain.method import Map
from core.explain.packed import pack, unpack
from core.explain.saliency import shown
from core.explain.together import together

GROUPS = len(HEAD) + PARTS


@dataclass(frozen=True)
class Depth:
    """A network of which so many groups of layers, from the top down, are shuffled.

    Attributes:
        groups: How many; 0 is the network as it was trained.
        logit: For COVID-19; None of a map that several networks make up.
        similarity: Rank correlation of each method's map with that of the trained network, by key; of methods
            that found heat there, and whose map is not the same everywhere now.
    """

    groups: int
    logit: float | None
    similarity: Mapping[str, float]


@dataclass(frozen=True)
class SanityStep:
    """How far it is.

    Attributes:
        done: How many networks were asked.
        total: How many there are.
        depths: Those.
    """

    done: int
    total: int
    depths: tuple[Depth, ...]


@dataclass(frozen=True)
class TogetherStep:
    """How far the check of several networks is, one after the other.

    Attributes:
        done: How many networks were asked, each depth of each counted.
        total: How many there are.
        networks: The depths of each network, as far as it was asked, by key.
        together: Those of the map that all make up, each shuffled as far; none before all were asked.
    """

    done: int
    total: int
    networks: Mapping[str, tuple[Depth, ...]]
    together: tuple[Depth, ...] = ()


def check(seen: NDArray[np.float32], ask: Ask, model: str, *, covid: bool) -> Iterator[SanityStep]:
    """Asks the network as it was trained, then with one group more shuffled each time.

    Args:
        seen: What the network was shown.
        ask: Answers as `core.explain.gradient_process` does.
        model: Key of the backbone.
        covid: Whether COVID-19 is asked about; else normal.

    Yields:
        After each network.
    """
    depths: tuple[Depth, ...] = ()
    for depth, _ in _depths(seen, ask, model, covid=covid):
        depths = (*depths, depth)
        yield SanityStep(len(depths), GROUPS + 1, depths)


def _depths(
    seen: NDArray[np.float32], ask: Ask, model: str, *, covid: bool
) -> Iterator[tuple[Depth, Mapping[str, Map]]]:
    """Each depth, and its maps by the key of their method."""
    trained: Mapping[str, Map] | None = None
    for groups in range(GROUPS + 1):
        said = ask({"task": SHUFFLED, "model": model, "covid": covid, "groups": groups, "seen": pack(seen)})
        maps = {key: _small(unpack(each)) for key, each in said["maps"].items()}
        trained = maps if trained is None else trained
        yield Depth(groups, float(said["logit"]), _similarity(trained, maps)), maps


def check_together(
    seen: NDArray[np.float32],
    ask: Ask,
    weights: Mapping[str, float],
    *,
    covid: bool,
) -> Iterator[TogetherStep]:
    """Checks several networks, and the map that they make up: what each added stays, its map is another.

    Args:
        seen: What the networks were shown.
        ask: Answers as `core.explain.gradient_process` does.
        weights: Of each network's map, at least 0, by key.
        covid: Whether COVID-19 is asked about; else normal.

    Yields:
        After each network's every depth.
    """
    total, done = len(weights) * (GROUPS + 1), 0
    networks: dict[str, tuple[Depth, ...]] = dict.fromkeys(weights, ())
    maps: list[dict[str, Mapping[str, Map]]] = [{} for _ in range(GROUPS + 1)]
    for model in weights:
        for depth, found in _depths(seen, ask, model, covid=covid):
            networks = networks | {model: (*networks[model], depth)}
            maps[depth.groups][model] = found
            done += 1
            if done < total:
                yield TogetherStep(done, total, networks)
    every = [_weighed(each, weights) for each in maps]
    depths = [Depth(groups, None, _similarity(every[0], each)) for groups, each in enumerate(every)]
    yield TogetherStep(total, total, networks, tuple(depths))


def _weighed(maps: Mapping[str, Mapping[str, Map]], weights: Mapping[str, float]) -> dict[str, Map]:
    """The weighted sum of all networks' maps, by method."""
    methods = next(iter(maps.values()))
    return {
        method: together({key: scaled(each[method])[0] for key, each in maps.items()}, weights)
        for method in methods
    }


def _similarity(trained: Mapping[str, Map], maps: Mapping[str, Map]) -> dict[str, float]:
    """Of each method that found heat in the trained network, and whose map is not the same everywhere now."""
    return {
        key: rank_correlation(maps[key], heat)
        for key, heat in trained.items()
        if heat.any() and np.ptp(maps[key]) > 0
    }


def _small(heat: Map) -> Map:
    return shown(heat) if min(heat.shape) > 56 else heat
