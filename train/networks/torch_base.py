"""A Keras base as a PyTorch module, which a GPU trains many times as fast.

Keras computes on PyTorch layer by layer, spells batch normalisation out and moves channels to and fro. Here
channels lie last in memory and normalisation is one operation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

MOMENTUM = 0.05  # of the moving averages: they are measured anew at the end
Pair = Sequence[int]
Run = Callable[[list[Tensor]], Tensor]


class TorchBase(nn.Module):
    """The same network as a Keras base, weights included.

    Args:
        base: From `core.models.engine.keras.build_base`, channels last.
        normalised: Whether each convolution gets a batch normalisation of its own, for a base that knows
            none: `begin_normalised` makes it harmless, `write_back` folds it in.

    Raises:
        ValueError: If the base has a layer of another kind.
    """

    def __init__(self, base: Any, *, normalised: bool = False) -> None:
        super().__init__()
        self._layers: list[tuple[str, list[str], Run]] = []
        self._norms: dict[str, nn.BatchNorm2d] = {}  # those added, by the convolution before
        self._weighted = nn.ModuleList()  # in the order of the layers that have weights
        self._added = nn.ModuleList()
        self._until: str | None = None
        for layer in base.layers:
            names = [] if isinstance(layer, keras.layers.InputLayer) else _inputs(layer)
            self._layers.append((layer.name, names, self._run(layer, normalised)))
        self._output = base.output._keras_history.operation.name
        self._last = {name: place for place, (_, names, _) in enumerate(self._layers) for name in names}
        self.channels = int(base.output.shape[-1])

    def _run(self, layer: Any, normalised: bool) -> Run:
        match layer:
            case keras.layers.InputLayer():
                return lambda inputs: inputs[0]
            case keras.layers.SeparableConv2D():
                self._weighted.append(step := _Separable(layer))
                return lambda inputs: step(inputs[0])
            case keras.layers.Conv2D():
                return self._convolution(layer, normalised)
            case keras.layers.BatchNormalization():
                self._weighted.append(norm := _normalisation(layer))
                return lambda inputs: norm(inputs[0])
            case keras.layers.Activation() if layer.activation is keras.activations.relu:
                return lambda inputs: functional.relu(inputs[0])
            case keras.layers.ZeroPadding2D():
                (top, bottom), (left, right) = layer.padding
                return lambda inputs: functional.pad(inputs[0], (left, right, top, bottom))
            case keras.layers.MaxPooling2D():
                return lambda inputs: _max_pool(inputs[0], layer)
            case keras.layers.AveragePooling2D():
                return lambda inputs: _average_pool(inputs[0], layer)
            case keras.layers.Add():
                return lambda inputs: inputs[0] + inputs[1]
            case keras.layers.Concatenate():
                return lambda inputs: torch.cat(inputs, 1)
        raise ValueError(f"expected a layer that backbones are made of, got {layer}")

    def _convolution(self, layer: Any, normalised: bool) -> Run:
        self._weighted.append(step := _Convolution(layer))
        if normalised:
            norm = self._norms[layer.name] = nn.BatchNorm2d(layer.filters, eps=1e-3, momentum=MOMENTUM)
            self._added.append(norm)
        relu = layer.activation is keras.activations.relu

        def run(inputs: list[Tensor]) -> Tensor:
            found = step(inputs[0])
            if layer.name == self._until:
                raise _Reached(found)
            found = norm(found) if normalised else found
            return functional.relu(found) if relu else found

        return run

    def forward(self, images: Tensor) -> Tensor:
        """Scaled images (n, 3, h, w) to the base's output, (n, channels, rows, columns)."""
        held = {"": images.contiguous(memory_format=torch.channels_last)}
        for place, (name, names, run) in enumerate(self._layers):
            held[name] = run([held[each] for each in names or [""]])
            for each in names:
                if self._last[each] == place:
                    held.pop(each, None)
        return held[self._output]

    @torch.no_grad()
    def begin_normalised(self, images: Tensor) -> None:
        """Sets each added normalisation so that the network answers as it did without.

        Args:
            images: (n, 3, h, w), scaled; what is normalised is measured on them.
        """
        self.eval()
        for name, norm in self._norms.items():
            self._until = name
            try:
                self.forward(images)
            except _Reached as reached:
                found = reached.found.float()
            mean, variance = found.mean((0, 2, 3)), found.var((0, 2, 3), unbiased=False)
            _fill(norm, torch.sqrt(variance + norm.eps), mean, mean, variance)
        self._until = None

    @property
    def normalisations(self) -> list[nn.BatchNorm2d]:
        """All layers that normalise batches."""
        return [each for each in (*self._weighted, *self._added) if isinstance(each, nn.BatchNorm2d)]

    def write_back(self, base: Any) -> None:
        """Puts the weights into a Keras base of the same backbone, added normalisations folded in.

        Folding is Jacob et al. 2018, arXiv:1712.05877, section 3.2.
        """
        weighted = [layer for layer in base.layers if layer.weights]
        for layer, step in zip(weighted, self._weighted, strict=True):
            if isinstance(step, nn.BatchNorm2d):
                layer.set_weights(_stored(step, layer))
            elif isinstance(step, _Convolution):
                layer.set_weights(_folded(step.stored(), self._norms.get(layer.name)))
            elif isinstance(step, _Separable):
                layer.set_weights(step.stored())


