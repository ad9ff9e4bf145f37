"""Pretraining: a backbone learns chest radiographs from scratch, low resolution first."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.models.backbones import Backbone
from core.models.engine.keras import save_weights
from core.vocabulary import CLASSES
from train.config import PretrainConfig, Stage
from train.data.records import Record
from train.networks.learning import (
    Batches,
    build_trainable_base,
    execution,
    fast_precision,
    load_base,
    plain_base,
    plain_batch,
    seed_everything,
    settle_batch_normalization,
    warm_cosine,
)
from train.tools.checkpoint import Checkpoint
from train.tools.files import replacing
from train.tools.logs import Log, open_log
from train.tools.progress import Tally

VALIDATION_BATCH = 32

Report = Callable[[str], None]
Watched = tuple[NDArray[np.float32], NDArray[np.int64]]


class _Epochs(keras.callbacks.Callback):
    """Tells the batches which epoch it is, so that a resumed run draws what an unbroken one would.

    And tells people how far it is, and how well it goes.
    """

    def __init__(
        self, batches: Batches, stage: Stage, epochs_before: int, log: Log, watch: Tally, report: Report
    ) -> None:
        super().__init__()
        self._batches, self._stage, self._epochs_before = batches, stage, epochs_before
        self._log, self._watch, self._report = log, watch, report
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        self._epoch = epoch
        self._batches.start(epoch)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        steps = len(self._batches)
        self._watch(self._epoch * steps + batch + 1, self._stage.epochs * steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras."""
        figures = {name: float(value) for name, value in (logs or {}).items()}
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self._log(self._epochs_before + epoch + 1, figures | {"learning_rate": rate})
        said = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
        self._report(f"{self._stage.size_px} px, epoch {epoch + 1} of {self._stage.epochs}: {said}")


def pretrain(
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    config: PretrainConfig,
    folder: Path,
    watch: Tally,
    report: Report,
    start: Path | None = None,
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
        start: A file with the weights of a base that is to learn on; None for fresh ones.

    Returns:
        The safetensors file of the base's weights, `<key>.base.safetensors` in the folder.
    """
    result = folder / f"{backbone.key}.base.safetensors"
    if result.is_file():
        return result
    folder.mkdir(parents=True, exist_ok=True)
    weights: list[NDArray[np.float32]] = []
    stages = config.further if start else config.stages
    for index, stage in enumerate(stages):
        keras.backend.clear_session()  # frees the graph of the stage before
        seed_everything(config.seed)
        with fast_precision():
            size_px = stage.size_px
            base = load_base(backbone, size_px, start) if start else build_trainable_base(backbone, size_px)
            network = three_classes(base, config.dropout)
        if weights:
            network.set_weights(weights)
        batches = _batches(backbone, squares, records, stage, config)
        network.compile(
            _optimizer(stage, config),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            **execution(stage.epochs * len(batches)),
        )
        checkpoint = Checkpoint(folder / f"{backbone.key}.stage{index}.npz")
        first = checkpoint.restore(network)
        before = sum(earlier.epochs for earlier in stages[:index])
        if first < stage.epochs:
            with open_log(folder / "logs" / backbone.key, before + first + 1) as log:
                told = _Epochs(batches, stage, before, log, watch, report)
                watched = _watched(backbone, squares, records, stage.size_px)
                _run(network, batches, watched, first, stage.epochs, [told, checkpoint])
        weights = network.get_weights()
    batches.start(0)
    settle_batch_normalization(network, batches)
    with replacing(result) as partial:
        save_weights(plain_base(backbone, base), partial)
    return result


def _batches(
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    stage: Stage,
    config: PretrainConfig,
) -> Batches:
    train = [index for index, record in enumerate(records) if record.split == "train"]
    labels = np.array([CLASSES.index(records[index].visible_label) for index in train])
    sources = [records[index].source for index in train]
    return Batches(squares[train], labels, sources, backbone, stage.size_px, stage.images, config)


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
    epochs: int,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    network.fit(
        batches,
        initial_epoch=first,
        epochs=epochs,
        shuffle=False,  # they are drawn at random as it is, and a resumed run must draw the same
        validation_data=watched,
        validation_batch_size=VALIDATION_BATCH,
        callbacks=callbacks,
        verbose=0,
    )


def _watched(
    backbone: Backbone, squares: NDArray[np.uint8], records: Sequence[Record], size_px: int, each: int = 100
) -> Watched:
    """Validation images to watch while it trains, and their labels: at most so many of each class."""
    held_out = [index for index, record in enumerate(records) if record.split == "val"]
    chosen = [
        index
        for label in CLASSES
        for index in [index for index in held_out if records[index].visible_label == label][:each]
    ]
    labels = np.array([CLASSES.index(records[index].visible_label) for index in chosen])
    return plain_batch(squares[chosen], backbone, size_px), labels


def _optimizer(stage: Stage, config: PretrainConfig) -> Any:
    steps = stage.epochs * math.ceil(stage.images / config.batch)
    schedule = warm_cosine(stage.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer
