"""What serves against what trained: OpenVINO against Keras and torch, on the same int8 weights."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.analysis.load import Models
from core.models.backbones import BACKBONES, Backbone, scale_pixels
from core.models.findings import findings_input, op_norm, sigmoid
from core.models.lungs import lungs_input
from core.models.official import OFFICIAL
from core.preprocessing import network_input
from core.reading.radiograph import Radiograph
from core.vocabulary import FIRST_FINDINGS

pytestmark = pytest.mark.proof
Draw = Callable[[int], Radiograph]
SEEDS = (0, 7)


@pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.key)
def test_openvino_agrees_with_keras(
    backbone: Backbone, random_bundle: Path, random_models: Models, drawn_radiograph: Draw
) -> None:
    networks = importlib.import_module("core.models.engine.keras")
    recipe = random_models.manifest.preprocessing
    network = networks.build_network(backbone, recipe.size_px, "average")
    files = (random_bundle / f"{backbone.key}{part}.safetensors" for part in ("", ".head"))
    networks.load_weights(network, *files)
    for seed in SEEDS:
        grey = network_input(drawn_radiograph(seed).pixels, recipe)[np.newaxis]
        image = scale_pixels(grey, backbone.scale)
        features, probability = (np.asarray(output) for output in network(image, training=False))
        served_features, served_probability = random_models.networks.backbones[backbone.key](image)
        assert abs(served_probability.item() - probability.item()) < 1e-4
        assert np.abs(served_features - features).max() / np.abs(features).max() < 1e-4


def test_openvino_agrees_with_keras_on_lungs(
    random_bundle: Path, random_models: Models, drawn_radiograph: Draw
) -> None:
    networks = importlib.import_module("core.models.engine.keras")
    entry, served = random_models.manifest.lungs, random_models.networks.lungs
    assert entry and served
    network = networks.build_lungs(entry.size_px)
    networks.load_weights(network, random_bundle / entry.file)
    for seed in SEEDS:
        image = lungs_input(drawn_radiograph(seed).pixels, entry.size_px)
        expected = np.asarray(network(image, training=False))
        assert expected.std() > 0
        np.testing.assert_allclose(served(image)[0], expected, atol=1e-4)


def test_openvino_agrees_with_torch(
    random_bundle: Path, random_models: Models, drawn_radiograph: Draw
) -> None:
    torch, networks, xrv = map(
        importlib.import_module, ("torch", "core.models.engine.keras", "core.models.engine.torchxrayvision")
    )
    network = xrv.load_findings_network(networks.read_tensors(random_bundle / "findings.safetensors"))
    for seed in SEEDS:
        image = findings_input(drawn_radiograph(seed).pixels, random_models.manifest.findings.preprocessing)
        with torch.no_grad():
            logits = network(torch.from_numpy(image)).numpy()
        (served,) = random_models.networks.findings(image)
        np.testing.assert_allclose(served, logits, atol=1e-4)


def test_scale_of_the_scores_is_torchxrayvisions() -> None:
    torch, xrv = (
        importlib.import_module("torch"),
        importlib.import_module("core.models.engine.torchxrayvision").import_torchxrayvision(),
    )
    published = xrv.models.model_urls[OFFICIAL.name]
    logits = np.random.default_rng(0).normal(-2, 2, (50, len(FIRST_FINDINGS))).astype(np.float32)
    points = torch.tensor(published["op_threshs"])
    expected = xrv.models.op_norm(torch.sigmoid(torch.from_numpy(logits)), points).numpy()
    np.testing.assert_allclose(op_norm(sigmoid(logits), OFFICIAL.operating_points), expected, atol=1e-6)
    assert published["weights_url"] == OFFICIAL.url
