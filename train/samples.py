"""Writes the radiographs that come with the app, byte for byte the same every time."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.phantom import Phantom, PhantomSpec, render
from core.phantom.dicom import dicom_file
from core.phantom.lateral import render_lateral
from core.phantom.samples import SAMPLES, TRUTH
from core.phantom.truth import truth_of


@dataclass(frozen=True)
class Recipe:
    """One sample: its file, what to say of it, how to render it, and its place in a series of one chest.

    One that is seen from the side is rendered by `render_lateral`.
    """

    file: str
    title: str
    description: str
    spec: PhantomSpec
    series: str = ""
    day: float | None = None
    lateral: bool = False


def _spec(seed: int, label: str, size_px: int = 1024, **choices: object) -> PhantomSpec:
    return PhantomSpec(seed, size_px, label, child=False, extras=False, **choices)  # type: ignore[arg-type]


SERIES = "One patient over time"
# Days, with what the disease does and the share of the lungs that it involves. All are of one seed: anatomy,
# noise and the places where the disease begins stay the same.
_DAYS = {0: ("has just begun", 0.08), 3: ("spreads", 0.32), 7: ("is at its height", 0.6), 14: ("clears", 0.2)}


def _on_day(day: int, stage: str, extent: float) -> Recipe:
    return Recipe(
        f"over-time-day-{day:02}.png",
        f"{SERIES}, day {day}",
        f"One rendered chest on four days: on day {day}, a COVID-19-like disease {stage}. Position and "
        "exposure are the same each day, as they never are in patients.",
        _spec(260, "covid", 640, extent=extent, portable=False),
        SERIES,
        day,
    )


# In the order to show them in: first the one that divides the votes of the shipped bundle's backbones most.
SAMPLE_RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "covid-bedside.png",
        "COVID-19-like, bedside",
        "Bedside AP view; faint ground glass over a fifth of the lungs, near the border of the answers.",
        _spec(500, "covid", 640, extent=0.2, portable=True),
    ),
    Recipe(
        "normal.png",
        "Normal chest",
        "Upright PA view of a healthy chest, nothing added.",
        _spec(200, "normal", portable=False),
    ),
    Recipe(
        "covid-mild.png",
        "COVID-19-like, mild",
        "A few faint ground-glass patches at the edges and bases of both lungs.",
        _spec(213, "covid", extent=0.14, portable=False),
    ),
    Recipe(
        "covid-moderate.dcm",
        "COVID-19-like, moderate",
        "Bilateral, peripheral ground glass over two fifths of the lungs (DICOM).",
        _spec(222, "covid", 768, extent=0.42, portable=False),
    ),
    Recipe(
        "covid-severe.png",
        "COVID-19-like, severe",
        "Bedside AP view; ground glass and consolidation over four fifths of the lungs.",
        _spec(234, "covid", extent=0.8, portable=True),
    ),
    Recipe(
        "pneumonia-lobar.png",
        "Lobar pneumonia",
        "Consolidation of the patient's right upper lobe (left in the picture) above a sharp fissure: "
        "another pneumonia, not COVID-19-like.",
        _spec(245, "pneumonia", extent=0.2, portable=False),
    ),
    Recipe(
        "effusion-cardiomegaly.dcm",
        "Effusion and large heart",
        "Bedside AP view; pleural fluid and an enlarged heart, no pneumonia (DICOM, MONOCHROME1).",
        _spec(252, "findings", 768, findings=(("Cardiomegaly", 0.6), ("Effusion", 0.35)), portable=True),
    ),
    *(_on_day(day, *stage) for day, stage in _DAYS.items()),
    Recipe(
        "lateral.png",
        "Normal chest from the side",
        "A healthy chest seen from its side, a view that the networks were not taught.",
        _spec(203, "normal", 512, portable=False, aspect=0.88),
        lateral=True,
    ),
)

_MONOCHROME1 = frozenset({"effusion-cardiomegaly.dcm"})


def write_samples(folder: Path = SAMPLES) -> tuple[Path, ...]:
    """Renders the samples and writes them with their truth.

    Args:
        folder: Made when it is not there; files of the same names are replaced.

    Returns:
        The files written, `truth.json` last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, files = [], []
    for recipe in SAMPLE_RECIPES:
        phantom = render_lateral(recipe.spec) if recipe.lateral else render(recipe.spec)
        path = folder / recipe.file
        if path.suffix == ".dcm":
            key = json.dumps(asdict(phantom.spec), sort_keys=True)
            path.write_bytes(dicom_file(phantom, key, inverted=recipe.file in _MONOCHROME1))
        else:
            Image.fromarray(np.round(phantom.pixels * 255).astype(np.uint8)).save(path, optimize=True)
        rows.append(_truth(recipe, phantom))
        files.append(path)
    truth = folder / TRUTH
    truth.write_text(json.dumps({"format": 1, "samples": rows}, indent=1) + "\n", encoding="utf-8")
    return (*files, truth)


def _truth(recipe: Recipe, phantom: Phantom) -> dict[str, object]:
    series = {"series": recipe.series, "day": recipe.day} if recipe.series else {}
    told = {"file": recipe.file, "title": recipe.title, "description": recipe.description}
    return {**told, **truth_of(phantom), **series}
