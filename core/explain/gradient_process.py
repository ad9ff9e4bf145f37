"""Answers what needs gradients, or other weights: `python -m core.explain.gradient_process BUNDLE`.

A process of its own, because it needs Keras, which an analysis never loads. It reads a question a line, as
JSON, and writes an answer a line, until its input ends.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from core.errors import ThoraxLensError
from core.explain.explainers import EXPLAINERS
from core.explain.packed import pack, unpack
from core.models.backbones import BACKBONE_BY_KEY, scale_pixels
from core.models.head import Head

PARTS = 6  # of a base's weighted layers, from the top down
HEAD = ("head_output", "head_hidden")  # from the top down
GRADIENT, LAYERS, LAYER, CHANNELS, SHUFFLED = "gradient", "layers", "layer", "channels", "shuffled"  # to ask

Array = NDArray[np.float32]
Question = Mapping[str, Any]
Answer = dict[str, Any]
Ask = Callable[[dict[str, Any]], Answer]  # has a question answered there


class Backbones:
    """A bundle's backbones in Keras, whose output is the logit; one is in memory at a time."""

    def __init__(self, folder: Path) -> None:
        """Takes a bundle's folder."""
        from core.models.bundle.files import read_networks

        self._folder, self._manifest = folder, read_networks(folder)
        self._key, self._shuffled = "", 0
        self._network: Any = None

    def network(self, key: str, shuffled: int = 0) -> Any:
        """A backbone with its head.

        Args:
            key: Its key.
            shuffled: How many groups of its layers, from the top down, have their weights shuffled.
        """
        import keras

        from core.models.engine.keras import build_network

        if self._key != key:
            keras.backend.clear_session()
            manifest = self._manifest
            size = manifest.preprocessing.size_px
            self._network = build_network(BACKBONE_BY_KEY[key], size, manifest.pooling)
            self._network.get_layer(HEAD[0]).activation = keras.activations.linear
            self._key, self._shuffled = key, -1
        if self._shuffled != shuffled:
            self._fill(key)
            for name in (name for group in groups(self._network)[:shuffled] for name in group):
                shuffle(self._network.get_layer(name))
            self._shuffled = shuffled
        return self._network

    def _fill(self, key: str) -> None:
        from core.models.bundle.files import bundle_path
        from core.models.engine.keras import load_weights

        parts = self._manifest.backbones[key].parts
        load_weights(self._network, *(bundle_path(self._folder, part) for part in parts))

    def head(self, key: str, network: Any) -> Head:
        """What follows A in a network, for COVID-19."""
        kernel, bias, output, output_bias = network.get_weights()[-4:]
        pool = BACKBONE_BY_KEY[key].pool
        return Head(kernel, bias, output[:, 0], self._manifest.pooling, pool, float(output_bias[0]))


def groups(network: Any) -> list[list[str]]:
    """Names of weighted layers from the top down: the head's two, then the base's in `PARTS` parts."""
    base = [layer.name for layer in network.layers if layer.weights and layer.name not in HEAD][::-1]
    return [[name] for name in HEAD] + [part.tolist() for part in np.array_split(np.array(base), PARTS)]


def shuffle(layer: Any) -> None:
    """Puts the values of each of a layer's tensors in a random order: their range stays, no more."""
    random = np.random.default_rng(zlib.crc32(layer.name.encode()))
    tensors = layer.get_weights()
    layer.set_weights([random.permutation(each.ravel()).reshape(each.shape) for each in tensors])


def spatial_layers(network: Any) -> Iterator[tuple[str, int, int]]:
    """Names of all layers that have places, from the input on, each with its rows and columns."""
    for layer in network.layers[1:]:
        shape = layer.output.shape
        if len(shape) == 4 and type(layer).__name__ != "ZeroPadding2D":
            yield layer.name, int(shape[1]), int(shape[2])


def scaled_image(key: str, seen: Array) -> Array:
    """What a backbone takes of a grey picture, (1, size, size, 3)."""
    return scale_pixels(seen[np.newaxis], BACKBONE_BY_KEY[key].scale)


