"""Building a bundle: networks, severity, ensemble, predictions, and a manifest that vouches for them."""

from __future__ import annotations

import csv
import importlib.metadata
import shutil
import subprocess
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.evaluation.metrics import roc_auc, youden_threshold
from core.evaluation.trials import Trials, write_trials
from core.gate.plausibility import fit_limits
from core.models import ensemble
from core.models.backbones import BACKBONES
from core.models.bundle.files import file_sha256, write_manifest
from core.models.bundle.manifest import (
    BackboneFile,
    BundleFile,
    BundleManifest,
    DataSource,
    EnsembleFile,
    FindingsFile,
    Initialisation,
    LungsFile,
    NetworksManifest,
    SeverityFit,
)
from core.models.inference import RawOutputs, ensemble_features, load_networks, raw_outputs
from core.models.severity import SeverityName
from core.project import PROJECT
from train.cards import add_cards
from train.config import TrainConfig
from train.data import PHANTOM, Progress, Record, draw_phantoms, to_bytes
from train.ensemble import EnsembleFit, Part, fit_ensemble
from train.evaluate import Outputs, evaluation_records, run_networks, write_predictions
from train.severity import EXTENT_MAXIMUM, OPACITY_MAXIMUM, fit_severity, read_severity_scores
from train.trials import classify_sources, cover_all_lungs, read_left_out

FINDINGS_FILE, LUNGS_FILE = "findings.safetensors", "lungs.safetensors"
REFERENCE_SEED = 4242
SEVERITY_SEED, SEVERITY_PHANTOMS = 900_000, 90  # as many as there are images that radiologists scored
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

# Collections that a manifest's `source` may name: citation, licence, and whose chests they show.
KNOWN_SOURCES = {
    "cohen": (
        "Cohen et al. 2020, COVID-19 Image Data Collection, arXiv:2006.11988",
        "per image",
        "mostly adults; cases gathered from publications and sites of many countries",
    ),
    "cxnet": (
        "Haghanifar et al. 2020, COVID-CXNet, arXiv:2006.13807",
        "CC BY 4.0",
        "mostly adults, a few children; gathered from publications and other collections",
    ),
    "nih": (
        "Wang et al. 2017, ChestX-ray8, arXiv:1705.02315",
        "free use with attribution",
        "adults; one hospital in the United States",
    ),
    "kermany": (
        "Kermany et al. 2018, Cell 172:1122-1131",
        "CC BY 4.0",
        "children of one to five years; one hospital in China",
    ),
    "actualmed": (
        "Actualmed COVID-19 Chest X-ray Dataset Initiative, 2020",
        "research use",
        "ages not stated; one clinic",
    ),
    PHANTOM: ("Rendered by core/phantom", "as this project", "no patients: rendered, the truth is known"),
}


@dataclass(frozen=True)
class Trained:
    """What training left in its folder, besides the weights.

    Attributes:
        images: Of each source, how many images of each label the networks learnt from, and in "total".
        operating_points: Of the 18 findings, as probabilities.
        findings_auc: ROC AUC of each finding on held-out phantoms.
        figures: Anything else worth recording in the manifest.
        parent: The bundle whose bases learnt on, with "bundled".
        earlier: What a bundle that is only measured anew records of its training.
    """

    images: dict[str, dict[str, int]]
    operating_points: tuple[float, ...]
    findings_auc: dict[str, float]
    figures: dict[str, Any]
    parent: BundleManifest | None = None
    earlier: dict[str, Any] | None = None

    def began(self, backbone: str) -> Initialisation:
        """Where a backbone's base came from."""
        found: Initialisation = self.figures[backbone]["initialisation"]
        return found


@dataclass(frozen=True)
class Roles:
    """Which images serve what, as indices into one list that is analysed once.

    Attributes:
        records: Every image that is needed.
        evaluated: Those of `predictions.csv`.
        typical: Those that the plausibility limits are fitted to: the validation split, whose collections
            the networks learnt from.
        severity: Those that extent and opacity are fitted to.
        scores: (records, 2): extent and opacity, NaN where nobody knows them.
    """

    records: tuple[Record, ...]
    evaluated: NDArray[np.int64]
    typical: NDArray[np.int64]
    severity: NDArray[np.int64]
    scores: NDArray[np.float64]


