"""The process that computes gradients, on every backbone: against the closed forms and tf-keras-vis."""

from __future__ import annotations

import importlib
import io
import json
import time
from pathlib import Path

import numpy as np
import pytest

from core.analysis.load import Models
from core.errors import EngineError
from core.explain import gradients_on_demand
from core.explain.explainers import EXPLAINERS
from core.explain.gradient_process import CHANNELS, GRADIENT, LAYER, LAYERS, SHUFFLED, Backbones, serve
from core.explain.gradients_on_demand import GradientsOnDemand
from core.explain.packed import pack, unpack
from core.explain.sanity import GROUPS, check
from core.models.backbones import BACKBONES, Backbone, scale_pixels
from core.models.head import logit

pytestmark = [
    pytest.mark.proof,
    pytest.mark.filterwarnings("ignore:Please import `zoom`:DeprecationWarning"),  # tf-keras-vis 0.8.7
    pytest.mark.filterwarnings("ignore:The structure of:UserWarning"),  # it passes a list
]
SEEN = np.random.default_rng(2).random((96, 96), dtype=np.float32)


def answers(folder: Path, *questions: dict[str, object]) -> list[dict[str, object]]:
    """What the process would say, in this one."""
    lines, said = "\n".join(json.dumps(each) for each in questions), io.StringIO()
    serve(folder, io.StringIO(lines), said)
    return [json.loads(line) for line in said.getvalue().splitlines()]


@pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.key)
def test_it_agrees_with_what_needs_no_gradient(
    backbone: Backbone, random_bundle: Path, random_models: Models
) -> None:
    asked = {"model": backbone.key, "covid": True, "seen": pack(SEEN)}
    whole, layer, channels, none, some, again = answers(
        random_bundle,
        {"task": LAYERS, **asked},
        {"task": LAYER, "layer": backbone.feature_layer, **asked},
        {"task": CHANNELS, "layer": backbone.feature_layer, **asked},
        {"task": SHUFFLED, "groups": 0, **asked},
        {"task": SHUFFLED, "groups": GROUPS, **asked},
        {"task": SHUFFLED, "groups": 0, **asked},
    )
    names = [name for name, _, _ in whole["layers"]]
    assert backbone.feature_layer in names and len(names) == len({*names}) > 10
    network, head = random_models.networks.backbones[backbone.key], random_models.networks.heads[backbone.key]
    features = network(scale_pixels(SEEN[np.newaxis], backbone.scale))[0][0]
    assert none["logit"] == pytest.approx(logit(features, head), abs=1e-2)
    assert unpack(channels["features"]) == pytest.approx(features, rel=1e-2, abs=1e-2 * float(features.max()))
    for explainer in EXPLAINERS:
        closed, tape = explainer.heat(features, head), unpack(none["maps"][explainer.key])
        near = 1e-2 * max(float(closed.max()), 1e-6)
        assert tape == pytest.approx(closed, rel=1e-2, abs=near), explainer.key
        assert np.isfinite(unpack(some["maps"][explainer.key])).all()
        assert unpack(layer["maps"][explainer.key]) == pytest.approx(tape, rel=1e-2, abs=near)
    assert some["logit"] != pytest.approx(none["logit"], abs=1e-3)
    assert again["logit"] == pytest.approx(none["logit"], abs=1e-4), "shuffling must leave nothing behind"


@pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.key)
def test_the_gradient_is_tf_keras_vis_saliency(backbone: Backbone, random_bundle: Path) -> None:
    backbones = Backbones(random_bundle)
    network = backbones.network(backbone.key)
    keras = importlib.import_module("keras")
    vis = importlib.import_module("tf_keras_vis.saliency")
    classifier = keras.Model(network.input, network.outputs[1])
    by_channel = vis.Saliency(classifier, clone=False)(
        lambda output: output[:, 0],
        scale_pixels(SEEN[np.newaxis], backbone.scale),
        keepdims=True,
        gradient_modifier=None,
        normalize_map=False,
    )[0]
    (said,) = answers(random_bundle, {"task": GRADIENT, "model": backbone.key, "seen": pack(SEEN)})
    white, black = (scale_pixels(np.full((1, 1), grey, np.float32), backbone.scale)[0, 0] for grey in (1, 0))
    expected = (np.asarray(by_channel) * (white - black)).sum(axis=-1)
    found = unpack(said["gradient"])
    assert found == pytest.approx(expected, abs=1e-4 * float(np.abs(expected).max()))


def test_the_sanity_check_changes_gradcam_and_the_process_goes_when_idle(random_bundle: Path) -> None:
    worker = GradientsOnDemand(idle_s=1.0)
    assert not worker.runs
    *_, last = check(SEEN, lambda question: worker.ask(random_bundle, question), "densenet121", covid=True)
    assert worker.runs
    against = last
    if "gradcam" not in last.depths[0].similarity:
        *_, against = check(
            SEEN, lambda question: worker.ask(random_bundle, question), "densenet121", covid=False
        )
    assert against.depths[0].similarity["gradcam"] == pytest.approx(1)
    assert against.depths[-1].similarity.get("gradcam", 0.0) < 0.8, "changed, or nothing left of it"
    deadline = time.monotonic() + 30
    while worker.runs and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not worker.runs


def test_without_tensorflow_it_says_what_is_missing(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gradients_on_demand, "find_spec", lambda name: None)
    worker = GradientsOnDemand()
    with pytest.raises(EngineError, match="TensorFlow, which is not installed here"):
        worker.ask(random_bundle, {"task": LAYERS, "model": "vgg16"})
    assert not worker.runs


def test_a_process_that_ended_is_begun_anew(tmp_path: Path, random_bundle: Path) -> None:
    worker = GradientsOnDemand()
    with pytest.raises(EngineError, match="ended"):
        worker.ask(tmp_path, {"task": LAYERS, "model": "vgg16"})
    assert not worker.runs
    assert worker.ask(random_bundle, {"task": LAYERS, "model": "vgg16"})["layers"]
    worker.end()
    assert not worker.runs
