"""What somebody chooses of a phantom that its seed would draw: none of it moves any other draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Side = Literal["right", "left"]
Zone = Literal["upper", "middle", "lower"]
Place = tuple[Side, Zone]  # a third of one lung


@dataclass(frozen=True)
class Choices:
    """None leaves it to the seed.

    Attributes:
        habitus: In standard deviations of adults, from thin to stout.
        inspiration: In standard deviations of upright radiographs, from shallow to deep.
        rotation_deg: About the long axis; a positive one turns the patient's right side to the detector.
        exposure: In stops beyond what the seed draws: each doubles the quanta and darkens the picture.
        density: Share of the air that the label's disease replaces in its core, in (0, 1).
        side: The lung that the label's disease keeps to, as far as that has room.
        zone: The third of the lungs that it prefers.
        spared: Thirds of the lungs from which the label's disease is taken away again; all else stays.
    """

    habitus: float | None = None
    inspiration: float | None = None
    rotation_deg: float | None = None
    exposure: float = 0.0
    density: float | None = None
    side: Side | None = None
    zone: Zone | None = None
    spared: tuple[Place, ...] = ()


AS_DRAWN = Choices()