def grey_gradient(network: Any, key: str, seen: Array) -> Array:
    """The derivative of the logit with respect to each grey, from which all three channels come."""
    import tensorflow as tf

    image = tf.convert_to_tensor(scaled_image(key, seen))
    with tf.GradientTape() as tape:
        tape.watch(image)
        logit = network(image, training=False)[1]
    by_channel = np.asarray(tape.gradient(logit, image))[0]
    white, black = (scaled_image(key, np.full((1, 1), grey, np.float32)) for grey in (1, 0))
    return np.asarray((by_channel * (white - black)[0, 0, 0]).sum(axis=-1))


def _gradient(backbones: Backbones, question: Question) -> Answer:
    key = question["model"]
    return {"gradient": pack(grey_gradient(backbones.network(key), key, unpack(question["seen"])))}


def _layers(backbones: Backbones, question: Question) -> Answer:
    return {"layers": list(spatial_layers(backbones.network(question["model"])))}


def _up_to_layer(backbones: Backbones, question: Question) -> Any:
    """The network up to a layer, and to its logit."""
    import keras

    network = backbones.network(question["model"])
    return keras.Model(network.input, [network.get_layer(question["layer"]).output, network.outputs[1]])


def _channels(backbones: Backbones, question: Question) -> Answer:
    """A of any layer."""
    image = scaled_image(question["model"], unpack(question["seen"]))
    features, _ = _up_to_layer(backbones, question)(image, training=False)
    return {"features": pack(np.asarray(features)[0])}


def _layer(backbones: Backbones, question: Question) -> Answer:
    """Maps of all methods that need no question, on any layer."""
    import tensorflow as tf

    key, sign = question["model"], 1 if question["covid"] else -1
    both = _up_to_layer(backbones, question)
    image = tf.convert_to_tensor(scaled_image(key, unpack(question["seen"])))
    with tf.GradientTape() as tape:
        tape.watch(image)
        features, logit = both(image, training=False)
    derivative = sign * np.asarray(tape.gradient(logit, features))[0]
    found = np.asarray(features)[0]
    maps = {each.key: each.on_layer(found, derivative) for each in EXPLAINERS if each.on_layer}
    return {"maps": {name: pack(heat) for name, heat in maps.items()}}


def _shuffled(backbones: Backbones, question: Question) -> Answer:
    """All maps out of the last feature map, and the gradient, with some groups of layers shuffled."""
    key, seen = question["model"], unpack(question["seen"])
    network = backbones.network(key, question["groups"])
    features, logit = (np.asarray(each)[0] for each in network(scaled_image(key, seen), training=False))
    head = backbones.head(key, network)
    asked = head if question["covid"] else head.opposed()
    maps = {each.key: pack(each.heat(features, asked)) for each in EXPLAINERS}
    maps[GRADIENT] = pack(np.abs(grey_gradient(network, key, seen)))
    layers = groups(network)
    return {
        "maps": maps,
        "logit": float(logit[0]),
        "layers": len(layers[question["groups"] - 1]) if question["groups"] else 0,
        "of": len(layers),
    }


TASKS: dict[str, Callable[[Backbones, Question], Answer]] = {
    GRADIENT: _gradient,
    LAYERS: _layers,
    LAYER: _layer,
    CHANNELS: _channels,
    SHUFFLED: _shuffled,
}


def serve(folder: Path, questions: TextIO, answers: TextIO) -> None:
    """Answers until there are no questions more.

    Args:
        folder: The bundle's.
        questions: A line each.
        answers: A line each.
    """
    backbones = Backbones(folder)
    for line in questions:
        question = json.loads(line)
        try:
            said = TASKS[question["task"]](backbones, question)
        except ThoraxLensError as error:
            said = {"error": str(error)}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    # Frameworks print to the standard output, too: it is kept for answers alone.
    _answers, sys.stdout = sys.stdout, sys.stderr
    serve(Path(sys.argv[1]), sys.stdin, _answers)
