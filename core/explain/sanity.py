"""Sanity check: a map that shows what a network learnt must change when that is taken away.

Adebayo et al. 2018, "Sanity Checks for Saliency Maps", arXiv:1810.03292, section 3: weights are randomised
from the top down, one group of layers after another. Here the values of each tensor are shuffled, so that
their range stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.explain.belief import rank_correlation
from core.explain.gradient_process import HEAD, PARTS, SHUFFLED
from core.explain.method import Map
from core.explain.packed import pack, unpack
from core.explain.saliency import shown

GROUPS = len(HEAD) + PARTS


@dataclass(frozen=True)
class Depth:
    """A network of which so many groups of layers, from the top down, are shuffled.

    Attributes:
        groups: How many; 0 is the network as it was trained.
        logit: For COVID-19.
        similarity: Rank correlation of each method's map with that of the trained network, by key; of methods
            that found heat there, and whose map is not the same everywhere now.
    """

    groups: int
    logit: float
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


def check(
    seen: NDArray[np.float32], ask: Callable[[dict[str, Any]], dict[str, Any]], model: str, *, covid: bool
) -> Iterator[SanityStep]:
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
    trained: dict[str, Map] = {}
    for groups in range(GROUPS + 1):
        said = ask({"task": SHUFFLED, "model": model, "covid": covid, "groups": groups, "seen": pack(seen)})
        maps = {key: _small(unpack(each)) for key, each in said["maps"].items()}
        trained = trained or {key: heat for key, heat in maps.items() if heat.any()}
        alike = {
            key: rank_correlation(maps[key], heat) for key, heat in trained.items() if np.ptp(maps[key]) > 0
        }
        depths = (*depths, Depth(groups, float(said["logit"]), alike))
        yield SanityStep(groups + 1, GROUPS + 1, depths)


def _small(heat: Map) -> Map:
    return shown(heat) if min(heat.shape) > 56 else heat
