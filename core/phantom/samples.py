"""The radiographs that come with the app: phantoms, each with the truth that it was rendered from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.margins import Box
from core.phantom.recipe import Recipe
from core.phantom.render import Phantom
from core.phantom.truth import truth_of
from core.project import PROJECT
from core.vocabulary import finding_name

SAMPLES = PROJECT / "assets" / "samples"
TRUTH = "truth.json"


@dataclass(frozen=True)
class Sample:
    """One radiograph to try, and what is true of it.

    Attributes:
        path: The file, PNG or DICOM.
        title: A few words.
        description: One line.
        label: "normal", "covid", "pneumonia" or "findings".
        seed: Of the phantom.
        width_px: Of the radiograph.
        height_px: Of the radiograph.
        findings: All that it shows, in the order of `core.vocabulary.FINDINGS`.
        extent: Share of the lung fields with air-space disease, in [0, 1].
        extent_score: Geographic extent, 0-8.
        opacity_score: Degree of opacity, 0-6.
        boxes: The rectangle around each finding's mask, and around "Lungs", in pixels.
        series: Title of the series that it belongs to: one chest on several days. Empty for one on its own.
        day: On which it was taken; None for one on its own.
    """

    path: Path
    title: str
    description: str
    label: str
    seed: int
    width_px: int
    height_px: int
    findings: tuple[str, ...]
    extent: float
    extent_score: float
    opacity_score: float
    boxes: dict[str, Box]
    series: str = ""
    day: float | None = None

    @property
    def key(self) -> str:
        """Of the sample in links; it stays when the title changes."""
        return self.path.stem


def list_samples(folder: Path = SAMPLES) -> tuple[Sample, ...]:
    """Reads the samples' truth, in the order to show them in.

    Args:
        folder: Where the files and `truth.json` lie.

    Raises:
        DataError: If the truth is missing or not what `python -m train samples` writes.
    """
    try:
        rows = json.loads((folder / TRUTH).read_text(encoding="utf-8"))["samples"]
        return tuple(_sample(folder, row) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"The samples in {folder} cannot be listed ({error}); write them with `python -m train samples`."
        ) from error


def phantom_sample(recipe: Recipe, phantom: Phantom) -> Sample:
    """A phantom of the page Phantoms as a sample, with its truth.

    Args:
        recipe: Of it.
        phantom: As rendered.
    """
    values = truth_of(phantom)
    shown = [finding_name(name) for name, _ in recipe.findings]
    titles = {"pneumonia": "Other pneumonia", "findings": ", ".join(shown)}
    boxes = {name: Box(*box) for name, box in values.pop("boxes").items()}
    return Sample(
        path=Path(f"phantom-{recipe.seed}.png"),
        title=titles.get(phantom.label, f"Phantom {recipe.seed}"),
        description="A patient of the page Phantoms.",
        findings=tuple(values.pop("findings")),
        boxes=boxes,
        **values,
    )


def _sample(folder: Path, row: dict[str, Any]) -> Sample:
    values = dict(row)
    path, findings = folder / values.pop("file"), tuple(values.pop("findings"))
    boxes = {name: Box(*box) for name, box in values.pop("boxes").items()}
    return Sample(path=path, findings=findings, boxes=boxes, **values)
