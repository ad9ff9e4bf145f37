"""Dose and response: one thing of a patient is changed step by step, and every model is asked at each."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.phantom.recipe import DENSITY, EXPOSURE, EXTENT, ROTATION, Knob, Recipe
from core.studio.causes import Picture, add_border, write_letters

LETTERS = Knob(
    "letters", "Letters", 0, 2.5, 0.5, "times their usual size", "PORTABLE and R, in the upper corners."
)
BORDER = Knob("border", "Border", 0, 20, 2.5, "% of each side", "Dark edges, as of a collimator.")


@dataclass(frozen=True)
class Sweep:
    """What is changed.

    Attributes:
        knob: Of the recipe, or of what is done to its picture.
        values: In rising order, in the knob's unit.
        disease: Whether it changes the disease; else an honest answer stays where it is.
        finish: What is done to a picture, (height, width), in [0, 1], for a value, before equalisation; None
            where the recipe says all.
    """

    knob: Knob
    values: tuple[float, ...]
    disease: bool = False
    finish: Callable[[Picture, float], Picture] | None = None


def _border(pixels: Picture, per_cent: float) -> Picture:
    return add_border(pixels, per_cent / 100)


SWEEPS = {
    each.knob.name: each
    for each in (
        Sweep(EXTENT, tuple(np.arange(0, 61, 10.0).tolist()), disease=True),
        Sweep(DENSITY, tuple(np.arange(10, 81, 10.0).tolist()), disease=True),
        Sweep(EXPOSURE, tuple(np.arange(-2, 2.1, 0.5).tolist())),
        Sweep(ROTATION, tuple(np.arange(-10, 10.1, 2.5).tolist())),
        Sweep(LETTERS, tuple(np.arange(0, 2.6, 0.5).tolist()), finish=write_letters),
        Sweep(BORDER, tuple(np.arange(0, 20.1, 2.5).tolist()), finish=_border),
    )
}


@dataclass(frozen=True)
class Step:
    """One value of it, asked about.

    Attributes:
        value: In the knob's unit.
        true_extent: Share of the lungs with air-space disease, in [0, 1].
        answers: P(COVID-19) by model.
    """

    value: float
    true_extent: float
    answers: Mapping[str, float]


def recipes(recipe: Recipe, sweep: Sweep) -> tuple[Recipe, ...]:
    """One a value; all but that is the patient's own.

    Args:
        recipe: Of the patient.
        sweep: What is changed.
    """
    if sweep.finish:
        return (recipe,) * len(sweep.values)
    changes: list[dict[str, Any]] = [{sweep.knob.name: value} for value in sweep.values]
    return tuple(replace(recipe, **change) for change in changes)


def honest(steps: Sequence[Step], model: str) -> float:
    """Where an answer would stay if it did not depend on what is changed: as it is at the value nearest to 0.

    Args:
        steps: At least one.
        model: Its key.
    """
    return min(steps, key=lambda step: abs(step.value)).answers[model]


def ranges(steps: Sequence[Step]) -> dict[str, float]:
    """How far each model's answers lie apart: the largest less the smallest, by key.

    Args:
        steps: At least one.
    """
    said = {model: [step.answers[model] for step in steps] for model in steps[0].answers}
    return {model: max(each) - min(each) for model, each in said.items()}


def to_csv(steps: Sequence[Step], sweep: Sweep) -> str:
    """A row a step.

    Args:
        steps: At least one.
        sweep: What is changed.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([f"{sweep.knob.name} ({sweep.knob.unit})", "true_extent", *steps[0].answers])
    for step in steps:
        numbers = (step.true_extent, *step.answers.values())
        writer.writerow([f"{step.value:g}", *(f"{number:.4f}" for number in numbers)])
    return file.getvalue()
