"""What `bundle.json` says of a bundle that is being built."""

from __future__ import annotations

import csv
import importlib.metadata
import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from core.display.wording import count_word
from core.evaluation.metrics import roc_auc, youden_threshold
from core.gate.plausibility import fit_limits
from core.models.bundle.files import file_sha256
from core.models.bundle.manifest import (
    BundleFile,
    BundleManifest,
    DataSource,
    EnsembleFile,
    NetworksManifest,
    SeverityFit,
)
from core.models.inference import RawOutputs, ensemble_features
from core.models.severity import MAX_EXTENT, MAX_OPACITY, SeverityName
from core.project import PROJECT
from core.vocabulary import TASK
from train.bundle.material import Material, Trained
from train.bundle.roles import Roles
from train.data.records import Record
from train.data.sources import collection, weights_licence
from train.fitting.ensemble import EnsembleFit
from train.fitting.severity import fit_severity
from train.outputs import Outputs

PACKAGES = (
    "keras",
    "tensorflow-cpu",
    "torch",
    "torchxrayvision",
    "openvino",
    "scikit-learn",
    "numpy",
    "pillow",
)


@dataclass(frozen=True)
class Validation:
    """A backbone on the validation images of the task, by the weights that ship.

    Attributes:
        threshold: The operating point that Youden's index prefers there.
        roc_auc: There.
    """

    threshold: float
    roc_auc: float


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What was measured for a bundle, and what was fitted to it.

    Attributes:
        roles: Which images serve what.
        outputs: What the networks say about them, in the same order.
        fitted: The ensemble.
        validation: Each backbone on the validation images, by key.
        severity: Extent and opacity, fitted to the images that radiologists scored.
    """

    roles: Roles
    outputs: Outputs
    fitted: EnsembleFit
    validation: dict[str, Validation]
    severity: dict[SeverityName, SeverityFit]


def file_entry(folder: Path, name: str) -> dict[str, Any]:
    """What a manifest says of a file that is there."""
    return {"file": name, "sha256": file_sha256(folder / name)}


def describe(
    folder: Path, part: NetworksManifest, material: Material, evaluated: Evaluated, answer: RawOutputs
) -> BundleManifest:
    """The manifest of a folder that holds all other files but the cards and the smaller SVMs.

    Args:
        folder: Its name becomes the bundle's.
        part: What was said of its networks.
        material: What it is built from.
        evaluated: What was measured.
        answer: To the reference image.
    """
    trained, roles, outputs, fitted = material.trained, evaluated.roles, evaluated.outputs, evaluated.fitted
    points = part.findings.operating_points
    decision = fitted.fit.svm.decide(ensemble_features(answer.probabilities, answer.logits, points))
    backbones = {
        key: entry.model_copy(
            update={
                "reference_probability": answer.probabilities[key],
                "threshold": evaluated.validation[key].threshold,
            }
        )
        for key, entry in part.backbones.items()
    }
    names = outputs.statistic_names
    return BundleManifest(
        **{name: getattr(part, name) for name in ("preprocessing", "pooling")},
        backbones=backbones,
        findings=part.findings.model_copy(update={"reference_logits": answer.logits.tolist()}),
        lungs=part.lungs,
        name=folder.name,
        title=f"ThoraxLens {folder.name}",
        created=datetime.now(UTC).date().isoformat(),
        description=_description(roles, trained),
        licence=weights_licence(trained.images),
        severity=evaluated.severity,
        ensemble=EnsembleFile(
            **file_entry(folder, "ensemble.skops"),
            threshold=fitted.fit.svm.threshold,
            reference_probability=decision.probability,
        ),
        smaller_svms={},
        third_answers={},
        predictions=BundleFile(**file_entry(folder, "predictions.csv")),
        reference=BundleFile(**file_entry(folder, "reference.png")),
        trials=BundleFile(**file_entry(folder, "trials.json")),
        training=_training(material, evaluated),
        sources=_sources(roles, trained, material.data),
        training_statistics=fit_limits(
            [dict(zip(names, row.tolist(), strict=True)) for row in outputs.statistics[roles.typical]]
        ),
    )


def choose_thresholds(roles: Roles, outputs: Outputs) -> dict[str, Validation]:
    """Chooses each backbone's operating point on the validation split, never on what measures it."""
    rows = [i for i in roles.typical if roles.records[i].label in TASK]
    labels = [int(roles.records[i].label == "covid") for i in rows]
    return {
        key: Validation(youden_threshold(labels, scores), roc_auc(labels, scores))
        for key, scores in zip(outputs.backbones, outputs.probabilities[rows].T, strict=True)
    }


def _description(roles: Roles, trained: Trained) -> str:
    images = sum(trained.images[source]["total"] for source in trained.images)
    sources = ", ".join(trained.images)
    held_out = sum(roles.records[i].split != "val" for i in roles.evaluated)
    backbones = count_word(len(trained.backbones)).capitalize()
    return (
        f"{backbones} backbones ({_bases(trained)}), each with its own head, trained on {images} images "
        f"({sources}); measured on {held_out} held-out images."
    )


