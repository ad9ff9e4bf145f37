"""Keras in training: a base that trains fast, and batches of squares for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.backbones import Backbone, scale_pixels
from core.models.engine.keras import build_base, load_weights
from core.vocabulary import CLASSES
from train.config import PretrainConfig, Stage
from train.data.images import Images
from train.networks.augment import augment
from train.networks.framing import reframe, view
from train.tools.processes import cores, has_bfloat16

NORMALIZATION = "_added_normalization"  # what the name of a normalisation added behind a convolution ends in
FEW_STEPS = 8  # fewer than this take less time one operation at a time than it takes to trace a graph


@contextmanager
def fast_precision() -> Iterator[None]:
    """Networks built inside compute in bfloat16 on a GPU, and where the processor has instructions for it.

    Those built elsewhere compute in float32. `keras.backend.clear_session` inside would undo it.
    """
    fast = has_gpu() or has_bfloat16()
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if fast else "float32")
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy("float32")


def has_gpu() -> bool:
    """Whether Keras computes on a GPU."""
    if keras.backend.backend() == "torch":
        import torch

        return bool(torch.cuda.is_available())
    return any(device.startswith("gpu") for device in keras.distribution.list_devices())


def seed_everything(seed: int) -> None:
    """Makes what follows the same each time on the same machine, to the bit on a processor."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()


def execution(steps: int) -> dict[str, bool]:
    """How Keras should run a network that is to learn for so many steps: arguments of `compile`.

    XLA takes 1.6 times as long on two cores; JAX has nothing else. A few steps are not worth a graph:
    DenseNet121 takes as long to trace as for 16 steps.
    """
    if keras.backend.backend() == "jax":
        return {"jit_compile": True}
    return {"jit_compile": False, "run_eagerly": steps < FEW_STEPS}


def warm_cosine(peak: float, steps: int) -> Any:
    """A learning rate that rises over the first tenth of so many steps, then falls to nothing on a cosine."""
    return keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=peak, warmup_steps=steps // 10
    )


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation as TensorFlow's one fused operation.

    Keras spells it out, casting bfloat16 to float32 and back; fused, a training step of ResNet50 takes
    0.58 of the time on two cores with AMX, with the same variables in the same order.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """As in the parent, for channels last and no mask."""
        import tensorflow as tf

        channels = inputs.shape[-1]
        learning = bool(training) and self.trainable
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=tf.cast(self.gamma, tf.float32) if self.scale else tf.ones(channels),
            offset=tf.cast(self.beta, tf.float32) if self.center else tf.zeros(channels),
            mean=tf.zeros(0) if learning else tf.cast(self.moving_mean, tf.float32),
            variance=tf.zeros(0) if learning else tf.cast(self.moving_variance, tf.float32),
            epsilon=self.epsilon,
            is_training=learning,
        )
        if learning:
            self._move(self.moving_mean, mean)
            self._move(self.moving_variance, variance)
        return outputs

    def _move(self, average: Any, value: Any) -> None:
        average.assign(average * self.momentum + value * (1 - self.momentum))


def build_trainable_base(backbone: Backbone, size_px: int) -> Any:
    """A base with fresh weights that trains fast: `plain_base` turns it into the backbone's own.

    Batch normalisation is fused where the backend can. VGG16 knows none and hardly trains from scratch;
    it gets one behind each convolution, to be folded into it afterwards.
    """
    base = build_base(backbone, size_px)
    if not has_batch_normalization(base):
        return _with_batch_normalization(base)
    return fuse(base)


def load_base(backbone: Backbone, size_px: int, weights: Path) -> Any:
    """A base that `save_weights` has stored, alone or with a head; it trains fast, too.

    Raises:
        WeightsError: If the file belongs to another network.
    """
    base = fuse(build_base(backbone, size_px))
    load_weights(base, weights, base_only=True)
    return base


def fuse(network: Any) -> Any:
    """The same network, weights included, with fused batch normalisation where the backend can."""
    if keras.backend.backend() != "tensorflow":
        return network
    fused = keras.models.clone_model(network, clone_function=_fused_layer)
    fused.set_weights(network.get_weights())
    return fused


def _fused_layer(layer: Any) -> Any:
    kind = type(layer)
    if kind is keras.layers.BatchNormalization:
        kind = FusedBatchNormalization
    return kind.from_config(layer.get_config())


def _with_batch_normalization(base: Any) -> Any:
    """The same chain of layers, each convolution followed by a normalisation of its own."""
    fused = keras.backend.backend() == "tensorflow"
    normalization = FusedBatchNormalization if fused else keras.layers.BatchNormalization
    inputs = keras.Input(base.input_shape[1:])
    outputs = inputs
    for layer in base.layers[1:]:
        if isinstance(layer, keras.layers.Conv2D):
            settings = layer.get_config() | {"activation": "linear", "kernel_initializer": "he_normal"}
            outputs = keras.layers.Conv2D.from_config(settings)(outputs)
            outputs = normalization(name=layer.name + NORMALIZATION)(outputs)
            outputs = keras.layers.ReLU()(outputs)
        else:
            outputs = type(layer).from_config(layer.get_config())(outputs)
    return keras.Model(inputs, outputs)


