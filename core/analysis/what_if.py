"""What if the radiograph were otherwise: changes by name, and what all models say of the changed picture.

Everything is changed before greys are spread evenly, in the part of the radiograph that is read. So a change
of one place moves the greys of all others a little: that is what happens to whoever gets such a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter, rotate

from core.analysis.load import Models
from core.analysis.results import Analysis
from core.margins import crop
from core.models.inference import raw_outputs
from core.models.lungs import LUNG, cover_lungs
from core.preprocessing import cut_border
from core.reading.radiograph import Radiograph
from core.vocabulary import ENSEMBLE

Pixels = NDArray[np.float32]

BLUR_SHARE = 0.012  # standard deviation, of the longer side
TURN_DEGREES = 7.0
CUT_SHARE = 0.1  # at each side
STOP = 2.0  # factor of light: an exposure of one stop
LETTER_SHARE = 0.09  # height of the letters, of the shorter side
SHOWN_PX = 600  # the longer side of a picture for the eye


@dataclass(frozen=True, eq=False)
class Scene:
    """What a change may look at.

    Attributes:
        pixels: (height, width), float32 in [0, 1]: what is read of the radiograph.
        lungs: Each place's probability of lung field, (size, size), stretched over it; None where unknown.
        marked: (height, width): what somebody marked.
    """

    pixels: Pixels
    lungs: Pixels | None
    marked: NDArray[np.bool_]


@dataclass(frozen=True)
class Change:
    """One way to change a radiograph.

    Attributes:
        key: In addresses.
        name: For people.
        make: The changed picture.
        honest: What an honest model would do, in a sentence.
        needs: "lungs" or "marks", where it needs to know them.
    """

    key: str
    name: str
    make: Callable[[Scene], Pixels]
    honest: str
    needs: str = ""


def _lungs_covered(scene: Scene) -> Pixels:
    return scene.pixels if scene.lungs is None else cover_lungs(scene.pixels, scene.lungs)


def _only_lungs(scene: Scene) -> Pixels:
    if scene.lungs is None:
        return scene.pixels
    size = scene.pixels.shape[::-1]
    found = np.asarray(Image.fromarray(scene.lungs).resize(size, Image.Resampling.BILINEAR)) > LUNG
    return np.where(found, scene.pixels, np.float32(0))


def _erased(scene: Scene) -> Pixels:
    """What is marked in the mean grey around it."""
    if not scene.marked.any():
        return scene.pixels
    width = max(2.0, 0.02 * max(scene.pixels.shape))
    ring = gaussian_filter(scene.marked.astype(np.float32), width) > 0.02
    around = ring & ~scene.marked
    grey = scene.pixels[around].mean() if around.any() else scene.pixels.mean()
    return np.where(scene.marked, np.float32(grey), scene.pixels)


def _kept(scene: Scene) -> Pixels:
    return np.where(scene.marked, scene.pixels, np.float32(0))


def _whitened(scene: Scene) -> Pixels:
    """What is marked becomes denser, as by an opacity: half way to white."""
    return np.where(scene.marked, (scene.pixels + 1) / 2, scene.pixels).astype(np.float32)


def _blurred(scene: Scene) -> Pixels:
    return np.asarray(gaussian_filter(scene.pixels, BLUR_SHARE * max(scene.pixels.shape)), dtype=np.float32)


def _turned(scene: Scene) -> Pixels:
    turned = rotate(scene.pixels, TURN_DEGREES, reshape=False, order=1, mode="nearest")
    return np.asarray(np.clip(turned, 0, 1), dtype=np.float32)


def _lettered(scene: Scene) -> Pixels:
    """White letters in the upper right corner, inside of what the networks see."""
    height, width = scene.pixels.shape
    size = round(LETTER_SHARE * min(height, width))
    image = Image.fromarray(np.rint(scene.pixels * 255).astype(np.uint8))
    place = (round(0.68 * width), round(0.1 * height))
    ImageDraw.Draw(image).text(place, "L AP", fill=255, font=ImageFont.load_default(size))
    letters = np.asarray(image) != np.rint(scene.pixels * 255)
    return np.where(letters, np.asarray(image, dtype=np.float32) / 255, scene.pixels).astype(np.float32)


_SAME = "An honest model keeps its answer: the disease is the same."
_NOTHING = (
    "An honest model has nothing left to read: it should answer near its threshold, where neither class is "
    "nearer, and about the same whatever was covered."
)

CHANGES: tuple[Change, ...] = (
    Change("covered", "Cover the lungs", _lungs_covered, _NOTHING, "lungs"),
    Change(
        "lungs", "Cover all but the lungs", _only_lungs, "An honest model keeps most of its answer.", "lungs"
    ),
    Change("letters", "Write letters", _lettered, _SAME),
    Change(
        "blurred",
        "Blur",
        _blurred,
        "Fine texture is gone; what is left of the answer came from coarse shapes.",
    ),
    Change("cut", "Cut a tenth off each side", lambda scene: cut_border(scene.pixels, CUT_SHARE), _SAME),
    Change("turned", f"Turn by {TURN_DEGREES:g}°", _turned, _SAME),
    Change("mirrored", "Mirror", lambda scene: np.ascontiguousarray(scene.pixels[:, ::-1]), _SAME),
    Change("brighter", "Brighter by a stop", lambda scene: scene.pixels ** np.float32(1 / STOP), _SAME),
    Change("darker", "Darker by a stop", lambda scene: scene.pixels ** np.float32(STOP), _SAME),
    Change(
        "erased", "Erase what is marked", _erased, "An answer that falls was built on that place.", "marks"
    ),
    Change(
        "kept",
        "Cover all but what is marked",
        _kept,
        "An answer that stays was built on that place.",
        "marks",
    ),
    Change("whitened", "Make what is marked denser", _whitened, "A painted opacity is no disease.", "marks"),
)
CHANGE_BY_KEY = {change.key: change for change in CHANGES}


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A changed radiograph, and what all models say of it.

    Attributes:
        probabilities: P(COVID-19), in [0, 1], by the key of a backbone, and the ensemble's.
        before: The part that is read, unchanged, (h, w), uint8, for the eye.
        after: The same, changed; of another shape where something was cut off.
    """

    probabilities: Mapping[str, float]
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]


def ask_what_if(
    radiograph: Radiograph, models: Models, analysis: Analysis, change: Change, marked: NDArray[np.bool_]
) -> WhatIf:
    """Changes a radiograph, and asks all models.

    Args:
        radiograph: The one that was analysed, laid as it was then.
        models: Those that were asked.
        analysis: What they said.
        change: What is changed.
        marked: (height, width) of the whole radiograph: what somebody marked.

    Raises:
        EngineError: If a network fails.
    """
    pixels = crop(radiograph.pixels, analysis.inside)
    changed = change.make(Scene(pixels, analysis.lungs, crop(marked, analysis.inside)))
    raw = raw_outputs(changed, models.networks)
    return WhatIf(
        raw.probabilities | {ENSEMBLE: models.decide(raw).probability}, _shown(pixels), _shown(changed)
    )


def _shown(pixels: Pixels) -> NDArray[np.uint8]:
    image = Image.fromarray(np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8))
    image.thumbnail((SHOWN_PX, SHOWN_PX))
    return np.asarray(image)
