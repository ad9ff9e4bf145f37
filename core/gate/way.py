"""How a picture is laid before anybody looks at it: turned, mirrored, its greys inverted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.radiograph import Radiograph


@dataclass(frozen=True)
class Way:
    """A way to lay a picture.

    Attributes:
        mirrored: Whether left and right are exchanged, first.
        quarters: By how many quarters it is then turned counter-clockwise, 0 to 3.
        inverted: Whether dark and bright are exchanged.
    """

    mirrored: bool = False
    quarters: int = 0
    inverted: bool = False

    def lay(self, values: NDArray[Any]) -> NDArray[Any]:
        """A picture so.

        Args:
            values: (height, width), uint8 or float32 in [0, 1].

        Returns:
            The same dtype; (width, height) after an odd number of quarters.
        """
        if self.mirrored:
            values = values[:, ::-1]
        if self.inverted:
            values = np.subtract(255 if values.dtype == np.uint8 else 1, values, dtype=values.dtype)
        return np.ascontiguousarray(np.rot90(values, self.quarters))

    def then(self, other: Way) -> Way:
        """This way and after it another, as one: turning and then mirroring is mirroring and turning back."""
        quarters = -self.quarters if other.mirrored else self.quarters
        return Way(
            self.mirrored != other.mirrored, (quarters + other.quarters) % 4, self.inverted != other.inverted
        )


AS_IT_IS = Way()
TURNED, MIRRORED = "turned_header", "mirrored_header"  # codes of what a file says of how it lies


def lay_radiograph(radiograph: Radiograph, way: Way) -> Radiograph:
    """A radiograph laid otherwise, without what its file said of that; the same one where it is to stay."""
    if way == AS_IT_IS:
        return radiograph
    pixels = way.lay(radiograph.pixels)
    pixels.flags.writeable = False
    settled = {TURNED: bool(way.quarters), MIRRORED: way.mirrored}
    warnings = tuple(each for each in radiograph.warnings if not settled.get(each.code))
    return replace(radiograph, pixels=pixels, warnings=warnings)
