"""The same radiograph with its lungs covered, and with its border cut: what the models say of it then.

What is done to it is done as in the trials of a bundle (`train.trials`), before greys are equalised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.analysis.load import Models
from core.analysis.results import Analysis
from core.margins import crop
from core.models.inference import raw_outputs
from core.models.lungs import cover_lungs
from core.preprocessing import cut_border
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE

ChangeKey = Literal["covered", "cut"]

CUT_SHARE = 0.1  # of the width and of the height, at each side


@dataclass(frozen=True)
class Changed:
    """What the models say of a radiograph that was changed.

    Attributes:
        change: "covered": a black rectangle over both lungs. "cut": `CUT_SHARE` less at each side.
        probabilities: P(COVID-19), in [0, 1], by the key of a backbone, and the ensemble's.
    """

    change: ChangeKey
    probabilities: Mapping[str, float]


def ask_changed(radiograph: Radiograph, models: Models, analysis: Analysis) -> tuple[Changed, ...]:
    """Asks all models again about a radiograph, once a change.

    Args:
        radiograph: The one that was analysed, laid as it was then.
        models: Those that were asked.
        analysis: What they said.

    Returns:
        The lungs covered, unless nobody knows where they are; then the border cut.

    Raises:
        EngineError: If a network fails.
    """
    pixels = crop(radiograph.pixels, analysis.inside)
    pictures: dict[ChangeKey, NDArray[np.float32]] = {}
    if analysis.lungs is not None:
        pictures["covered"] = cover_lungs(pixels, analysis.lungs)
    pictures["cut"] = cut_border(pixels, CUT_SHARE)
    found = []
    for change, picture in pictures.items():
        raw = raw_outputs(picture, models.networks)
        answers = raw.probabilities | {ENSEMBLE: models.decide(raw).probability}
        found.append(Changed(change, answers))
    return tuple(found)
