"""Transfer: a new head on a frozen base, trained on its features."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
LEAST_WITHIN = 0.3  # of the whole variance of standard features
_TINY = 1e-12  # keeps what never varies from dividing by 0


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
        history: Loss, weighted and with what copies cost, and validation loss, which is the cross-entropy of
            images as they are, epoch by epoch.
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
    """What makes features standard: (features - mean) @ scaling.

    Attributes:
        mean: (f,).
        scaling: (f, f); each column makes one standard feature.
    """

    mean: Features
    scaling: Features

    def __call__(self, features: Features) -> Features:
        """Features (..., f), made standard."""
        return np.asarray((features - self.mean) @ self.scaling, dtype=np.float32)

    def folded(self, weights: Sequence[Features]) -> tuple[Features, ...]:
        """The weights of a head that learnt on standard features, for features as they come."""
        kernel, bias, *output = weights
        kernel = self.scaling @ kernel
        return kernel, bias - self.mean @ kernel, *output


def standard(features: Features) -> Standard:
    """What makes features standard: about 0, all together of size 1, and small where copies differ.

    Within-class covariance normalisation (Hatch et al. 2006, Interspeech), where a class is an image with its
    copies: directions in which framing and processing move a base's answer are scaled down, and the head
    learns more easily from the rest. What copies differ by is the mean outer product of copy minus image.
    Without copies each feature is scaled alone.

    Features that hardly vary do not come to count as much as those that vary: `LEAST_SPREAD` of the typical
    spread is added to each. Their kernels would grow so large that 8 bits could not hold the others. Likewise
    `LEAST_WITHIN` of the whole variance is added to what copies differ by.

    Args:
        features: (1 + copies, n, f), of the images as they are first. It takes some matrices of (f, f).
    """
    flat = features.reshape(-1, features.shape[-1])
    variance = flat.var(axis=0, dtype=np.float64)
    spread = np.sqrt(variance + LEAST_SPREAD**2 * variance.mean() + _TINY)
    scaling = np.diag(1 / spread)
    if len(features) > 1:
        apart = ((features[1:] - features[:1]) / spread).reshape(-1, len(spread))
        whole = np.mean(variance / spread**2) + _TINY
        within = apart.T @ apart / len(apart) + LEAST_WITHIN * whole * np.eye(len(spread))
        values, axes = np.linalg.eigh(within)
        scaling = (axes / np.sqrt(values)) @ axes.T / spread[:, None]
    mean = flat.mean(axis=0)
    size = np.sqrt(np.mean(np.square((features[0] - mean) @ scaling))) + _TINY
    return Standard(mean, (scaling / size).astype(np.float32))


def build_head(features: int, dropout: float = 0.0, seed: int = 7) -> Any:
    """The study's head as a network of its own: (n, features) to P(COVID-19), (n, 1)."""
    return keras.Sequential(
        [
            keras.Input((features,)),
            keras.layers.Dense(HIDDEN_UNITS, activation="relu", dtype="float32"),
            keras.layers.Dropout(dropout, seed=seed, dtype="float32"),
            keras.layers.Dense(1, dtype="float32"),
            keras.layers.Activation("sigmoid", dtype="float32"),
        ]
    )


def consistency_loss(weight: float) -> Callable[[Any, Any], Any]:
    """The loss of a head that is asked about images and their copies at once.

    Args:
        weight: Of the mean squared difference between P(COVID-19) of a copy and of the image itself, each
            with dropout of its own.

    Returns:
        A function of labels (n, 1) and logits (n, 1 + copies), the image's own first, to the mean
        cross-entropy and that difference, (n,).
    """

    def loss(labels: Any, logits: Any) -> Any:
        ops = keras.ops
        wrong = ops.binary_crossentropy(ops.ones_like(logits) * labels, logits, from_logits=True)
        said = ops.sigmoid(logits)
        copies = ops.maximum(ops.cast(ops.shape(said)[1], "float32") - 1, 1)
        apart = ops.sum(ops.square(said - said[:, :1]), axis=1) / copies
        return ops.mean(wrong, axis=1) + weight * apart

    return loss


def train_head(
    train: tuple[Features, NDArray[np.int64], Features],
    validation: tuple[Features, NDArray[np.int64]],
    config: TransferConfig,
) -> TrainedHead:
    """Trains a head with early stopping, by the cross-entropy of validation images without copies.

    Args:
        train: Features (1 + copies, n, f), labels (n,) with 1 for COVID-19, and sample weights (n,).
        validation: Features (m, f) and labels (m,).
        config: The knobs.

    Returns:
        The head of the best epoch, for features as they come.
    """
    seed_everything(config.seed)
    features, labels, weights = train
    scale = standard(features) if config.standardised else None
    seen, watched = (scale(each) if scale else each for each in (features, validation[0]))
    head = build_head(features.shape[-1], config.dropout, config.seed)
    batch = max(config.batch // len(features), 1)
    steps = config.epochs * math.ceil(len(labels) / batch)
    rate = warm_cosine(config.learning_rate, steps) if config.cosine else config.learning_rate
    learner = _over_copies(head)
    learner.compile(
        keras.optimizers.AdamW(rate, weight_decay=config.weight_decay),
        consistency_loss(config.consistency),
        # Steps this small cost more in Python than in arithmetic; Keras on torch takes them one by one.
        steps_per_execution=1 if keras.backend.backend() == "torch" else 64,
    )
    stop = keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)
    history = learner.fit(
        np.ascontiguousarray(seen.swapaxes(0, 1)),
        labels[:, np.newaxis],
        sample_weight=weights,
        batch_size=batch,
        epochs=config.epochs,
        validation_data=(watched[:, np.newaxis], validation[1][:, np.newaxis]),
        validation_batch_size=512,
        callbacks=[stop],
        verbose=0,
    )
    learnt = head.get_weights()
    return TrainedHead(
        weights=scale.folded(learnt) if scale else tuple(learnt),
        validation_auc=roc_auc(validation[1], head.predict(watched, batch_size=512, verbose=0)[:, 0]),
        history={name: tuple(map(float, figures)) for name, figures in history.history.items()},
    )


def _over_copies(head: Any) -> Any:
    """The same head's logits, of images and their copies: (n, 1 + copies, f) to (n, 1 + copies)."""
    said = inputs = keras.Input((None, head.input_shape[-1]))
    for layer in head.layers[:-1]:  # all but the sigmoid
        said = layer(said)
    return keras.Model(inputs, said[..., 0])


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
    return train_head((features, labels, weights), validation, config)


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
