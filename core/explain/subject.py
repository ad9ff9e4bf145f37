"""A network and the picture that it is asked about again, changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.models.backbones import PixelScale, scale_pixels
from core.models.head import Head, logit

FILL = np.float32(0.5)  # the middle grey of an equalised picture: what stands where something was covered


@dataclass(frozen=True, eq=False)
class Subject:
    """One network, one picture, and the class that is asked about.

    What is changed here is changed in what the network was shown, after its greys were spread evenly: the
    table of greys stays the unchanged picture's, so that covering one place changes no other.

    Attributes:
        seen: (size, size), float32 in [0, 1]: what the network was shown.
        network: The network: (1, size, size, 3), scaled, to A, (1, h, w, channels), and P(COVID-19).
        head: What follows A, of which a high logit speaks for the class.
        scale: How the network's pixels are scaled.
        gradient: The derivative of the logit for the class with respect to each grey of a changed picture,
            (size, size); None where nothing computes it.
    """

    seen: NDArray[np.float32]
    network: Callable[[NDArray[np.float32]], tuple[NDArray[np.float32], ...]]
    head: Head
    scale: PixelScale
    gradient: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None

    def features(self, grey: NDArray[np.float32]) -> NDArray[np.float32]:
        """A, (h, w, channels), of a changed picture of the same shape, float32 in [0, 1]."""
        return self.features_of_input(scale_pixels(grey, self.scale))

    def features_of_input(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """A of a changed input, (size, size, 3), in the network's own scale."""
        return np.asarray(self.network(np.ascontiguousarray(image[np.newaxis], dtype=np.float32))[0][0])

    def score(self, grey: NDArray[np.float32]) -> float:
        """The logit for the class: it is not flat where a probability is near 0 or 1."""
        return logit(self.features(grey), self.head)

    @cached_property
    def own_features(self) -> NDArray[np.float32]:
        """A of the unchanged picture."""
        return self.features(self.seen)

    @cached_property
    def own_score(self) -> float:
        """The logit of the unchanged picture."""
        return logit(self.own_features, self.head)
