"""Causes: what each of five things in a picture adds to an answer, exact over all ways to have them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import factorial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.analysis.results import Analysis
from core.margins import crop
from core.phantom.film import lettering
from core.phantom.recipe import Recipe
from core.preprocessing import Preprocessing, inside_box, network_input
from core.studio.twins import answers

CauseName = Literal["lesion", "letters", "exposure", "rotation", "border"]
Present = tuple[bool, ...]  # one a cause, in their order
Picture = NDArray[np.float32]

GAMMA, TURN = 1.6, 6.0  # of a picture that nobody can expose or turn anew; degrees
MAX_PX = 1024  # of its longer side: the networks are given less
USUAL_EXPOSURE, USUAL_ROTATION = 1.0, 6.0  # stops, degrees: where the patient's own sliders stand at 0
BORDER_SHARE, LEAN = (
    (0.07, 0.11),
    0.02,
)  # of each side: the narrowest and the widest; of a side that is slanted
EDGE = 0.065  # of each side: what preprocessing cuts off, and a little more
# Letters, their centre as shares of width and height, and one of their seven dots as a share of the height.
_LETTERS = (("PORTABLE", (0.75, 0.12), 0.006), ("R", (0.14, 0.17), 0.009))


_BORDER = "dark edges, as of a collimator that stands a little askew; what lies below them is hidden"


@dataclass(frozen=True)
class Cause:
    """Something that is in a picture, or not.

    Attributes:
        name: Of `CauseName`.
        label: For people.
        what: What is there where it is present, in a clause.
    """

    name: CauseName
    label: str
    what: str


@dataclass(frozen=True)
class Shares:
    """What each cause adds to one answer.

    Attributes:
        before: The answer without any of the causes.
        after: The answer with all of them.
        values: Shapley value of each cause, by name; they sum to `after` less `before`.
    """

    before: float
    after: float
    values: Mapping[CauseName, float]


def causes_of(recipe: Recipe) -> tuple[Cause, ...]:
    """The five of a patient, in the order of `present`.

    Args:
        recipe: Of the patient; its exposure and rotation are those that are present, where they are not 0.
    """
    exposure, rotation = _strengths(recipe)
    return (
        Cause("lesion", "Lesion", "the disease and the findings that the sliders set"),
        Cause("letters", "Letters", "PORTABLE and R, in the upper corners"),
        Cause("exposure", "Exposure", f"{_signed(exposure)} stop{'' if abs(exposure) == 1 else 's'}"),
        Cause("rotation", "Rotation", f"{_signed(rotation)} degrees about the long axis"),
        Cause("border", "Border", _BORDER),
    )


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−")


def _strengths(recipe: Recipe) -> tuple[float, float]:
    return recipe.exposure or USUAL_EXPOSURE, recipe.rotation or USUAL_ROTATION


def ways(count: int) -> tuple[Present, ...]:
    """All ways to have so many causes or not, 2^count of them: first none, last all.

    Args:
        count: Of causes.
    """
    return tuple(product((False, True), repeat=count))


def with_causes(recipe: Recipe, present: Present) -> tuple[Recipe, Callable[[Picture], Picture]]:
    """What to render for one of the ways, and what to do to the picture after that, before equalisation.

    Args:
        recipe: Of the patient.
        present: In the order of `causes_of`.
    """
    lesion, letters, exposure, rotation, border = present
    stops, degrees = _strengths(recipe)
    patient = recipe if lesion else recipe.without_disease()
    patient = replace(
        patient, exposure=stops if exposure else 0.0, rotation=degrees if rotation else 0.0, extras=False
    )

    def finish(pixels: Picture) -> Picture:
        return _framed(pixels, letters=letters, border=border)

    return patient, finish


OWN_CAUSES = (
    Cause("letters", "Letters", "PORTABLE and R, in the upper corners"),
    Cause("exposure", "Exposure", f"darker, by a gamma of {GAMMA:g}"),
    Cause("rotation", "Rotation", f"the picture turned by {TURN:g} degrees"),
    Cause("border", "Border", _BORDER),
)


def change(pixels: Picture, present: Present) -> Picture:
    """A picture of somebody's own with some of `OWN_CAUSES`, put in before equalisation.

    Args:
        pixels: (height, width), in [0, 1], bright where dense.
        present: In the order of `OWN_CAUSES`.
    """
    letters, exposure, rotation, border = present
    changed = pixels ** np.float32(GAMMA) if exposure else pixels
    changed = turn(changed, TURN) if rotation else changed
    return _framed(changed, letters=letters, border=border)


def _framed(pixels: Picture, *, letters: bool, border: bool) -> Picture:
    """A picture with dark edges, and letters inside of them."""
    framed = add_border(pixels) if border else pixels
    return write_letters(framed, border=BORDER_SHARE[1] if border else 0.0) if letters else framed


def reduced(pixels: Picture) -> Picture:
    """A picture whose longer side has at most `MAX_PX`.

    Args:
        pixels: (height, width), in [0, 1].
    """
    share = MAX_PX / max(pixels.shape)
    if share >= 1:
        return pixels
    height, width = (max(1, round(side * share)) for side in pixels.shape)
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX), np.float32)


def turn(pixels: Picture, degrees: float) -> Picture:
    """Turns a picture about its middle; what comes in from outside goes on as the edge does.

    Args:
        pixels: (height, width), in [0, 1].
        degrees: Against the clock.
    """
    edge = max(pixels.shape) // 8
    wide = Image.fromarray(np.pad(pixels, edge, mode="edge"))
    turned = np.asarray(wide.rotate(degrees, Image.Resampling.BILINEAR), np.float32)
    return np.asarray(turned[edge : edge + pixels.shape[0], edge : edge + pixels.shape[1]])


def picture_file(pixels: Picture) -> bytes:
    """A picture in 8 bits, as PNG.

    Args:
        pixels: (height, width), in [0, 1].
    """
    file = io.BytesIO()
    eight = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    Image.fromarray(eight).save(file, "PNG", compress_level=1)
    return file.getvalue()


def write_letters(pixels: Picture, size: float = 1.0, border: float = 0.0) -> Picture:
    """Burns letters into the upper corners of a picture, where the networks still see them.

    Args:
        pixels: (height, width), in [0, 1], bright where dense.
        size: Of the letters, in their usual size; 0 for none.
        border: Share of each side that is dark: they stand inside of it.
    """
    if size == 0:
        return pixels
    height, width = ((1 - 2 * border) * side for side in pixels.shape)
    ink = np.zeros_like(pixels)
    for text, (across, down), share in _LETTERS:
        dots = Image.fromarray((255 * lettering(text)).astype(np.uint8))
        dot = share * size * height
        wide, high = max(1, round(dots.width * dot)), max(1, round(dots.height * dot))
        drawn = np.asarray(dots.resize((wide, high), Image.Resampling.BILINEAR), np.float32) / 255
        left = round(border * pixels.shape[1] + _within(across, wide, width))
        top = round(border * pixels.shape[0] + _within(down, high, height))
        part = ink[top : top + high, left : left + wide]
        part[...] = np.maximum(part, drawn[: part.shape[0], : part.shape[1]])
    return np.asarray(pixels + (np.float32(0.95) - pixels) * ink, np.float32)


def _within(middle: float, length: int, side: float) -> float:
    """Where something begins whose middle is a share of a side, so that `EDGE` stays free at both ends."""
    return max(min(middle * side - length / 2, (1 - EDGE) * side - length), EDGE * side)


def add_border(pixels: Picture, share: float | None = None) -> Picture:
    """Darkens the edges of a picture as a collimator does; slanted, so that no cut takes all of it away.

    Args:
        pixels: (height, width), in [0, 1], bright where dense.
        share: Of each side, the mean of its narrowest and widest place; 0 for none, None for the usual.
    """
    if share == 0:
        return pixels
    height, width = pixels.shape
    across, down = (np.linspace(0, 1, side, dtype=np.float32) for side in (width, height))
    u = across[None, :] + LEAN * (down[:, None] - 0.5)
    v = down[:, None] - LEAN * (across[None, :] - 0.5)
    usual = float(np.mean(BORDER_SHARE))
    narrow, wide = (each * (share or usual) / usual for each in BORDER_SHARE)
    edge = np.minimum.reduce([u - narrow, 1 - wide - u, v - narrow, 1 - wide - v])
    return np.asarray(pixels * np.clip(edge / 0.008 + 0.5, 0, 1), np.float32)


def shapley(answers: Sequence[float]) -> NDArray[np.float64]:
    """Shapley values (Shapley 1953), exact: each cause's mean effect over all orders in which causes come.

    Args:
        answers: (2^n,), one a way, in the order of `ways`.

    Returns:
        (n,), one a cause; they sum to the last answer less the first one.
    """
    count = len(answers).bit_length() - 1
    table = np.asarray(answers, np.float64).reshape((2,) * count)
    others = [way.bit_count() for way in range(2 ** (count - 1))]
    weights = np.array(
        [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]
    )[others]
    effects = [np.diff(np.moveaxis(table, cause, 0), axis=0)[0].ravel() for cause in range(count)]
    return np.array([float(weights @ effect) for effect in effects])


def alone(count: int) -> tuple[Present, ...]:
    """No cause, then each by itself, then all of them.

    Args:
        count: Of causes.
    """
    each = tuple(tuple(at == cause for at in range(count)) for cause in range(count))
    return ((False,) * count, *each, (True,) * count)


def seen_pair(pixels: Picture, preprocessing: Preprocessing) -> tuple[Picture, Picture]:
    """What of a picture the networks are given, (size_px, size_px): before and after equalisation.

    Args:
        pixels: (height, width), in [0, 1].
        preprocessing: What the bundle does to a radiograph.
    """
    part = crop(pixels, inside_box(pixels, preprocessing))
    as_taken = network_input(part, preprocessing.model_copy(update={"equalise": False}))
    return as_taken, network_input(part, preprocessing)


def mean_change(first: Picture, second: Picture) -> float:
    """By how much the greys of two pictures of one shape differ on average, as a share of the whole range."""
    return float(np.abs(first.astype(np.float64) - second).mean())


def every_answer(analysis: Analysis) -> dict[str, float]:
    """P(COVID-19) of each model, extent and opacity, and scores of findings, by key."""
    said = answers(analysis) | {each.name: each.value for each in analysis.severity}
    return said | {each.name: each.score for each in analysis.findings}


def share_out(causes: Sequence[Cause], said: Sequence[Mapping[str, float]]) -> dict[str, Shares]:
    """What each cause adds to each answer.

    Args:
        causes: In the order of `present`.
        said: One a way, in the order of `ways`: answers by key.

    Returns:
        By the keys of the answers that every picture got: nothing is said of lungs whose outline is nonsense.
    """
    names = [each.name for each in causes]
    found = {}
    for key in (key for key in said[0] if all(key in each for each in said)):
        asked = [each[key] for each in said]
        values = dict(zip(names, shapley(asked).tolist(), strict=True))
        found[key] = Shares(asked[0], asked[-1], values)
    return found


def to_csv(causes: Sequence[Cause], said: Sequence[Mapping[str, float]]) -> str:
    """A row a way: which causes are present, and every answer.

    Args:
        causes: In the order of `present`.
        said: One a way, in the order of `ways`.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*(each.name for each in causes), *said[0]])
    for present, asked in zip(ways(len(causes)), said, strict=True):
        writer.writerow(
            [*map(int, present), *(f"{asked[key]:.5f}" if key in asked else "" for key in said[0])]
        )
    return file.getvalue()
