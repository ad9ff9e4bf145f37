"""Writes a whole bundle with random weights: `python tests/random_bundle.py FOLDER [SIZE_PX]`.

Everything about it is real except that nothing was learnt: the networks' shapes, the file formats, the
hashes, the reference outputs. Tests run it as a process of its own, because it loads Keras and torch.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from core.evaluation.predictions import Predictions, write_predictions
from core.explain.gradcam import gradcam
from core.gate.plausibility import fit_limits
from core.models import ensemble, ensemble_files
from core.models.backbones import BACKBONES, Backbone, scale_pixels
from core.models.bundle.files import file_sha256, write_manifest
from core.models.bundle.manifest import (
    BackboneFile,
    BundleFile,
    BundleManifest,
    EnsembleFile,
    FindingsFile,
    LungsFile,
    NetworksManifest,
    SeverityFit,
)
from core.models.bundle.network_files import bundle_sources
from core.models.engine.derive import derive_missing
from core.models.findings import findings_input, sigmoid
from core.models.gate_files import gate_source
from core.models.head import Head
from core.models.inference import RawOutputs, ensemble_features, load_networks, raw_outputs
from core.preprocessing import Preprocessing, network_input
from core.project import default_cache, gate_folder
from core.vocabulary import ENSEMBLE, FINDINGS
from train.bundle.heads import split_head
from train.fitting.smaller_svms import fit_smaller_svms, save_smaller_svms
from train.fitting.third_answer import fit_third_answers

IMAGES = 12
LUNGS_PX = 64


def drawn_chest(seed: int, size_px: int = 256) -> np.ndarray:
    """A drawing with the greys of a frontal radiograph: two dark lungs, a bright middle, ribs, noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:size_px, 0:size_px].astype(np.float32) / size_px
    grey = 0.75 - 0.15 * np.abs(x - 0.5)
    for side in (-1, 1):
        middle = 0.5 + side * random.uniform(0.19, 0.23)
        lung = ((x - middle) / 0.15) ** 2 + ((y - random.uniform(0.42, 0.48)) / 0.32) ** 2
        grey -= 0.5 / (1 + np.exp(np.minimum(12 * (lung - 1), 60)))
    grey += 0.05 * np.sin(60 * (y + 0.3 * (x - 0.5) ** 2)) + random.normal(0, 0.02, grey.shape)
    grey = np.clip(grey * random.uniform(0.85, 1.1), 0, 1)
    return (np.round(grey * 255) / 255).astype(np.float32)


def randomise_head(network: Any, backbone: Backbone, image: np.ndarray, seed: int) -> None:
    """Draws a head for which neither the probability nor the heatmap of an image is degenerate.

    The head's four arrays are the network's last: hidden kernel and bias, output kernel and bias.
    """
    random = np.random.default_rng(seed)
    *base, kernel, hidden_bias, output, output_bias = network.get_weights()
    features = np.asarray(network(image)[0])[0]
    pooling = "average" if len(kernel) == features.shape[-1] else "flatten"
    size = np.linalg.norm(features.mean(axis=(0, 1))) * np.sqrt(len(kernel) / features.shape[-1])
    kernel = random.normal(0, 1 / size, kernel.shape).astype(np.float32)
    hidden_bias = random.normal(0, 0.3, hidden_bias.shape).astype(np.float32)
    output = random.normal(0, 0.1, output.shape).astype(np.float32)
    head = Head(kernel, hidden_bias, output[:, 0], pooling, backbone.pool)
    if not gradcam(features, head).max() > 0:
        output = -output
    network.set_weights([*base, kernel, hidden_bias, output, output_bias])


def write_backbones(folder: Path, recipe: Preprocessing) -> dict[str, BackboneFile]:
    """Builds, randomises and saves the backbones."""
    import keras

    from core.models.engine.keras import build_network, save_weights

    files = {}
    grey = network_input(drawn_chest(0), recipe)[np.newaxis]
    for index, backbone in enumerate(BACKBONES):
        keras.utils.set_random_seed(index)
        network = build_network(backbone, recipe.size_px)
        randomise_head(network, backbone, scale_pixels(grey, backbone.scale), seed=index)
        path, head = folder / f"{backbone.key}.safetensors", folder / f"{backbone.key}.head.safetensors"
        save_weights(network, path)
        split_head(path, path, head)
        files[backbone.key] = BackboneFile(
            file=path.name,
            sha256=file_sha256(path),
            head=BundleFile(file=head.name, sha256=file_sha256(head)),
            initialisation="scratch",
        )
    return files


def write_findings(folder: Path, recipe: Preprocessing) -> FindingsFile:
    """Builds and saves torchxrayvision's network: int8 kernels and float16 elsewhere."""
    import torch

    from core.models.engine.keras import write_tensors
    from core.models.engine.torchxrayvision import build_findings_network

    torch.manual_seed(0)
    network = build_findings_network().eval()
    with torch.no_grad():
        network.features.norm0.running_var.fill_(1e6)  # brings pixels of +-1024 to the size of activations
        features = network.features2(torch.from_numpy(findings_input(drawn_chest(0), recipe)))
        torch.nn.init.normal_(network.classifier.weight, std=1 / float(features.norm()))
    tensors = {name: value.numpy() for name, value in network.state_dict().items()}
    path = folder / "findings.safetensors"
    write_tensors(path, tensors, {name: 0 for name, value in tensors.items() if value.ndim == 4})
    return FindingsFile(file=path.name, sha256=file_sha256(path), preprocessing=recipe)


