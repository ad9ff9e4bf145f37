"""Pretraining: a backbone learns chest radiographs from scratch, low resolution first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.backbones import Backbone
from core.networks import build_base, save_weights
from train.config import PretrainConfig, Stage
from train.data import LABELS, Progress, Record
from train.networks import (
    Batches,
    build_trainable_base,
    plain_batch,
    plain_weights,
    settle_batch_normalization,
    use_fast_precision,
)

Report = Callable[[str], None]


class _Epochs(keras.callbacks.Callback):
    """Tells the batches which epoch it is, so that a resumed run draws what an unbroken one would.

    And tells people how far it is, and how well it goes.
    """

    def __init__(self, batches: Batches, epochs: int, size_px: int, watch: Progress, report: Report) -> None:
        super().__init__()
        self._batches, self._epochs, self._size_px = batches, epochs, size_px
        self._watch, self._report = watch, report
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        self._epoch = epoch
        self._batches.start(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        steps = len(self._batches)
        self._watch(self._epoch * steps + batch + 1, self._epochs * steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        figures = ", ".join(f"{name} {value:.3f}" for name, value in (logs or {}).items())
        self._report(f"{self._size_px} px, epoch {epoch + 1} of {self._epochs}: {figures}")


def pretrain(
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    config: PretrainConfig,
    folder: Path,
    watch: Progress,
    report: Report,
) -> Path:
    """Trains a backbone on three classes and keeps its base.

    Args:
        backbone: Which.
        squares: (n, s, s), uint8, one a record.
        records: Of the splits train and val; others are left alone.
        config: The knobs.
        folder: Where checkpoints and the result go; an interrupted run resumes from it.
        watch: Called with (done, total) steps of the stage.
        report: Called with a sentence after each epoch.

    Returns:
        The safetensors file of the base's weights, `<key>.base.safetensors` in the folder.
    """
    result = folder / f"{backbone.key}.base.safetensors"
    if result.is_file():
        return result
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    weights: list[NDArray[np.float32]] = []
    for index, stage in enumerate(config.stages):
        keras.backend.clear_session()  # frees the graph of the stage before, and forgets the precision
        use_fast_precision()
        network = _three_classes(backbone, stage.size_px, config.dropout)
        if weights:
            network.set_weights(weights)
        batches = _batches(backbone, squares, records, stage, config)
        done = folder / f"{backbone.key}.stage{index}.weights.h5"
        if done.is_file():
            network.load_weights(done)
        else:
            backup = folder / f"{backbone.key}.backup{index}"
            told = _Epochs(batches, stage.epochs, stage.size_px, watch, report)
            _run(network, backbone, batches, _watched(squares, records), stage, config, backup, told)
            network.save_weights(done)
        weights = network.get_weights()
    settle_batch_normalization(network, batches)
    return _keep_base(backbone, config.stages[-1].size_px, network, result)


def _batches(
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    stage: Stage,
    config: PretrainConfig,
) -> Batches:
    train = [index for index, record in enumerate(records) if record.split == "train"]
    labels = np.array([LABELS.index(records[index].label) for index in train])
    sources = [records[index].source for index in train]
    return Batches(
        squares[train], labels, sources, backbone, stage.size_px, stage.images, config.batch, config.seed
    )


def _three_classes(backbone: Backbone, size_px: int, dropout: float) -> Any:
    base = build_trainable_base(backbone, size_px)
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    dropped = keras.layers.Dropout(dropout, seed=7)(pooled)
    outputs = keras.layers.Dense(len(LABELS), activation="softmax", dtype="float32")(dropped)
    return keras.Model(base.input, outputs)


def _run(
    network: Any,
    backbone: Backbone,
    batches: Batches,
    watched: tuple[NDArray[np.uint8], NDArray[np.int64]],
    stage: Stage,
    config: PretrainConfig,
    backup: Path,
    told: _Epochs,
) -> None:
    network.compile(
        _optimizer(stage, config),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # XLA took 1.6 times as long on two cores
    )
    network.fit(
        batches,
        epochs=stage.epochs,
        validation_data=(plain_batch(watched[0], backbone, stage.size_px), watched[1]),
        validation_batch_size=config.batch,
        callbacks=[told, keras.callbacks.BackupAndRestore(str(backup), delete_checkpoint=False)],
        verbose=0,
    )


def _watched(
    squares: NDArray[np.uint8], records: Sequence[Record], each: int = 100
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Validation images to watch while it trains, and their labels: at most so many of each class."""
    held_out = [index for index, record in enumerate(records) if record.split == "val"]
    chosen = [
        index
        for label in LABELS
        for index in [index for index in held_out if records[index].label == label][:each]
    ]
    return squares[chosen], np.array([LABELS.index(records[index].label) for index in chosen])


def _optimizer(stage: Stage, config: PretrainConfig) -> Any:
    steps = stage.epochs * math.ceil(stage.images / config.batch)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=stage.learning_rate, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _keep_base(backbone: Backbone, size_px: int, network: Any, result: Path) -> Path:
    base = build_base(backbone, size_px)
    base.set_weights(plain_weights(network, base))
    temporary = result.with_suffix(".partial")
    save_weights(base, temporary)
    temporary.replace(result)
    return result