def choose_images(
    records: Sequence[Record], severity_scores: Path | None, pneumonia: int | None = None
) -> Roles:
    """Assigns roles to images.

    Args:
        records: The data set.
        severity_scores: Radiologists' scores, matched by `Record.original`; None fits severity to the truth
            of phantoms instead, held-out ones of the data set or else rendered for the purpose.
        pneumonia: At most so many test images of another pneumonia of each source; None for all.

    Raises:
        DataError: If the scores cannot be read.
    """
    evaluated = evaluation_records(records, pneumonia)
    typical = [record for record in evaluated if record.split == "val"]
    scored: dict[str, tuple[float, float]] = {}
    if severity_scores is not None:
        scored = {
            each.filename: (each.extent, each.opacity) for each in read_severity_scores(severity_scores)
        }
        severity = [each for each in records if each.original in scored]
    else:
        severity = [each for each in evaluated if each.source == PHANTOM]
        severity = severity or draw_phantoms(SEVERITY_PHANTOMS, SEVERITY_SEED, ("val",))
    unique = {record.path: record for record in (*evaluated, *typical, *severity)}
    index = {path: place for place, path in enumerate(unique)}
    places = [
        np.array([index[r.path] for r in part], dtype=np.int64) for part in (evaluated, typical, severity)
    ]
    scores = [_scores(record, scored) for record in unique.values()]
    return Roles(tuple(unique.values()), *places, np.array(scores, dtype=np.float64).reshape(-1, 2))


