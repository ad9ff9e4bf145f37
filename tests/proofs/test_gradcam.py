"""The closed-form heatmaps against tf-keras-vis, through the whole network's gradient tape."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core.explain.gradcam import gradcam
from core.models.backbones import BACKBONES, Backbone, scale_pixels
from core.models.head import Head
from core.preprocessing import Preprocessing, network_input

pytestmark = [
    pytest.mark.proof,
    pytest.mark.filterwarnings("ignore:Please import `zoom`:DeprecationWarning"),  # tf-keras-vis 0.8.7
]
SIZE_PX = 112


def reference_map(network: Any, backbone: Backbone, image: np.ndarray) -> np.ndarray:
    """tf-keras-vis's Grad-CAM of the logit on A: neither expanded nor normalised."""
    keras = importlib.import_module("keras")
    vis = importlib.import_module("tf_keras_vis.gradcam")
    linear = importlib.import_module("tf_keras_vis.utils.model_modifiers").ReplaceToLinear()
    classifier = keras.Model(network.input, network.outputs[1])
    explainer = vis.Gradcam(classifier, model_modifier=linear, clone=True)
    heat = explainer(
        lambda output: output[:, 0],
        image,
        penultimate_layer=backbone.feature_layer,
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=False,
    )
    return np.asarray(heat)[0]


@pytest.mark.parametrize("pooling", ["average", "flatten"])
@pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.key)
def test_closed_form_agrees_with_the_gradient_tape(
    backbone: Backbone, pooling: str, random_bundle_module: ModuleType
) -> None:
    networks = importlib.import_module("core.models.engine.keras")
    importlib.import_module("keras").utils.set_random_seed(1)
    grey = network_input(random_bundle_module.drawn_chest(4), Preprocessing(size_px=SIZE_PX))
    image = scale_pixels(grey[np.newaxis], backbone.scale)
    network = networks.build_network(backbone, SIZE_PX, pooling)
    random_bundle_module.randomise_head(network, backbone, image, seed=5)

    kernel, bias, output, _ = network.get_weights()[-4:]
    head = Head(kernel, bias, output[:, 0], pooling, backbone.pool)
    closed = gradcam(np.asarray(network(image)[0])[0], head)
    reference = reference_map(network, backbone, image)

    assert closed.shape == reference.shape and reference.max() > 0, "a map without heat would prove nothing"
    assert np.abs(closed - reference).max() / reference.max() < 1e-4
