"""Where the findings network looks: one grey patch after another, and how far each finding's output falls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.analysis.load import Models
from core.explain.occlusion import CELLS, PATCH, covered, mean_falls, patches
from core.margins import Box
from core.models.findings import findings_scale
from core.models.inference import checked
from core.models.official import OFFICIAL, centre_square
from core.preprocessing import crop_box, network_input

NAME = "The findings network"
Answers = tuple[NDArray[np.float32], ...]
InTurn = Callable[[Callable[[], Answers]], Answers]


@dataclass(frozen=True)
class FindingsStep:
    """How far it is.

    Attributes:
        done: How many patches were asked about.
        total: How many there are.
        heat: (rows, columns, findings), at least 0: how far each raw output fell, in the order of `FINDINGS`.
    """

    done: int
    total: int
    heat: NDArray[np.float32]


def findings_frame(models: Models, inside: Box) -> Box:
    """The part of a radiograph that the findings network sees, in the radiograph's pixels.

    Args:
        models: Those that are asked.
        inside: The part that is read.
    """
    if models.official is None:
        return crop_box(inside, models.manifest.findings.preprocessing.border_share)
    side = min(inside.width, inside.height)
    left, top = inside.left + inside.width // 2 - side // 2, inside.top + inside.height // 2 - side // 2
    return Box(left, top, left + side, top + side)


def look_at_findings(pixels: NDArray[np.float32], models: Models, in_turn: InTurn) -> Iterator[FindingsStep]:
    """Maps of all findings at once, for each answer holds them all.

    Args:
        pixels: (height, width), float32 in [0, 1]: what is read of the radiograph.
        models: Those that are asked.
        in_turn: Waits for a place before each answer.

    Yields:
        After each answer.

    Raises:
        EngineError: If the network fails.
    """
    network = models.official or models.networks.findings
    if models.official is None:
        grey = network_input(pixels, models.manifest.findings.preprocessing)
    else:
        grey = network_input(centre_square(pixels), OFFICIAL.preprocessing)

    def outputs(changed: NDArray[np.float32]) -> NDArray[np.float64]:
        return checked(in_turn(lambda: network(findings_scale(changed)))[0][0], NAME).astype(np.float64)

    own, scores = outputs(grey), []
    places = patches(CELLS, PATCH)
    for number, (row, column) in enumerate(places, start=1):
        scores.append(((row, column), own - outputs(covered(grey, row, column))))
        heat = np.maximum(mean_falls(scores), 0).astype(np.float32)
        yield FindingsStep(number, len(places), heat)
