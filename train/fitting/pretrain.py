"""Pretraining: a backbone learns chest radiographs from scratch, low resolution first."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.backbones import Backbone
from core.models.engine.keras import save_weights
from core.vocabulary import CLASSES
from core.whole_file import replacing
from train.config import PretrainConfig, Stage
from train.data.images import Images
from train.networks.learning import (
    Batches,
    Watched,
    build_trainable_base,
    execution,
    fast_precision,
    has_batch_normalization,
    has_gpu,
    load_base,
    of_split,
    plain_base,
    seed_everything,
    settle_batch_normalization,
    warm_cosine,
    watched_images,
)
from train.tools.checkpoint import Checkpoint
from train.tools.logs import Log, open_log
from train.tools.progress import Report, Reporter, Tally

VALIDATION_BATCH = 32


class _Epochs(keras.callbacks.Callback):
    """Tells the batches which epoch it is, so that a resumed run draws what an unbroken one would.

    And tells people how far it is, and how well it goes.
    """

    def __init__(self, batches: Batches, epochs_before: int, log: Log, tally: Tally, report: Report) -> None:
        super().__init__()
        self._batches, self._stage, self._epochs_before = batches, batches.stage, epochs_before
        self._log, self._tally, self._report = log, tally, report
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        self._epoch = epoch
        self._batches.start(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        steps = len(self._batches)
        self._tally(self._epoch * steps + batch + 1, self._stage.epochs * steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        figures = {name: float(value) for name, value in (logs or {}).items()}
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self._log(self._epochs_before + epoch + 1, figures | {"learning_rate": rate})
        said = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self._report(f"{self._stage.size_px} px, epoch {epoch + 1} of {self._stage.epochs}: {said}")


def pretrain(
    backbone: Backbone,
    images: Images,
    config: PretrainConfig,
    folder: Path,
    reporter: Reporter,
    start: Path | None = None,
) -> Path:
    """Trains a backbone on three classes and keeps its base.

    Args:
        backbone: Which.
        images: Of the splits train and val; others are left alone.
        config: The knobs.
        folder: Where checkpoints and the result go; an interrupted run resumes from it.
        reporter: Told the steps of each stage, and a sentence after each epoch.
        start: A file with the weights of a base that is to learn on; None for fresh ones.

    Returns:
        The safetensors file of the base's weights, `<key>.base.safetensors` in the folder.
    """
    if keras.backend.backend() == "torch" and has_gpu():
        from train.fitting.pretrain_torch import pretrain_on_torch

        return pretrain_on_torch(backbone, images, config, folder, reporter, start)
    result = folder / f"{backbone.key}.base.safetensors"
    if result.is_file():
        return result
    folder.mkdir(parents=True, exist_ok=True)
    tally = reporter.watch("steps")
    weights: list[NDArray[np.float32]] = []
    stages = config.further if start else config.stages
    for index, stage in enumerate(stages):
        keras.backend.clear_session()  # frees the previous stage's graph
        seed_everything(config.seed)
        with fast_precision():
            size_px = stage.size_px
            base = load_base(backbone, size_px, start) if start else build_trainable_base(backbone, size_px)
            network = three_classes(base, config.dropout)
        if weights:
            network.set_weights(weights)
        batches = Batches(images.take(of_split(images, "train")), backbone, stage, config)
        network.compile(
            _optimizer(stage if has_batch_normalization(network) else _gentler(stage, config), config),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            **execution(stage.epochs * len(batches)),
        )
        checkpoint = Checkpoint(folder / f"{backbone.key}.stage{index}.npz")
        first = checkpoint.restore(network)
        before = sum(earlier.epochs for earlier in stages[:index])
        if first < stage.epochs:
            with open_log(folder / "logs" / backbone.key, before + first + 1) as log:
                told = _Epochs(batches, before, log, tally, reporter.report)
                watched = watched_images(backbone, images, stage.size_px)
                _run(network, batches, watched, first, [told, checkpoint])
        weights = network.get_weights()
    batches.start(0)
    settle_batch_normalization(network, batches)
    with replacing(result) as partial:
        save_weights(plain_base(backbone, base), partial)
    return result


def three_classes(base: Any, dropout: float) -> Any:
    """A base to probabilities of `CLASSES`, (n, 3)."""
    pooled = keras.layers.GlobalAveragePooling2D()(base.output)
    dropped = keras.layers.Dropout(dropout, seed=7)(pooled)
    outputs = keras.layers.Dense(len(CLASSES), activation="softmax", dtype="float32")(dropped)
    return keras.Model(base.input, outputs)


def _run(
    network: Any,
    batches: Batches,
    watched: Watched,
    first: int,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    network.fit(
        batches,
        initial_epoch=first,
        epochs=batches.stage.epochs,
        shuffle=False,  # they are drawn at random as it is, and a resumed run must draw the same
        validation_data=watched,
        validation_batch_size=VALIDATION_BATCH,
        callbacks=callbacks,
        verbose=0,
    )


def _gentler(stage: Stage, config: PretrainConfig) -> Stage:
    return replace(stage, learning_rate=stage.learning_rate * config.unnormalised)


def _optimizer(stage: Stage, config: PretrainConfig) -> Any:
    steps = stage.epochs * math.ceil(stage.images / config.batch)
    schedule = warm_cosine(stage.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
