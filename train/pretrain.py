"""Pretraining: a backbone learns chest radiographs from scratch, low resolution first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.backbones import Backbone
from core.networks import build_base, save_weights
from train.config import PretrainConfig, Stage
from train.data import LABELS, Record
from train.networks import (
    Batches,
    build_trainable_base,
    has_batch_normalization,
    plain_batch,
    use_fast_precision,
)


class _Epochs(keras.callbacks.Callback):
    """Tells the batches which epoch it is, so that a resumed run draws what an unbroken one would."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        self._batches.start(epoch)


def pretrain(
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    config: PretrainConfig,
    folder: Path,
) -> Path:
    """Trains a backbone on three classes and keeps its base.

    Args:
        backbone: Which.
        squares: (n, s, s), uint8, one a record.
        records: Of the splits train and val; others are left alone.
        config: The knobs.
        folder: Where checkpoints and the result go; an interrupted run resumes from it.

    Returns:
        The safetensors file of the base's weights, `<key>.base.safetensors` in the folder.
    """
    result = folder / f"{backbone.key}.base.safetensors"
    if result.is_file():
        return result
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(config.seed)
    use_fast_precision()
    weights: list[NDArray[np.float32]] | None = None
    for index, stage in enumerate(config.stages):
        keras.backend.clear_session()  # frees the graph of the stage before
        network = _three_classes(backbone, stage.size_px, config.dropout)
        if weights is not None:
            network.set_weights(weights)
        done = folder / f"{backbone.key}.stage{index}.weights.h5"
        if done.is_file():
            network.load_weights(done)
        else:
            _run(network, backbone, squares, records, stage, config, folder / f"{backbone.key}.backup{index}")
            network.save_weights(done)
        weights = network.get_weights()
    return _keep_base(backbone, config.stages[-1].size_px, weights or [], result)


def _three_classes(backbone: Backbone, size_px: int, dropout: float) -> Any:
    base = build_trainable_base(backbone, size_px)
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    dropped = keras.layers.Dropout(dropout, seed=7)(pooled)
    outputs = keras.layers.Dense(len(LABELS), activation="softmax", dtype="float32")(dropped)
    return keras.Model(base.input, outputs)


def _run(
    network: Any,
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    stage: Stage,
    config: PretrainConfig,
    backup: Path,
) -> None:
    labels = np.array([LABELS.index(record.label) for record in records])
    train = np.array([record.split == "train" for record in records])
    batches = Batches(
        squares[train],
        labels[train],
        [record.source for record in records if record.split == "train"],
        backbone,
        stage.size_px,
        stage.images,
        config.batch,
        config.seed,
    )
    watched = _watched(records)
    network.compile(
        _optimizer(network, stage, config),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=False,  # XLA took 1.6 times as long on two cores
    )
    network.fit(
        batches,
        epochs=stage.epochs,
        validation_data=(plain_batch(squares[watched], backbone, stage.size_px), labels[watched]),
        validation_batch_size=config.batch,
        callbacks=[_Epochs(batches), keras.callbacks.BackupAndRestore(str(backup), delete_checkpoint=False)],
        verbose=2,
    )


def _watched(records: Sequence[Record], each: int = 100) -> NDArray[np.int64]:
    """Validation images to watch while it trains: at most so many of each class."""
    chosen = [
        [index for index, record in enumerate(records) if record.split == "val" and record.label == label][
            :each
        ]
        for label in LABELS
    ]
    return np.concatenate(chosen).astype(np.int64)


def _optimizer(network: Any, stage: Stage, config: PretrainConfig) -> Any:
    steps = stage.epochs * -(-stage.images // config.batch)
    share = 1.0 if has_batch_normalization(network) else config.plain_learning_rate
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=stage.learning_rate * share, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _keep_base(backbone: Backbone, size_px: int, weights: list[NDArray[np.float32]], result: Path) -> Path:
    base = build_base(backbone, size_px)
    base.set_weights(weights[: len(base.weights)])
    temporary = result.with_suffix(".partial")
    save_weights(base, temporary)
    temporary.replace(result)
    return result
