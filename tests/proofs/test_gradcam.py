"""The closed-form heatmaps against tf-keras-vis, through the whole network's gradient tape."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from core.explain.explainers import EXPLAINER_BY_KEY
from core.explain.scorecam import FEW, faster_scorecam
from core.explain.subject import Subject
from core.models.backbones import BACKBONES, Backbone, scale_pixels
from core.models.head import Head
from core.preprocessing import Preprocessing, network_input

pytestmark = [
    pytest.mark.proof,
    pytest.mark.filterwarnings("ignore:Please import `zoom`:DeprecationWarning"),  # tf-keras-vis 0.8.7
    pytest.mark.filterwarnings("ignore:The structure of:UserWarning"),  # it passes a list
]
SIZE_PX = 112


# tf-keras-vis has no HiResCAM; without its relu on gradients LayerCAM is that.
REFERENCES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "gradcam": ("gradcam", "Gradcam", {}),
    "hirescam": ("layercam", "Layercam", {"gradient_modifier": None}),
    "layercam": ("layercam", "Layercam", {}),
    "gradcam_plus_plus": ("gradcam_plus_plus", "GradcamPlusPlus", {}),
}


def built(backbone: Backbone, pooling: str, random_bundle_module: ModuleType) -> tuple[Any, np.ndarray, Head]:
    """A network with random weights, a drawn chest as it takes it, and its head."""
    networks = importlib.import_module("core.models.engine.keras")
    importlib.import_module("keras").utils.set_random_seed(1)
    grey = network_input(random_bundle_module.drawn_chest(4), Preprocessing(size_px=SIZE_PX))
    image = scale_pixels(grey[np.newaxis], backbone.scale)
    network = networks.build_network(backbone, SIZE_PX, pooling)
    random_bundle_module.randomise_head(network, backbone, image, seed=5)
    kernel, bias, output, output_bias = network.get_weights()[-4:]
    return network, grey, Head(kernel, bias, output[:, 0], pooling, backbone.pool, float(output_bias[0]))


def of_the_logit(network: Any) -> Any:
    """The classifier before its sigmoid, which is taken off the network for good."""
    keras = importlib.import_module("keras")
    network.get_layer("head_output").activation = keras.activations.linear
    return keras.Model(network.input, network.outputs[1])


def reference_map(method: str, classifier: Any, backbone: Backbone, image: np.ndarray) -> np.ndarray:
    """tf-keras-vis's map of the logit on A: neither expanded nor normalised."""
    module, name, options = REFERENCES[method]
    vis = getattr(importlib.import_module(f"tf_keras_vis.{module}"), name)
    heat = vis(classifier, clone=False)(
        lambda output: output[:, 0],
        image,
        penultimate_layer=backbone.feature_layer,
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=False,
        **options,
    )
    return np.asarray(heat)[0]


def scaled(heat: np.ndarray) -> np.ndarray:
    return heat / heat.max()


# A flattened map is arithmetic of the head alone, whatever the backbone: one is enough.
@pytest.mark.parametrize(
    ("backbone", "pooling"),
    [*((backbone, "average") for backbone in BACKBONES), (BACKBONES[0], "flatten")],
    ids=lambda given: given if isinstance(given, str) else given.key,
)
def test_closed_forms_agree_with_the_gradient_tape(
    backbone: Backbone, pooling: str, random_bundle_module: ModuleType
) -> None:
    network, grey, head = built(backbone, pooling, random_bundle_module)
    image = scale_pixels(grey[np.newaxis], backbone.scale)
    features = np.asarray(network(image)[0])[0]
    classifier = of_the_logit(network)
    assert {*REFERENCES} == {*EXPLAINER_BY_KEY}
    for method, explainer in EXPLAINER_BY_KEY.items():
        closed, reference = explainer.heat(features, head), reference_map(method, classifier, backbone, image)
        assert closed.shape == reference.shape and reference.max() > 0, (
            f"a map of {method} without heat would prove nothing"
        )
        near = 1e-4
        if method == "gradcam_plus_plus":  # a factor that all places share is left out of the closed form
            closed, reference = scaled(closed), scaled(reference)
            # tf-keras-vis takes third powers in float32, which show where each place has its own weights.
            near = 2e-4 if pooling == "flatten" else near
        assert np.abs(closed - reference).max() / reference.max() < near, method


# One with a pooled map and one without; tf-keras-vis holds gigabytes for the 2,048 channels of the others.
@pytest.mark.parametrize("backbone", BACKBONES[:2], ids=lambda backbone: backbone.key)
def test_score_cam_agrees_with_tf_keras_vis(backbone: Backbone, random_bundle_module: ModuleType) -> None:
    """tf-keras-vis takes a softmax over a network's outputs, so the reference has one for either class."""
    network, grey, head = built(backbone, "average", random_bundle_module)
    keras = importlib.import_module("keras")
    image = scale_pixels(grey[np.newaxis], backbone.scale)

    def run(batch: np.ndarray) -> tuple[np.ndarray, ...]:
        return tuple(np.asarray(each) for each in network(batch, training=False))

    *_, last = faster_scorecam(Subject(grey, run, head, backbone.scale))
    probability = network.outputs[1]
    value = keras.ops.log(probability) - keras.ops.log1p(-probability)
    classifier = keras.Model(network.input, keras.layers.Concatenate()([keras.ops.zeros_like(value), value]))
    vis = importlib.import_module("tf_keras_vis.scorecam").Scorecam(classifier)
    found = vis(
        lambda output: output[:, 1],
        image,
        penultimate_layer=backbone.feature_layer,
        seek_penultimate_conv_layer=False,
        expand_cam=False,
        normalize_cam=False,
        max_N=FEW,
    )
    reference = np.asarray(found)[0]
    assert reference.max() > 0 and last.heat.shape == reference.shape
    assert np.abs(last.heat - reference).max() / reference.max() < 1e-3
