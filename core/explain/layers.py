"""Maps on layers of several networks, which share no layer but have maps of about the same fineness."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.explain.explainers import scaled
from core.explain.gradient_process import LAYER, LAYERS, Ask
from core.explain.method import Map
from core.explain.packed import pack, unpack
from core.explain.together import together

FINENESS = (4, 8, 16, 32)  # pixels of the input from one place of a layer to the next
Layer = tuple[str, int, int]  # its name, rows and columns


@dataclass(frozen=True)
class LayersStep:
    """How far it is.

    Attributes:
        done: How many layers were asked about.
        total: How many there are.
        networks: Keys of those that were asked about all of theirs.
        maps: By fineness and by method: the weighted sum over the networks so far.
    """

    done: int
    total: int
    networks: tuple[str, ...]
    maps: Mapping[int, Mapping[str, Map]]


def last_layers(layers: Sequence[Layer], side: int) -> dict[int, str]:
    """The last layer of each fineness, by that, rounded to a power of two.

    Args:
        layers: From the input on.
        side: Of the input, in pixels.
    """
    return {2 ** round(math.log2(side / rows)): name for name, rows, _ in layers}


def look_at_layers(
    seen: NDArray[np.float32],
    ask: Ask,
    weights: Mapping[str, float],
    *,
    covid: bool,
) -> Iterator[LayersStep]:
    """Asks each network that has a weight for the maps of its last layer of each fineness.

    Args:
        seen: What the networks were shown.
        ask: Answers as `core.explain.gradient_process` does.
        weights: Of each network's maps, each scaled to its peak before, at least 0, by key.
        covid: Whether COVID-19 is asked about; else normal.

    Yields:
        After each layer.
    """
    counting = [key for key, weight in weights.items() if weight]
    parts: dict[int, dict[str, dict[str, Map]]] = {}
    for number, model in enumerate(counting):
        names = last_layers(ask({"task": LAYERS, "model": model})["layers"], len(seen))
        for at, fineness in enumerate(FINENESS, start=1):
            question = {"task": LAYER, "model": model, "layer": names.get(fineness), "covid": covid}
            said = ask({**question, "seen": pack(seen)})["maps"] if fineness in names else {}
            for method, each in said.items():
                parts.setdefault(fineness, {}).setdefault(method, {})[model] = scaled(unpack(each))[0]
            done, asked = number * len(FINENESS) + at, number + (at == len(FINENESS))
            yield LayersStep(
                done, len(counting) * len(FINENESS), tuple(counting[:asked]), _sums(parts, weights)
            )


def _sums(
    parts: Mapping[int, Mapping[str, Mapping[str, Map]]], weights: Mapping[str, float]
) -> dict[int, dict[str, Map]]:
    return {
        fineness: {method: together(maps, weights) for method, maps in by_method.items()}
        for fineness, by_method in parts.items()
    }
