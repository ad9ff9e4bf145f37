"""The words that everything else shares: labels, splits and findings, each with the name shown to people.

Files hold the keys, pages the names. Nothing here is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Class = Literal["normal", "pneumonia", "covid"]
Label = Class | Literal["other"]
TaskLabel = Literal["covid", "normal"]

# What an image shows, by key, as a name for people.
LABELS: dict[Label, str] = {
    "normal": "normal",
    "pneumonia": "other pneumonia",
    "covid": "COVID-19",
    "other": "another disease",
}
# Of a pretraining, in which any other disease is one with pneumonia, and of phantoms, in turns.
CLASSES: tuple[Class, ...] = ("normal", "pneumonia", "covid")
TASK: tuple[TaskLabel, ...] = ("covid", "normal")  # what the models tell apart

ENSEMBLE = "ensemble"  # the key of the SVM over everything, beside the backbones' keys
PHANTOM = "phantom"  # the source of rendered images


@dataclass(frozen=True)
class Split:
    """A part of the images.

    Attributes:
        key: In files.
        name: For people.
        meaning: What kind of images these are, in a clause.
        held_out: Whether nothing was learnt from them and nothing chosen by them. One half of the patients of
            `test` calibrates when a model may say that it cannot tell; the other half measures that.
    """

    key: str
    name: str
    meaning: str
    held_out: bool = False


_SPLITS = (
    Split("train", "Training", "images that the networks learnt from"),
    Split("val", "Validation", "images that thresholds and SVMs were fitted to"),
    Split(
        "test",
        "Known sources",
        "held-out images of the sources that the models were trained on",
        held_out=True,
    ),
    Split(
        "seed_test",
        "The study's images",
        "images on which the original study reported its results",
        held_out=True,
    ),
    Split("external", "Clinics never seen", "clinics that the models have never seen", held_out=True),
    Split("own", "Your own set", "images that somebody brought while the page was open"),
    Split("phantoms", "Phantoms", "rendered images whose truth is known"),
)
SPLITS: dict[str, Split] = {split.key: split for split in _SPLITS}
# Kinds of images in the trials that are no split: each has the same name wherever it is shown.
LUNGS_COVERED = f"{SPLITS['test'].name}, lungs covered"
SOURCES_LEFT_OUT = "Sources left out of heads"
WHOLE_LEFT_OUT = "Sources left out whole"
DATA_SPLITS = ("train", "val", "test", "seed_test", "external")  # of a data folder's manifest
HELD_OUT = tuple(split.key for split in _SPLITS if split.held_out)  # in the order to show them in
# The keys of the splits that come while a page is open.
BROUGHT: tuple[Literal["own"], Literal["phantoms"]] = ("own", "phantoms")
OWN, PHANTOMS = BROUGHT

# The findings in torchxrayvision's order, which is also the order of a findings network's outputs. More may
# follow at the end: a network knows as many of them, from the first on, as it has outputs.
FINDINGS: tuple[str, ...] = (
    "Atelectasis",
    "Consolidation",
    "Infiltration",
    "Pneumothorax",
    "Edema",
    "Emphysema",
    "Fibrosis",
    "Effusion",
    "Pneumonia",
    "Pleural_Thickening",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Hernia",
    "Lung Lesion",
    "Fracture",
    "Lung Opacity",
    "Enlarged Cardiomediastinum",
)


FIRST_FINDINGS = FINDINGS[:18]  # torchxrayvision's own, which every findings network knows


def finding_name(finding: str) -> str:
    """A finding's name for people: torchxrayvision writes two of them with an underscore."""
    return finding.replace("_", " ")
