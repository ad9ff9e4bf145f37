"""What every method of explanation says of itself, and the two kinds that there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.explain.subject import Subject
from core.models.head import Head

Map = NDArray[np.float32]  # (rows, columns), at least 0, not scaled


@dataclass(frozen=True)
class Step:
    """How far a method is that has to ask a network many times.

    Attributes:
        done: How many questions were answered.
        total: How many there are.
        heat: The map so far.
    """

    done: int
    total: int
    heat: Map


@dataclass(frozen=True, kw_only=True)
class Method:
    """What a method of explanation says of itself.

    Attributes:
        key: In files and addresses.
        name: As its authors write it.
        meaning: What much heat means, in a sentence.
        misleads: Why it may mislead, in a sentence.
        paper: Reference to cite.
        url: Where the paper is.
    """

    key: str
    name: str
    meaning: str
    misleads: str
    paper: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Explainer(Method):
    """A method that needs only what a network has said already: the last feature map.

    Attributes:
        heat: From A, (h, w, channels), float32, and the head behind it: (h, w), float32, at least 0.
        on_layer: The same from A of any layer and the logit's derivative with respect to each of its values;
            None for a method that knows the last layer alone.
    """

    heat: Callable[[NDArray[np.float32], Head], Map]
    on_layer: Callable[[NDArray[np.float32], NDArray[np.float32]], Map] | None = None


@dataclass(frozen=True, kw_only=True)
class Questioner(Method):
    """A method that asks a network again and again about changed pictures.

    Attributes:
        look: Yields after each answer how far it is, with the map so far; whoever stops keeps that.
        on_layer: The same with the channels of any layer's A; None for a method that changes the picture
            without asking any layer.
    """

    look: Callable[[Subject], Iterator[Step]]
    on_layer: Callable[[Subject, NDArray[np.float32]], Iterator[Step]] | None = None