def plain_base(backbone: Backbone, trained: Any) -> Any:
    """A base with the layers that its authors gave it.

    Args:
        backbone: Which.
        trained: From `build_trainable_base`, trained and settled.

    Returns:
        The same where nothing was added; else a new one, with each added normalisation folded into the
        convolution before it (Jacob et al. 2018, arXiv:1712.05877, section 3.2).
    """
    if not any(layer.name.endswith(NORMALIZATION) for layer in trained.layers):
        return trained
    base = build_base(backbone, trained.input_shape[1])
    folded: list[NDArray[np.float32]] = []
    for layer in base.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = trained.get_layer(layer.name).get_weights()
            normalization = trained.get_layer(layer.name + NORMALIZATION)
            gamma, beta, mean, variance = normalization.get_weights()
            gain = gamma / np.sqrt(variance + normalization.epsilon)
            folded += [kernel * gain, (bias - mean) * gain + beta]
    base.set_weights(folded)
    return base


class DrawnBatches(Protocol):
    """Batches by their step: images first, and what belongs to them."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, step: int, /) -> tuple[Any, Any]:
        """One of them."""
        ...


def settle_batch_normalization(network: Any, batches: DrawnBatches, steps: int = 16) -> None:
    """Measures the statistics of batch normalisation anew, with the weights as they are at the end.

    The moving averages of training lag behind, most of all after a change of resolution (Wu & Johnson
    2021, Rethinking "Batch" in BatchNorm, arXiv:2105.07576, section 3).

    Args:
        network: Whose layers are settled; without such layers nothing happens.
        batches: What to measure on.
        steps: How many batches; all count alike.
    """
    layers = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
    momenta = [layer.momentum for layer in layers]
    for step in range(min(steps, len(batches)) if layers else 0):
        for layer in layers:
            layer.momentum = step / (step + 1)
        network(batches[step][0], training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum


def has_batch_normalization(network: Any) -> bool:
    """Whether any layer normalises batches."""
    return any(isinstance(layer, keras.layers.BatchNormalization) for layer in network.layers)


class Batches(keras.utils.PyDataset):
    """Batches of augmented squares, drawn anew each epoch, balanced over classes and then sources.

    Args:
        images: What to draw from; its classes are those that can be seen.
        backbone: Whose pixel scale to use.
        stage: Side of what comes out, and how many images an epoch.
        config: Batch size and seed.
    """

    def __init__(self, images: Images, backbone: Backbone, stage: Stage, config: PretrainConfig) -> None:
        super().__init__(workers=max(1, cores() // 2))  # threads; what is drawn stays the same
        self.stage = stage
        self._images, self._labels, self._backbone = images, images.visible_classes, backbone
        self._recipe = images.preprocessing.model_copy(update={"size_px": stage.size_px})
        self._reframed = config.reframed
        self._shares = balanced_shares(self._labels, images.sources)
        self._batch, self._seed = config.batch, config.seed
        self.start(0)

    def start(self, epoch: int) -> None:
        """Draws the images of an epoch; the same epoch always draws the same."""
        random = np.random.default_rng((self._seed, epoch))
        self._epoch = epoch
        self._drawn = random.choice(len(self._labels), self.stage.images, p=self._shares)

    def __len__(self) -> int:
        """Steps an epoch."""
        return math.ceil(self.stage.images / self._batch)

    def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(batch, size, size, 3), float32, scaled; and (batch,) labels."""
        random = np.random.default_rng((self._seed, self._epoch, step))
        drawn = self._drawn[step * self._batch : (step + 1) * self._batch]
        grey = np.stack([self._draw(row, random) for row in drawn])
        return scale_pixels(grey, self._backbone.scale), self._labels[drawn]

    def _draw(self, row: int, random: np.random.Generator) -> NDArray[np.float32]:
        square = self._images.squares[row]
        if random.random() < self._reframed:
            square = reframe(square, random)
        return augment(view(square, self._recipe), self.stage.size_px, random)


def balanced_shares(labels: NDArray[np.int64], sources: Sequence[str]) -> NDArray[np.float64]:
    """Probabilities of drawing each image: classes alike, and within a class, sources by root of size.

    Args:
        labels: (n,), int.
        sources: The source of each image.

    Returns:
        (n,), of sum 1.
    """
    cells = list(zip(labels.tolist(), sources, strict=True))
    sizes = {cell: cells.count(cell) for cell in set(cells)}
    roots = {cell: np.sqrt(size) for cell, size in sizes.items()}
    totals = {
        label: sum(root for (other, _), root in roots.items() if other == label)
        for label in set(labels.tolist())
    }
    shares = np.array([roots[cell] / sizes[cell] / totals[cell[0]] for cell in cells])
    return np.asarray(shares / shares.sum())


def plain_batch(images: Images, backbone: Backbone, size_px: int) -> NDArray[np.float32]:
    """Images as a scaled batch (n, size_px, size_px, 3), without any random change."""
    recipe = images.preprocessing.model_copy(update={"size_px": size_px})
    grey = np.stack([view(square, recipe) for square in images.squares]).astype(np.float32)
    return scale_pixels(grey / np.float32(255), backbone.scale)


Watched = tuple[NDArray[np.float32], NDArray[np.int64]]


def of_split(images: Images, split: str) -> list[int]:
    """Places of a split's images."""
    return [row for row, record in enumerate(images.records) if record.split == split]


def watched_images(backbone: Backbone, images: Images, size_px: int, each: int = 100) -> Watched:
    """Validation images to watch while it trains, scaled, and their labels: at most so many of each class."""
    held_out = of_split(images, "val")
    chosen = images.take(
        [
            row
            for label in CLASSES
            for row in [row for row in held_out if images.records[row].visible_label == label][:each]
        ]
    )
    return plain_batch(chosen, backbone, size_px), chosen.visible_classes