class _Reached(Exception):  # noqa: N818  # no error: an answer that lies half way
    def __init__(self, found: Tensor) -> None:
        super().__init__()
        self.found = found


class _Convolution(nn.Module):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        kernel, *bias = layer.get_weights()
        self.kernel = nn.Parameter(torch.from_numpy(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))))
        self.bias = nn.Parameter(torch.from_numpy(bias[0])) if bias else None
        self._strides, self._padding = layer.strides, layer.padding

    def forward(self, images: Tensor) -> Tensor:
        return _convolve(images, self.kernel, self.bias, self._strides, self._padding)

    def stored(self) -> list[NDArray[np.float32]]:
        bias = [] if self.bias is None else [_array(self.bias)]
        return [_array(self.kernel).transpose(2, 3, 1, 0), *bias]


class _Separable(nn.Module):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        if layer.use_bias:
            raise ValueError(f"expected a separable convolution without a bias, got {layer.name}")
        depthwise, pointwise = layer.get_weights()
        self.depthwise = nn.Parameter(torch.from_numpy(np.ascontiguousarray(depthwise.transpose(2, 3, 0, 1))))
        self.pointwise = nn.Parameter(torch.from_numpy(np.ascontiguousarray(pointwise.transpose(3, 2, 0, 1))))
        self._strides, self._padding = layer.strides, layer.padding

    def forward(self, images: Tensor) -> Tensor:
        found = _convolve(images, self.depthwise, None, self._strides, self._padding)
        return functional.conv2d(found, self.pointwise)

    def stored(self) -> list[NDArray[np.float32]]:
        return [_array(self.depthwise).transpose(2, 3, 0, 1), _array(self.pointwise).transpose(2, 3, 1, 0)]


def _inputs(layer: Any) -> list[str]:
    return [tensor._keras_history.operation.name for tensor in layer._inbound_nodes[0].input_tensors]


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy()


def _normalisation(layer: Any) -> nn.BatchNorm2d:
    norm = nn.BatchNorm2d(layer.moving_mean.shape[0], eps=layer.epsilon, momentum=MOMENTUM)
    stored = dict(zip((each.name for each in layer.weights), layer.get_weights(), strict=True))
    ones = np.ones_like(stored["moving_mean"])
    gamma, beta = stored.get("gamma", ones), stored.get("beta", 0 * ones)
    mean, variance = stored["moving_mean"], stored["moving_variance"]
    _fill(norm, *(torch.from_numpy(each) for each in (gamma, beta, mean, variance)))
    norm.weight.requires_grad_(layer.scale)
    norm.bias.requires_grad_(layer.center)
    return norm


@torch.no_grad()
def _fill(norm: nn.BatchNorm2d, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) -> None:
    for kept, found in zip(_figures(norm), (gamma, beta, mean, variance), strict=True):
        kept.copy_(found)


def _figures(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gamma, beta, mean and variance."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("expected a normalisation that keeps moving averages")
    return norm.weight, norm.bias, norm.running_mean, norm.running_var


def _stored(norm: nn.BatchNorm2d, layer: Any) -> list[NDArray[np.float32]]:
    names = ("gamma", "beta", "moving_mean", "moving_variance")
    found = dict(zip(names, map(_array, _figures(norm)), strict=True))
    return [found[each.name] for each in layer.weights]


def _folded(stored: list[NDArray[np.float32]], norm: nn.BatchNorm2d | None) -> list[NDArray[np.float32]]:
    if norm is None:
        return stored
    kernel, bias = stored
    gamma, beta, mean, variance = map(_array, _figures(norm))
    gain = gamma / np.sqrt(variance + np.float32(norm.eps))
    return [kernel * gain, (bias - mean) * gain + beta]


def _same(side: int, window: int, stride: int) -> tuple[int, int]:
    """What TensorFlow's padding "same" adds before and behind."""
    total = max((math.ceil(side / stride) - 1) * stride + window - side, 0)
    return total // 2, total - total // 2


def _padded(images: Tensor, windows: Pair, strides: Pair, padding: str, value: float = 0.0) -> Tensor:
    if padding != "same":
        return images
    top, bottom = _same(images.shape[2], windows[0], strides[0])
    left, right = _same(images.shape[3], windows[1], strides[1])
    return functional.pad(images, (left, right, top, bottom), value=value)


def _convolve(images: Tensor, kernel: Tensor, bias: Tensor | None, strides: Pair, padding: str) -> Tensor:
    groups = images.shape[1] // kernel.shape[1]
    windows = (kernel.shape[2], kernel.shape[3])
    if padding == "same" and tuple(strides) == (1, 1):  # the same before and behind, so that no copy is made
        around = (windows[0] // 2, windows[1] // 2)
        return functional.conv2d(images, kernel, bias, padding=around, groups=groups)
    images = _padded(images, windows, strides, padding)
    return functional.conv2d(images, kernel, bias, tuple(strides), groups=groups)


def _max_pool(images: Tensor, layer: Any) -> Tensor:
    padded = _padded(images, layer.pool_size, layer.strides, layer.padding, -math.inf)
    return functional.max_pool2d(padded, layer.pool_size, layer.strides)


def _average_pool(images: Tensor, layer: Any) -> Tensor:
    """TensorFlow's averages leave out what padding adds; with "same" windows are odd and overlap."""
    around = [side // 2 for side in layer.pool_size] if layer.padding == "same" else 0
    return functional.avg_pool2d(images, layer.pool_size, layer.strides, around, count_include_pad=False)