def _bases(trained: Trained) -> str:
    stages = [stage for key in trained.backbones for stage in trained.figures[key].get("pretraining", [])]
    earlier = next((stage["from"] for stage in stages if stage["from"]), "an earlier bundle")
    kept = f"of {trained.parent.name}" if trained.parent else "of an earlier bundle"
    texts = {
        "scratch": "from scratch",
        "imagenet": "from ImageNet",
        "bundled": f"learning on from {earlier}",
        "kept": f"{kept}, as they were",
    }
    began = Counter(map(trained.began, trained.backbones))
    return ", ".join(f"{count} {texts[origin]}" for origin, count in began.most_common())


def fit_severities(roles: Roles, outputs: Outputs) -> dict[SeverityName, SeverityFit]:
    """Extent and opacity, fitted to the images that radiologists scored."""
    logits = outputs.logits[roles.severity]
    groups = np.array([roles.records[index].group for index in roles.severity])
    extent, opacity = roles.scores[roles.severity].T
    return {
        "extent": fit_severity(logits, extent, groups, MAX_EXTENT),
        "opacity": fit_severity(logits, opacity, groups, MAX_OPACITY),
    }


def _training(material: Material, evaluated: Evaluated) -> dict[str, Any]:
    trained, fitted, config, data = material.trained, evaluated.fitted, material.config, material.data
    settings = asdict(config) | {"preprocessing": config.preprocessing.model_dump()}
    made = {"versions": _versions(), "git_revision": _git_revision()}
    return {
        "configuration": settings,
        "figures": trained.figures,
        "validation_roc_auc": {key: each.roc_auc for key, each in evaluated.validation.items()},
        "ensemble": {
            "c": fitted.fit.c,
            "validation": fitted.fit.held_out.images,
            "validation_roc_auc": fitted.fit.held_out.roc_auc,
            "wrong": fitted.fit.held_out.wrong,
            "mean_wrong": _mean_wrong(evaluated),
            "flat": fitted.fit.svm.calibration.slope == 0,
            "test": fitted.test.images if fitted.test else 0,
        },
        "manifest_sha256": file_sha256(data / "manifest.csv") if data else None,
        **(made if trained.earlier is None else _measured_anew(trained.earlier, made)),
    }


def _mean_wrong(evaluated: Evaluated) -> int:
    """Validation images on which the mean of the backbones' probabilities is wrong, at its own threshold."""
    roles = evaluated.roles
    rows = [row for row, each in enumerate(roles.records) if each.split == "val" and each.label in TASK]
    labels = np.array([roles.records[row].label == "covid" for row in rows])
    means = evaluated.outputs.probabilities[rows].mean(axis=1)
    return int(((means >= youden_threshold(labels.astype(int), means)) != labels).sum())


def _measured_anew(earlier: dict[str, Any], made: dict[str, Any]) -> dict[str, Any]:
    """By what the networks were trained, and by what they were measured since."""
    kept = {name: earlier.get(name) for name in made}
    return kept | {"measured_anew": {"date": datetime.now(UTC).date().isoformat(), **made}}


def _versions() -> dict[str, str]:
    installed = {
        package.metadata["Name"].lower().replace("_", "-"): package.version
        for package in importlib.metadata.distributions()
    }
    return {name: installed[name] for name in PACKAGES if name in installed}


def _git_revision() -> str | None:
    command = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _sources(roles: Roles, trained: Trained, data: Path | None) -> list[DataSource]:
    measured = [roles.records[i] for i in roles.evaluated]
    names = dict.fromkeys([*trained.images, *(each.source for each in measured)])
    views = _views(data) if data else {}
    inherited = (
        [source for source in trained.parent.sources if source.name not in names] if trained.parent else []
    )
    return inherited + [_source(name, trained, measured, views.get(name, {})) for name in names]


def _source(name: str, trained: Trained, measured: Sequence[Record], views: Mapping[str, int]) -> DataSource:
    known = collection(name)
    learnt = trained.images.get(name, {})
    classes = {"train": {label: count for label, count in learnt.items() if label != "total"}}
    for split in sorted({each.split for each in measured if each.source == name}):
        classes[split] = dict(
            Counter(each.label for each in measured if (each.source, each.split) == (name, split))
        )
    return DataSource(
        name=name,
        citation=known.citation,
        licence=known.licence,
        counts={split: sum(labels.values()) for split, labels in classes.items()},
        classes=classes,
        views=dict(views),
        population=known.population,
    )


def _views(data: Path) -> dict[str, Counter[str]]:
    """How often each source's images have each projection, from the column `view` if there is one."""
    views: dict[str, Counter[str]] = defaultdict(Counter)
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("view"):
                views[row["source"]][row["view"]] += 1
    return views
