"""Grad-CAM as the sum that it is: the heat of one place, taken apart into what each channel adds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.explain.gradcam import channel_weights
from core.models.head import Head, hidden_units, logit

SHOWN = 8  # channels that add or take away most


@dataclass(frozen=True)
class Addend:
    """What one channel adds.

    Attributes:
        channel: Its number, from 0.
        weight: Grad-CAM's alpha: the mean derivative of the logit.
        activation: A at the place.
        product: The two multiplied.
    """

    channel: int
    weight: float
    activation: float
    product: float


@dataclass(frozen=True)
class Sum:
    """The heat of one place.

    Attributes:
        row: Of the place, from 0 at the top.
        column: Of the place, from 0 at the left.
        addends: The channels that count most there, the largest by size first.
        channels: How many there are.
        raising: Sum of all products above 0.
        lowering: Sum of all below.
        others: What all channels add that `addends` does not name.
        total: Of all products.
        peak: The largest heat of the map; 0 for a map without any.
    """

    row: int
    column: int
    addends: tuple[Addend, ...]
    channels: int
    raising: float
    lowering: float
    others: float
    total: float
    peak: float

    @property
    def heat(self) -> float:
        """What the map shows: nothing where the sum lies below 0."""
        return max(0.0, self.total)

    @property
    def share(self) -> float:
        """Of the map's peak, in [0, 1]."""
        return self.heat / self.peak if self.peak else 0.0


@dataclass(frozen=True)
class HeadInNumbers:
    """How the answer follows from A.

    Attributes:
        units: Of the hidden layer.
        active: Of them, those that let something through; through the others nothing pushes the logit.
        logit: What the head answers.
    """

    units: int
    active: int
    logit: float


def take_apart(features: NDArray[np.float32], head: Head, place: tuple[int, int], shown: int = SHOWN) -> Sum:
    """The heat of one place as a sum over channels.

    Args:
        features: A, (h, w, channels), float32.
        head: What follows it.
        place: Row and column.
        shown: How many channels are named.
    """
    weights = channel_weights(features, head)
    row, column = place
    activations = features[row, column]
    products = weights * activations
    largest = np.argsort(-np.abs(products), kind="stable")[:shown]
    total = float(products.sum())
    addends = tuple(
        Addend(int(channel), float(weights[channel]), float(activations[channel]), float(products[channel]))
        for channel in largest
    )
    return Sum(
        row=row,
        column=column,
        addends=addends,
        channels=len(products),
        raising=float(products[products > 0].sum()),
        lowering=float(products[products < 0].sum()),
        others=total - sum(each.product for each in addends),
        total=total,
        peak=max(0.0, float((features @ weights).max())),
    )


def take_apart_reading(
    features: NDArray[np.floating], head: Head, place: tuple[int, int]
) -> tuple[Sum, HeadInNumbers]:
    """The heat of one place, and how the answer follows, from A in any precision.

    Args:
        features: A, (h, w, channels).
        head: What follows it.
        place: Row and column.
    """
    exact = features.astype(np.float32, copy=False)
    return take_apart(exact, head, place), head_in_numbers(exact, head)


def hottest(heat: NDArray[np.float32]) -> tuple[int, int]:
    """Row and column of a map's peak."""
    row, column = divmod(int(heat.argmax()), heat.shape[1])
    return row, column


def head_in_numbers(features: NDArray[np.float32], head: Head) -> HeadInNumbers:
    """How the answer follows from A, (h, w, channels), float32."""
    hidden = hidden_units(features, head)
    return HeadInNumbers(hidden.size, int((hidden > 0).sum()), logit(features, head))
