"""Writes the radiographs that come with the app, byte for byte the same every time."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

from core.phantom import Phantom, PhantomSpec, render
from core.phantom.samples import SAMPLES, TRUTH
from core.vocabulary import FINDINGS

_LEVELS = 4095  # 12 bits stored


@dataclass(frozen=True)
class Recipe:
    """One sample: its file, what to say of it, how to render it, and its place in a series of one chest."""

    file: str
    title: str
    description: str
    spec: PhantomSpec
    series: str = ""
    day: float | None = None


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


# In the order to show them in: first the one on which the backbones of the shipped bundle are most divided.
SAMPLE_RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "effusion-cardiomegaly.dcm",
        "Effusion and large heart",
        "Bedside AP view; pleural fluid and an enlarged heart, no pneumonia (DICOM, MONOCHROME1).",
        _spec(252, "findings", 768, findings=(("Cardiomegaly", 0.6), ("Effusion", 0.35)), portable=True),
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
    *(_on_day(day, *stage) for day, stage in _DAYS.items()),
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
        phantom, path = render(recipe.spec), folder / recipe.file
        if path.suffix == ".dcm":
            write_dicom(path, phantom, inverted=recipe.file in _MONOCHROME1)
        else:
            Image.fromarray(np.round(phantom.pixels * 255).astype(np.uint8)).save(path, optimize=True)
        rows.append(_truth(recipe, phantom))
        files.append(path)
    truth = folder / TRUTH
    truth.write_text(json.dumps({"format": 1, "samples": rows}, indent=1) + "\n", encoding="utf-8")
    return (*files, truth)


def _truth(recipe: Recipe, phantom: Phantom) -> dict[str, object]:
    height, width = phantom.pixels.shape
    series = {"series": recipe.series, "day": recipe.day} if recipe.series else {}
    return {
        "file": recipe.file,
        "title": recipe.title,
        "description": recipe.description,
        "label": phantom.label,
        "seed": recipe.spec.seed,
        "width_px": width,
        "height_px": height,
        "findings": [name for name in FINDINGS if name in phantom.findings],
        "extent": round(phantom.extent, 3),
        "extent_score": phantom.extent_score,
        "opacity_score": round(phantom.opacity_score, 2),
        "boxes": {
            "Lungs": box_around(phantom.lungs),
            **{name: box_around(phantom.masks[name]) for name in FINDINGS if name in phantom.masks},
        },
        **series,
    }


def box_around(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a mask that is not empty; right and bottom are exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def write_dicom(path: Path, phantom: Phantom, inverted: bool = False) -> None:
    """Writes a phantom as a Digital X-Ray Image for presentation (DICOM PS3.3, A.26), 12 bits of 16.

    Args:
        path: The file.
        phantom: What to write.
        inverted: Whether to store it as MONOCHROME1.
    """
    stored = np.round(phantom.pixels.astype(np.float64) * _LEVELS).astype("<u2")
    dataset = _description(phantom)
    dataset.PhotometricInterpretation = "MONOCHROME1" if inverted else "MONOCHROME2"
    dataset.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    dataset.PixelIntensityRelationshipSign = -1 if inverted else 1
    dataset.PixelData = (_LEVELS - stored if inverted else stored).astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = _uid("implementation", "1")
    dataset.file_meta.ImplementationVersionName = "THORAXLENS_1"
    dcmwrite(path, dataset, enforce_file_format=True)


def _description(phantom: Phantom) -> Dataset:
    """All but the pixels; no date, because the file must not depend on when it is written."""
    key = json.dumps(asdict(phantom.spec), sort_keys=True)
    rows, columns = phantom.pixels.shape
    view = "AP" if phantom.spec.portable else "PA"
    values = {
        "SpecificCharacterSet": "ISO_IR 192",
        "ImageType": ["DERIVED", "PRIMARY"],
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
        "SOPInstanceUID": _uid("instance", key),
        "StudyDate": "",
        "StudyTime": "",
        "ContentDate": "",
        "ContentTime": "",
        "AccessionNumber": "",
        "Modality": "DX",
        "PresentationIntentType": "FOR PRESENTATION",
        "Manufacturer": "ThoraxLens",
        "ReferringPhysicianName": "",
        "StudyDescription": "Synthetic chest radiograph",
        "SeriesDescription": f"Chest {view}, rendered phantom",
        "PatientName": f"PHANTOM^SEED {phantom.spec.seed}",
        "PatientID": f"PHANTOM-{phantom.spec.seed}",
        "PatientBirthDate": "",
        "PatientSex": "",
        "BodyPartExamined": "CHEST",
        "ViewPosition": view,
        "StudyInstanceUID": _uid("study", key),
        "SeriesInstanceUID": _uid("series", key),
        "StudyID": "",
        "SeriesNumber": "1",
        "InstanceNumber": "1",
        "PatientOrientation": ["L", "F"],
        "ImageLaterality": "U",
        "ImageComments": "Synthetic: rendered from a random seed, no patient.",
        "ImagerPixelSpacing": [round(phantom.spacing_mm, 4)] * 2,
        "SamplesPerPixel": 1,
        "Rows": rows,
        "Columns": columns,
        "BitsAllocated": 16,
        "BitsStored": 12,
        "HighBit": 11,
        "PixelRepresentation": 0,
        "BurnedInAnnotation": "NO",
        "PixelIntensityRelationship": "LOG",
        "WindowCenter": "2048",
        "WindowWidth": "4096",
        "RescaleIntercept": "0",
        "RescaleSlope": "1",
        "RescaleType": "US",
        "LossyImageCompression": "00",
    }
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def _uid(kind: str, key: str) -> UID:
    """A UID derived from a UUID (DICOM PS3.5, B.2) that is the same for the same recipe."""
    return UID(f"2.25.{uuid.uuid5(uuid.NAMESPACE_URL, f'thoraxlens/phantom/{kind}/{key}').int}")
