"""Transfer: a new head on a frozen base, trained on its features."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.evaluation.metrics import roc_auc
from core.models.engine.keras import HIDDEN_UNITS, build_network, save_weights
from core.models.head import Pooling
from core.vocabulary import TASK
from core.whole_file import replacing
from train.config import TransferConfig
from train.data.images import Images
from train.data.records import Record
from train.fitting.features import (
    Extractor,
    Features,
    PretrainedBase,
    all_features,
    build_extractor,
    frozen_base,
)
from train.networks.learning import balanced_shares, fast_precision, seed_everything, warm_cosine
from train.tools.logs import open_log
from train.tools.progress import Tally

LEAST_SPREAD = 0.3  # of the typical spread of features


@dataclass(frozen=True)
class HeadTraining:
    """How heads are trained.

    Attributes:
        pooling: Of the head.
        config: The knobs.
        cache: Folder where features are kept.
    """

    pooling: Pooling
    config: TransferConfig
    cache: Path


@dataclass(frozen=True)
class TrainedHead:
    """A trained head.

    Attributes:
        weights: Kernel and bias of the hidden layer, then of the output.
        validation_auc: ROC AUC on the validation images, phantoms among them, before anything is quantised.
        history: Loss and validation loss, epoch by epoch.
    """

    weights: tuple[Features, ...]
    validation_auc: float
    history: dict[str, tuple[float, ...]]

    @property
    def epochs(self) -> int:
        """How many were run."""
        return len(self.history["loss"])


@dataclass(frozen=True)
class Standard:
    """What makes features standard: (features - mean) / spread.

    Attributes:
        mean: (f,).
        spread: (f,), above 0.
    """

    mean: Features
    spread: Features

    def folded(self, weights: Sequence[Features]) -> tuple[Features, ...]:
        """The weights of a head that learnt on standard features, for features as they come."""
        kernel, bias, *output = weights
        kernel = kernel / self.spread[:, None]
        return kernel, bias - self.mean @ kernel, *output


def standard(features: Features) -> Standard:
    """What makes features (n, f) standard.

    Features that hardly vary do not come to count as much as those that vary: `LEAST_SPREAD` of the typical
    spread is added to each. Their kernels would grow so large that 8 bits could not hold the others.
    """
    variance = features.var(axis=0, dtype=np.float64)
    spread = np.sqrt(variance + LEAST_SPREAD**2 * variance.mean() + np.finfo(np.float32).tiny)
    return Standard(features.mean(axis=0), spread.astype(np.float32))


def as_it_is(features: int) -> Standard:
    """What leaves so many features alone."""
    return Standard(np.zeros(features, np.float32), np.ones(features, np.float32))


def build_head(features: int, dropout: float = 0.0, seed: int = 7) -> Any:
    """The study's head as a network of its own: (n, features) to P(COVID-19), (n, 1)."""
    return keras.Sequential(
        [
            keras.Input((features,)),
            keras.layers.Dense(HIDDEN_UNITS, activation="relu", dtype="float32"),
            keras.layers.Dropout(dropout, seed=seed, dtype="float32"),
            keras.layers.Dense(1, activation="sigmoid", dtype="float32"),
        ]
    )