def _scores(record: Record, scored: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    if record.source == PHANTOM:
        return _phantom_scores(record)
    return scored.get(record.original, (np.nan, np.nan))


def _phantom_scores(record: Record) -> tuple[float, float]:
    from core.phantom import draw_spec, render

    _, label, seed = record.path.split("/")
    phantom = render(draw_spec(int(seed), label=label))  # type: ignore[arg-type]
    return phantom.extent_score, phantom.opacity_score


def build_bundle(
    run: Path,
    target: Path,
    trained: Trained,
    records: Sequence[Record],
    data: Path | None,
    severity_scores: Path | None,
    config: TrainConfig,
    progress: Progress | None = None,
) -> EnsembleFit:
    """Evaluates trained networks and writes a whole bundle, at once or not at all.

    Args:
        run: The training folder with the weight files.
        target: The bundle's folder; its name becomes the bundle's. Replaced if it exists.
        trained: What training left.
        records: The data set.
        data: Its folder; phantoms need none.
        severity_scores: Radiologists' scores (CSV); phantoms' own truth is used without them.
        config: The configuration, kept in the manifest.
        progress: Called with (done, total) while images are analysed.

    Returns:
        The ensemble's fit, with its figures on each part.

    Raises:
        DataError: If the data set is too small, or an image cannot be read.
    """
    roles = choose_images(records, severity_scores, config.other_pneumonia)
    folder = run / "bundle" / target.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    part = _write_networks(run, folder, trained, config)
    networks = load_networks(folder)
    outputs = run_networks(roles.records, data, networks, progress)
    fitted = fit_on_validation(roles, outputs, trained.operating_points)
    ensemble.save(folder / "ensemble.skops", fitted.classifier, fitted.calibration)
    decisions = fitted.ensemble.probabilities(outputs.features(trained.operating_points))
    write_predictions(
        folder / "predictions.csv",
        [roles.records[i] for i in roles.evaluated],
        roles.scores[roles.evaluated],
        outputs.take(roles.evaluated),
        decisions[roles.evaluated],
    )
    trials = Trials(
        left_out=read_left_out(run),
        source_classifier=classify_sources(roles.records, outputs),
        covered_lungs=cover_all_lungs(roles.records, outputs, fitted.ensemble, data, networks, progress),
    )
    write_trials(folder / "trials.json", trials)
    answer = raw_outputs(_write_reference(folder / "reference.png"), networks)
    manifest = _manifest(folder, part, trained, roles, outputs, fitted, answer, data, config)
    write_manifest(folder, add_cards(folder, manifest))
    _put(folder, target)
    return fitted


def _put(folder: Path, target: Path) -> None:
    """Copies beside the target, then swaps: names that begin with a dot are no bundles to the app."""
    new, old = (target.parent / f".{target.name}.{state}" for state in ("new", "old"))
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(folder, new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _write_networks(run: Path, folder: Path, trained: Trained, config: TrainConfig) -> NetworksManifest:
    for file in (*(f"{backbone.key}.safetensors" for backbone in BACKBONES), FINDINGS_FILE, LUNGS_FILE):
        shutil.copyfile(run / file, folder / file)
    part = NetworksManifest(
        preprocessing=config.preprocessing,
        pooling=config.pooling,
        backbones={
            backbone.key: BackboneFile(
                **_entry(folder, f"{backbone.key}.safetensors"),
                initialisation=trained.began(backbone.key),
            )
            for backbone in BACKBONES
        },
        findings=FindingsFile(
            **_entry(folder, FINDINGS_FILE),
            preprocessing=config.preprocessing,
            operating_points=list(trained.operating_points),
            roc_auc=trained.findings_auc,
        ),
        lungs=LungsFile(
            **_entry(folder, LUNGS_FILE),
            size_px=config.lungs.size_px,
            **{name: value for name, value in trained.figures["lungs"].items() if name != "worst"},
        ),
    )
    write_manifest(folder, part)
    return part


def _entry(folder: Path, name: str) -> dict[str, Any]:
    return {"file": name, "sha256": file_sha256(folder / name)}


def fit_on_validation(roles: Roles, outputs: Outputs, operating_points: Sequence[float]) -> EnsembleFit:
    """Fits the SVM to images that no network has learnt from.

    Two thirds of the validation split's groups train it, one third calibrates it and sets its threshold,
    and the test split measures it.
    """
    features = outputs.features(operating_points)
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for index, record in enumerate(roles.records):
        if record.label != "pneumonia" and record.split in ("val", "test"):
            parts["test" if record.split == "test" else ensemble.validation_part(record.group)].append(index)
    chosen = {name: _part(roles.records, features, rows) for name, rows in parts.items()}
    return fit_ensemble(chosen["train"], chosen["validation"], chosen["test"])


def _part(records: Sequence[Record], features: NDArray[np.float32], rows: list[int]) -> Part:
    return Part(
        features=features[rows],
        labels=np.array([int(records[row].label == "covid") for row in rows]),
        groups=np.array([records[row].group for row in rows]),
    )


def _write_reference(path: Path) -> NDArray[np.float32]:
    """A COVID-like phantom as PNG; returns its pixels as they are read back."""
    from core.phantom import draw_spec, render

    grey = to_bytes(render(draw_spec(REFERENCE_SEED, label="covid", size_px=256)).pixels)
    Image.fromarray(grey).save(path)
    return grey.astype(np.float32) / np.float32(255)


def _manifest(
    folder: Path,
    part: NetworksManifest,
    trained: Trained,
    roles: Roles,
    outputs: Outputs,
    fitted: EnsembleFit,
    answer: RawOutputs,
    data: Path | None,
    config: TrainConfig,
) -> BundleManifest:
    points = part.findings.operating_points
    decision = fitted.ensemble.decide(ensemble_features(answer.probabilities, answer.logits, points))
    validation = choose_thresholds(roles, outputs)
    backbones = {
        key: entry.model_copy(
            update={
                "reference_probability": answer.probabilities[key],
                "threshold": validation[key].threshold,
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
        severity=_severity(roles, outputs),
        ensemble=EnsembleFile(
            **_entry(folder, "ensemble.skops"),
            threshold=fitted.ensemble.threshold,
            reference_probability=decision.probability,
        ),
        predictions=BundleFile(**_entry(folder, "predictions.csv")),
        reference=BundleFile(**_entry(folder, "reference.png")),
        trials=BundleFile(**_entry(folder, "trials.json")),
        training=_training(trained, validation, fitted, data, config),
        sources=_sources(roles, trained, data),
        training_statistics=fit_limits(
            [dict(zip(names, row.tolist(), strict=True)) for row in outputs.statistics[roles.typical]]
        ),
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


def choose_thresholds(roles: Roles, outputs: Outputs) -> dict[str, Validation]:
    """Chooses each backbone's operating point on the validation split, never on what measures it."""
    rows = [i for i in roles.typical if roles.records[i].label != "pneumonia"]
    labels = [int(roles.records[i].label == "covid") for i in rows]
    return {
        backbone.key: Validation(youden_threshold(labels, scores), roc_auc(labels, scores))
        for backbone, scores in zip(BACKBONES, outputs.probabilities[rows].T, strict=True)
    }


def _description(roles: Roles, trained: Trained) -> str:
    images = sum(trained.images[source]["total"] for source in trained.images)
    sources = ", ".join(trained.images)
    held_out = sum(roles.records[i].split != "val" for i in roles.evaluated)
    return (
        f"Five backbones ({_bases(trained)}), each with its own head, trained on {images} images "
        f"({sources}); measured on {held_out} held-out images."
    )


def _bases(trained: Trained) -> str:
    stages = [stage for each in BACKBONES for stage in trained.figures[each.key].get("pretraining", [])]
    earlier = next((stage["from"] for stage in stages if stage["from"]), "an earlier bundle")
    texts = {"scratch": "from scratch", "imagenet": "from ImageNet", "bundled": f"learning on from {earlier}"}
    began = Counter(trained.began(backbone.key) for backbone in BACKBONES)
    return ", ".join(f"{count} {texts[origin]}" for origin, count in began.most_common())


def _severity(roles: Roles, outputs: Outputs) -> dict[SeverityName, SeverityFit]:
    logits = outputs.logits[roles.severity]
    groups = np.array([roles.records[index].group for index in roles.severity])
    extent, opacity = roles.scores[roles.severity].T
    return {
        "extent": fit_severity(logits, extent, groups, EXTENT_MAXIMUM),
        "opacity": fit_severity(logits, opacity, groups, OPACITY_MAXIMUM),
    }


def _training(
    trained: Trained,
    validation: dict[str, Validation],
    fitted: EnsembleFit,
    data: Path | None,
    config: TrainConfig,
) -> dict[str, Any]:
    settings = asdict(config) | {"preprocessing": config.preprocessing.model_dump()}
    made = {"versions": _versions(), "git_revision": _git_revision()}
    return {
        "configuration": settings,
        "figures": trained.figures,
        "validation_roc_auc": {key: each.roc_auc for key, each in validation.items()},
        "ensemble": {
            "c": fitted.c,
            "train": fitted.train.images,
            "validation": fitted.validation.images,
            "test": fitted.test.images if fitted.test else 0,
        },
        "manifest_sha256": file_sha256(data / "manifest.csv") if data else None,
        **(made if trained.earlier is None else _measured_anew(trained.earlier, made)),
    }


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
    citation, licence, population = KNOWN_SOURCES.get(name, (name, "not stated", ""))
    learnt = trained.images.get(name, {})
    classes = {"train": {label: count for label, count in learnt.items() if label != "total"}}
    for split in sorted({each.split for each in measured if each.source == name}):
        classes[split] = dict(
            Counter(each.label for each in measured if (each.source, each.split) == (name, split))
        )
    return DataSource(
        name=name,
        citation=citation,
        licence=licence,
        counts={split: sum(labels.values()) for split, labels in classes.items()},
        classes=classes,
        views=dict(views),
        population=population,
    )


def _views(data: Path) -> dict[str, Counter[str]]:
    """How often each source's images have each projection, from the column `view` if there is one."""
    views: dict[str, Counter[str]] = defaultdict(Counter)
    with (data / "manifest.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row.get("view"):
                views[row["source"]][row["view"]] += 1
    return views