def write_lungs(folder: Path) -> LungsFile:
    """Builds and saves the lung network."""
    import keras

    from core.models.engine.keras import build_lungs, save_weights

    keras.utils.set_random_seed(9)
    path = folder / "lungs.safetensors"
    save_weights(build_lungs(LUNGS_PX), path)
    return LungsFile(file=path.name, sha256=file_sha256(path), size_px=LUNGS_PX, phantom_dice=0.5)


def write_ensemble(folder: Path, features: np.ndarray) -> ensemble.Ensemble:
    """Fits the SVM to arbitrary labels."""
    labels = np.arange(len(features)) % 2
    classifier = ensemble.fit(features, labels)
    values = classifier.decision_function(features)
    ensemble_files.save(folder / "ensemble.skops", classifier, ensemble.calibrate(values, labels))
    return ensemble_files.load(folder / "ensemble.skops", threshold=0.5)


def tabulate(rows: list[RawOutputs], probabilities: np.ndarray) -> Predictions:
    """What the models say about the drawings, which nobody scored."""
    places = range(len(rows))
    unknown = np.full(len(rows), np.nan)
    return Predictions(
        dict.fromkeys((*rows[0].probabilities, ENSEMBLE), 0.5),
        path=np.array([f"drawn/{index}.png" for index in places]),
        split=np.array([("val", "test")[index // 2 % 2] for index in places]),
        source=np.array(["drawn" for _ in places]),
        group=np.array([f"g{index:05d}" for index in places]),
        label=np.array([("covid", "normal")[index % 2] for index in places]),
        reported=np.full(len(rows), ""),
        scores=np.array(
            [[*row.probabilities.values(), one] for row, one in zip(rows, probabilities, strict=True)]
        ),
        extent=unknown,
        opacity=unknown,
        findings=np.array([row.logits for row in rows]),
    )


def write_bundle(folder: Path, size_px: int = 96) -> None:
    """Writes the whole bundle.

    Args:
        folder: Made if it does not exist; its name becomes the bundle's.
        size_px: Side of every network's input.
    """
    folder.mkdir(parents=True, exist_ok=True)
    recipe = Preprocessing(size_px=size_px)
    part = NetworksManifest(
        preprocessing=recipe,
        pooling="average",
        backbones=write_backbones(folder, recipe),
        findings=write_findings(folder, recipe),
        lungs=write_lungs(folder),
    )
    write_manifest(folder, part)
    # Here, where Keras and torch are loaded already; whoever asks the bundle asks the gate, too.
    derive_missing((*bundle_sources(folder), gate_source(gate_folder())), default_cache())
    networks = load_networks(folder)
    rows = [raw_outputs(drawn_chest(seed), networks) for seed in range(IMAGES)]
    points = np.clip(np.mean([sigmoid(row.logits) for row in rows], axis=0), 0.01, 0.99).round(6).tolist()
    features = np.stack([ensemble_features(row.probabilities, row.logits, points) for row in rows])
    svm = write_ensemble(folder, features)
    predictions = tabulate(rows, svm.probabilities(features))
    write_predictions(folder / "predictions.csv", predictions)
    smaller = save_smaller_svms(folder, fit_smaller_svms(predictions, points))
    Image.fromarray(np.round(drawn_chest(0) * 255).astype(np.uint8)).save(folder / "reference.png")
    manifest = whole_manifest(folder, part, rows, svm, features[0])
    known = {"operating_points": points, "reference_logits": rows[0].logits.tolist()}
    findings = manifest.findings.model_copy(update=known)
    write_manifest(
        folder,
        manifest.model_copy(
            update={
                "findings": findings,
                "smaller_svms": smaller,
                "third_answers": fit_third_answers(predictions),
            }
        ),
    )


def whole_manifest(
    folder: Path,
    part: NetworksManifest,
    rows: list[RawOutputs],
    svm: ensemble.Ensemble,
    reference_features: np.ndarray,
) -> BundleManifest:
    """The manifest of files that all exist; the first image is the reference."""

    def entry(name: str) -> dict[str, Any]:
        return {"file": name, "sha256": file_sha256(folder / name)}

    backbones = {
        key: file.model_copy(update={"reference_probability": rows[0].probabilities[key]})
        for key, file in part.backbones.items()
    }
    probability = svm.decide(reference_features).probability
    severity = {"weights": [0.1] * len(FINDINGS), "intercept": 2.0, "correlation": 0.0, "images": IMAGES}
    errors = {"mean_absolute_error": 1.5, "baseline_error": 2.0}
    return BundleManifest(
        preprocessing=part.preprocessing,
        pooling=part.pooling,
        backbones=backbones,
        findings=part.findings,
        lungs=part.lungs,
        name=folder.name,
        title="Random weights",
        created="2026-01-01",
        description="Nothing was learnt: for tests only.",
        licence="",
        severity={
            "extent": SeverityFit(**severity, **errors, maximum=8),
            "opacity": SeverityFit(**severity, **errors, maximum=6),
        },
        ensemble=EnsembleFile(**entry("ensemble.skops"), threshold=0.5, reference_probability=probability),
        smaller_svms={},
        third_answers={},
        predictions=BundleFile(**entry("predictions.csv")),
        reference=BundleFile(**entry("reference.png")),
        training={"configuration": {}, "note": "random"},
        sources=[],
        training_statistics=fit_limits([row.statistics for row in rows]),
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    write_bundle(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