def train_head(
    train: tuple[Features, NDArray[np.int64], Features],
    validation: tuple[Features, NDArray[np.int64]],
    config: TransferConfig,
) -> TrainedHead:
    """Trains a head with early stopping.

    Args:
        train: Features (n, f), labels (n,) with 1 for COVID-19, and sample weights (n,).
        validation: Features (m, f) and labels (m,).
        config: The knobs.

    Returns:
        The head of the best epoch, for features as they come.
    """
    seed_everything(config.seed)
    features, labels, weights = train
    scale = standard(features) if config.standardised else as_it_is(features.shape[1])
    head = build_head(features.shape[1], config.dropout, config.seed)
    steps = config.epochs * math.ceil(len(features) / config.batch)
    rate = warm_cosine(config.learning_rate, steps) if config.cosine else config.learning_rate
    head.compile(
        keras.optimizers.AdamW(rate, weight_decay=config.weight_decay),
        "binary_crossentropy",
        # Steps this small cost more in Python than in arithmetic; Keras on torch takes them one by one.
        steps_per_execution=1 if keras.backend.backend() == "torch" else 64,
    )
    watched = (validation[0] - scale.mean) / scale.spread
    stop = keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)
    history = head.fit(
        (features - scale.mean) / scale.spread,
        labels,
        sample_weight=weights,
        batch_size=config.batch,
        epochs=config.epochs,
        validation_data=(watched, validation[1]),
        validation_batch_size=512,
        callbacks=[stop],
        verbose=0,
    )
    scores = head.predict(watched, batch_size=512, verbose=0)[:, 0]
    return TrainedHead(
        weights=scale.folded(head.get_weights()),
        validation_auc=roc_auc(validation[1], scores),
        history={name: tuple(map(float, figures)) for name, figures in history.history.items()},
    )


def fit_head(
    features: Features,
    labels: NDArray[np.int64],
    sources: Sequence[str],
    validation: tuple[Features, NDArray[np.int64]],
    config: TransferConfig,
) -> TrainedHead:
    """Trains a head on images and their copies, which weigh as `balanced_shares` would draw them.

    Args:
        features: (1 + copies, n, f), from `train.fitting.features.all_features`.
        labels: (n,), 1 for COVID-19.
        sources: The source of each of the n images.
        validation: Features (m, f) and labels (m,).
        config: The knobs.
    """
    weights = (balanced_shares(labels, sources) * len(labels)).astype(np.float32)
    rounds = len(features)
    flat = features.reshape(-1, features.shape[-1])
    return train_head((flat, np.tile(labels, rounds), np.tile(weights, rounds)), validation, config)


def task_rows(records: Sequence[Record], split: str) -> NDArray[np.int64]:
    """Indices of a split's images of the task: COVID-19 or normal."""
    return np.array(
        [i for i, record in enumerate(records) if record.split == split and record.label in TASK],
        dtype=np.int64,
    )


def transfer(
    base: PretrainedBase, images: Images, training: HeadTraining, target: Path, progress: Tally | None = None
) -> TrainedHead:
    """Trains a backbone's head and stores the whole network.

    Args:
        base: What it is put on.
        images: Splits train and val are used; the others are left alone.
        training: How.
        target: The safetensors file to write.
        progress: Called with (done, total) while features are computed; the head then takes a minute.

    Returns:
        The head.

    Raises:
        WeightsError: If ImageNet's weights cannot be downloaded, or the file belongs to another network.
    """
    config, size_px = training.config, images.preprocessing.size_px
    seed_everything(config.seed)
    with fast_precision():
        frozen = frozen_base(base, size_px)
        extractor = Extractor(base, build_extractor(frozen, training.pooling))
    train, validation = task_rows(images.records, "train"), task_rows(images.records, "val")
    labels = np.array([int(record.label == "covid") for record in images.records])
    task = images.take(np.concatenate([train, validation]))
    features = all_features(extractor, task, config, training.cache, progress)
    head = fit_head(
        features[:, : len(train)],
        labels[train],
        [images.records[row].source for row in train],
        (features[0, len(train) :], labels[validation]),
        config,
    )
    _log(head, target.parent / "logs" / f"{target.stem}.head")
    network = build_network(base.backbone, size_px, training.pooling, frozen)
    for layer, kernel, bias in zip(
        ("head_hidden", "head_output"), head.weights[::2], head.weights[1::2], strict=True
    ):
        network.get_layer(layer).set_weights([kernel, bias])
    with replacing(target) as partial:
        save_weights(network, partial)
    return head


def _log(head: TrainedHead, folder: Path) -> None:
    with open_log(folder, 1) as log:
        for epoch, figures in enumerate(zip(*head.history.values(), strict=True), start=1):
            log(epoch, dict(zip(head.history, figures, strict=True)))
