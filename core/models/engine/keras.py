"""Backbones, lung network and gate in Keras, and weights of any network in and out of safetensors.

Weights are stored once: kernels as int8 with a float32 scale for each output channel (symmetric, as in
Jacob et al. 2018, arXiv:1712.05877, section 2), the rest as float16. A quarter of float32's size, and
every metric is measured on what was stored. Keras is imported only by the functions that build or fill
a network; reading tensors needs numpy alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.gate.kinds import FLAGS, KINDS, OUTPUTS, TURNS
from core.models.backbones import Backbone
from core.models.head import Pooling

HIDDEN_UNITS = 256
LUNG_CHANNELS = (16, 32, 48, 96)  # of the lung network, from half the resolution to a sixteenth of it
GATE_CHANNELS = (12, 24, 48, 72, 96)  # of the gate, from half the resolution to a thirty-second of it
GATE_FEATURES = 64
SCALE = "/scale"

Tensors = dict[str, NDArray[np.generic]]


def build_base(backbone: Backbone, size_px: int, weights: str | None = None) -> Any:
    """A backbone without its classifier.

    Args:
        backbone: Row of the table.
        size_px: Side of the input.
        weights: None for fresh ones, "imagenet" to have Keras download the published ones.

    Returns:
        `keras.Model`, (n, size_px, size_px, 3) to (n, h, w, channels), one flat functional graph.
    """
    module, function = backbone.builder.split(":")
    builder = getattr(importlib.import_module(module), function)
    return builder(weights=weights, include_top=False, input_shape=(size_px, size_px, 3))


def build_network(
    backbone: Backbone, size_px: int, pooling: Pooling = "average", base: Any | None = None
) -> Any:
    """A backbone with the study's head: pooling, Dense 256 ReLU, Dense 1 sigmoid.

    Args:
        backbone: Row of the table.
        size_px: Side of the input.
        pooling: "average" (global average pooling) or "flatten" (the study's).
        base: A base to build on; a fresh one when None.

    Returns:
        `keras.Model` with two outputs: the feature map A (n, h, w, channels) and P(COVID-19) (n, 1).
    """
    import keras

    base = base or build_base(backbone, size_px)
    pool = keras.layers.GlobalAveragePooling2D if pooling == "average" else keras.layers.Flatten
    hidden = keras.layers.Dense(HIDDEN_UNITS, activation="relu", name="head_hidden")
    output = keras.layers.Dense(1, activation="sigmoid", name="head_output")
    features = base.get_layer(backbone.feature_layer).output
    return keras.Model(base.input, [features, output(hidden(pool()(base.output)))])


def build_lungs(size_px: int) -> Any:
    """The network that finds the lung fields: a small U-Net (Ronneberger et al. 2015, arXiv:1505.04597).

    Args:
        size_px: Side of the input, a multiple of 16.

    Returns:
        `keras.Model`, (n, size_px, size_px, 1) in [0, 1] to each pixel's probability of lung, of the same
        shape.
    """
    import keras

    def convolve(image: Any, channels: int, strides: int = 1) -> Any:
        image = keras.layers.Conv2D(channels, 3, strides, padding="same", use_bias=False)(image)
        return keras.layers.ReLU()(keras.layers.BatchNormalization()(image))

    image = keras.Input((size_px, size_px, 1))
    levels = []
    found = image
    for channels in LUNG_CHANNELS:  # each halves the resolution: the first keeps later ones cheap
        found = convolve(convolve(found, channels, 2), channels)
        levels.append(found)
    for level in reversed(levels[:-1]):
        joined = keras.layers.Concatenate()([keras.layers.UpSampling2D()(found), level])
        found = convolve(convolve(joined, level.shape[-1]), level.shape[-1])
    found = keras.layers.Conv2D(1, 1)(found)
    found = keras.layers.UpSampling2D(interpolation="bilinear", dtype="float32")(found)
    return keras.Model(image, keras.layers.Activation("sigmoid", dtype="float32")(found))


def build_gate(size_px: int, members: int = 1) -> Any:
    """The gate: small residual networks (He et al. 2016, arXiv:1512.03385) over all of a picture.

    Several that differ by the chance of their training are surer together (deep ensembles:
    Lakshminarayanan et al. 2017, arXiv:1612.01474).

    Args:
        size_px: Side of the input.
        members: How many.

    Returns:
        `keras.Model`, (n, size_px, size_px, 1) in [0, 1] to raw outputs (n, `OUTPUTS`): of the kinds, the
        turns and the flags of `core.gate.kinds`, the mean of all members; and to the features of each beside
        each other (n, members * `GATE_FEATURES`), which tell pictures unlike any that it learnt. The layers
        of type `keras.Model` are the members.
    """
    import keras

    image = keras.Input((size_px, size_px, 1))
    outputs, features = zip(*(build_gate_member(size_px)(image) for _ in range(members)), strict=True)
    return keras.Model(
        image,
        [keras.layers.Average(dtype="float32")(outputs), keras.layers.Concatenate(dtype="float32")(features)],
    )


def build_gate_member(size_px: int) -> Any:
    """One network of `build_gate`: (n, size_px, size_px, 1) to (n, `OUTPUTS`) and (n, `GATE_FEATURES`).

    Args:
        size_px: Side of the input.
    """
    import keras

    def convolve(image: Any, channels: int, strides: int = 1) -> Any:
        image = keras.layers.Conv2D(channels, 3, strides, padding="same", use_bias=False)(image)
        return keras.layers.BatchNormalization()(image)

    image = keras.Input((size_px, size_px, 1))
    found = image
    for channels in GATE_CHANNELS:  # each halves the resolution
        found = keras.layers.ReLU()(convolve(found, channels, 2))
        further = convolve(keras.layers.ReLU()(convolve(found, channels)), channels)
        found = keras.layers.ReLU()(keras.layers.Add()([found, further]))
    # What lies where matters to how a chest lies: the last map is not averaged away.
    flat = keras.layers.Flatten(dtype="float32")(found)
    features = keras.layers.Dense(GATE_FEATURES, activation="relu", dtype="float32")(flat)
    outputs = keras.layers.Dense(OUTPUTS - 1, dtype="float32")(features)
    whole = len(KINDS) + len(TURNS) + FLAGS.index("mirrored")
    outputs = keras.layers.Concatenate(dtype="float32")(
        [outputs[:, :whole], _mirrored(image), outputs[:, whole:]]
    )
    return keras.Model(image, [outputs, features])


def _mirrored(image: Any) -> Any:
    """Whether left and right are exchanged, from how they differ: what flips its sign with the picture."""
    import keras

    small = keras.layers.AveragePooling2D(4, dtype="float32")(image)
    difference = keras.layers.Subtract(dtype="float32")([small, keras.ops.flip(small, axis=2)])
    flat = keras.layers.Flatten(dtype="float32")(difference)
    return keras.layers.Dense(1, use_bias=False, dtype="float32")(flat)


def _variables(network: Any) -> Iterator[tuple[str, Any]]:
    """Stable names (Keras numbers layers anew at each build, so a layer's name will not do)."""
    weighted = [layer for layer in _flat_layers(network) if layer.weights]
    for index, layer in enumerate(weighted):
        head = layer.name.startswith("head_")
        prefix = f"head/{layer.name.removeprefix('head_')}" if head else f"base/{index:03d}"
        for variable in layer.weights:
            yield f"{prefix}/{variable.name}", variable


def _flat_layers(network: Any) -> Iterator[Any]:
    """Its layers, and those of each network among them in its place."""
    import keras

    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from _flat_layers(layer)
        else:
            yield layer


def _channel_axes(name: str, tensor: NDArray[np.generic]) -> int | None:
    """The axis of output channels of a kernel that is worth storing as int8, or None."""
    if name.startswith("head/") or not name.endswith("kernel") or tensor.ndim < 2:
        return None
    return -2 if name.endswith("depthwise_kernel") else -1


def save_weights(network: Any, path: Path) -> None:
    """Stores a network's weights.

    Args:
        network: From `build_network`, or a base from `build_base`.
        path: The safetensors file to write.
    """
    tensors = {name: np.asarray(variable, dtype=np.float32) for name, variable in _variables(network)}
    axes = {name: _channel_axes(name, tensor) for name, tensor in tensors.items()}
    write_tensors(path, tensors, {name: axis for name, axis in axes.items() if axis is not None})


def load_weights(network: Any, *paths: Path, base_only: bool = False) -> None:
    """Fills a network with stored weights.

    Args:
        network: From `build_network`, or a base from `build_base`, of the same backbone.
        paths: A file that `save_weights` wrote, or the two, base and head, that it was split into.
        base_only: Leave the head as it is.

    Raises:
        WeightsError: If a file belongs to another network.
    """
    tensors = {name: tensor for path in paths for name, tensor in read_tensors(path).items()}
    variables = dict(_variables(network))
    names = " and ".join(path.name for path in paths)
    another = WeightsError(f"{names} holds the weights of another network; choose the right file.")
    if not base_only and tensors.keys() - variables.keys():
        raise another
    for name, variable in variables.items():
        if base_only and name.startswith("head/"):
            continue
        tensor = tensors.get(name)
        if tensor is None or tensor.shape != tuple(variable.shape):
            raise another
        variable.assign(tensor)


def write_tensors(
    path: Path, tensors: Mapping[str, NDArray[np.generic]], channel_axes: Mapping[str, int]
) -> None:
    """Writes tensors, those with a channel axis as int8.

    Args:
        path: The safetensors file to write.
        tensors: By name; floats of any precision, or integers, which stay as they are.
        channel_axes: Axis of the output channels of each tensor to store as int8.
    """
    from safetensors.numpy import save_file

    stored: Tensors = {}
    for name, tensor in tensors.items():
        if name in channel_axes:
            stored[name], stored[name + SCALE] = quantise(tensor.astype(np.float32), channel_axes[name])
        else:
            stored[name] = np.ascontiguousarray(_halve(tensor))
    save_file(stored, path)


def quantise(kernel: NDArray[np.float32], channel_axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Rounds a kernel to int8.

    Args:
        kernel: Of any shape.
        channel_axis: Each index along it gets a scale of its own.

    Returns:
        int8 in [-127, 127], and the scale, whose product with it (by broadcasting) is the kernel.
    """
    others = tuple(axis for axis in range(kernel.ndim) if axis != channel_axis % kernel.ndim)
    scale = np.maximum(np.abs(kernel).max(axis=others, keepdims=True), 1e-12) / np.float32(127)
    return np.rint(kernel / scale).astype(np.int8), scale.astype(np.float32)


def _halve(tensor: NDArray[np.generic]) -> NDArray[np.generic]:
    if not np.issubdtype(tensor.dtype, np.floating):
        return tensor
    largest = float(np.abs(tensor).max(initial=0))
    return tensor.astype(np.float16 if largest < float(np.finfo(np.float16).max) else np.float32)


def read_tensors(path: Path) -> Tensors:
    """Reads stored tensors, de-quantised.

    Args:
        path: A file that `write_tensors` wrote.

    Returns:
        By name; floats as float32, integers as they are.

    Raises:
        WeightsError: If the file is not a whole safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        stored = load_file(path)
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{path.name} is damaged or not a weights file; fetch it again.") from error
    return {
        name: _restore(tensor, stored.get(name + SCALE))
        for name, tensor in stored.items()
        if not name.endswith(SCALE)
    }


def _restore(tensor: NDArray[np.generic], scale: NDArray[np.generic] | None) -> NDArray[np.generic]:
    if scale is not None:
        return np.asarray(tensor.astype(np.float32) * scale.astype(np.float32))
    return tensor.astype(np.float32) if np.issubdtype(tensor.dtype, np.floating) else tensor
