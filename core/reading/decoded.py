"""What every decoder returns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.reading.warning import ReadingWarning

DEPTH = ReadingWarning(
    "depth", "The file misstates how many bits its greys have; they were read as their values show."
)


@dataclass(frozen=True, eq=False)
class Decoded:
    """One upright greyscale image out of a file.

    Attributes:
        pixels: (height, width), float32 in [0, 1], bright where dense.
        source_format: Name of the format, e.g. "PNG".
        warnings: What the reader has to know.
        spacing_mm: Between pixels in the patient; None where the file does not vouch for it.
        details: Facts about the file, none of them personal.
        lossy: Whether the greys went through a compression that smears edges.
        frames: How many pictures of equal standing the file holds, of which this is one.
    """

    pixels: NDArray[np.float32]
    source_format: str
    warnings: tuple[ReadingWarning, ...] = ()
    spacing_mm: float | None = None
    details: dict[str, str] = field(default_factory=dict)
    lossy: bool = False
    frames: int = 1


def frame_warnings(frame: int, frames: int) -> tuple[ReadingWarning, ...]:
    """Says which page was read, where there are several."""
    text = f"The file holds {frames} pictures; picture {frame + 1} was read."
    return (ReadingWarning("several_frames", text),) if frames > 1 else ()
