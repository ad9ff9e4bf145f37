"""Transfer: a new head on a frozen base, trained on features that are computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.evaluation.metrics import roc_auc
from core.models.backbones import Backbone, scale_pixels
from core.models.engine.keras import HIDDEN_UNITS, build_base, build_network, save_weights
from core.models.head import Pooling
from train.config import TransferConfig
from train.data.records import Record
from train.networks.augment import augment
from train.networks.learning import balanced_shares, fast_precision, load_base, plain_batch, seed_everything
from train.tools.files import replacing
from train.tools.logs import open_log
from train.tools.progress import Tally

Features = NDArray[np.float32]


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


def frozen_base(backbone: Backbone, size_px: int, weights: Path | None) -> Any:
    """A base ready to be frozen.

    Args:
        backbone: Which.
        size_px: Side of the input.
        weights: A file with the base's weights; None to have Keras download ImageNet's.

    Raises:
        WeightsError: If the download fails, or the file belongs to another network.
    """
    if weights is not None:
        return load_base(backbone, size_px, weights)
    try:
        return build_base(backbone, size_px, weights="imagenet")
    except (OSError, ValueError, RuntimeError) as error:  # Keras raises bare Exception, see below
        raise _download_failed(backbone, error) from error
    except Exception as error:
        if type(error) is not Exception:  # `keras.utils.get_file` raises just that when a URL fails
            raise
        raise _download_failed(backbone, error) from error


def _download_failed(backbone: Backbone, error: Exception) -> WeightsError:
    # A ValueError says that the hash is another one. Keras keeps that file, and fetches it anew next time.
    reason = "what came is not the published file" if isinstance(error, ValueError) else str(error)
    return WeightsError(
        f"The ImageNet weights of {backbone.name} could not be downloaded ({reason}); "
        "check the connection, or train with --init scratch or --init bundled."
    )


def build_extractor(base: Any, pooling: Pooling) -> Any:
    """A frozen base and what the head does with its feature map: images to (n, features), float32."""
    pool = keras.layers.GlobalAveragePooling2D if pooling == "average" else keras.layers.Flatten
    return keras.Model(base.input, pool(dtype="float32")(base.output))


def cache_features(
    backbone: Backbone,
    extractor: Any,
    squares: NDArray[np.uint8],
    copies: int,
    seed: int,
    progress: Tally | None = None,
    batch: int = 32,
    plain: bool = True,
) -> Features:
    """The frozen base's answer to every image, and to augmented copies of it.

    Args:
        backbone: Whose pixel scale to use.
        extractor: From `build_extractor`.
        squares: (n, s, s), uint8.
        copies: Augmented copies of each image.
        seed: Of the augmentation.
        progress: Called with (done, total) images.
        batch: Images a step.
        plain: Whether the images as they are come first.

    Returns:
        (1 + copies, n, features), float32, or without the plain images (copies, n, features).
    """
    size_px = extractor.input_shape[1]
    random = np.random.default_rng(seed)
    rounds = []
    first = 0 if plain else 1
    for copy in range(first, 1 + copies):
        parts = []
        for start in range(0, len(squares), batch):
            chunk = squares[start : start + batch]
            if copy:
                grey = np.stack([augment(square, size_px, random) for square in chunk])
                scaled = scale_pixels(grey, backbone.scale)
            else:
                scaled = plain_batch(chunk, backbone, size_px)
            padded = np.resize(scaled, (batch, *scaled.shape[1:]))  # another shape would be traced anew
            parts.append(extractor.predict_on_batch(padded)[: len(chunk)])
            if progress:
                done = (copy - first) * len(squares) + start + len(chunk)
                progress(done, (1 + copies - first) * len(squares))
        rounds.append(np.concatenate(parts))
    return np.asarray(np.stack(rounds), dtype=np.float32)


def all_features(
    backbone: Backbone,
    extractor: Any,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    base_weights: Path | None,
    config: TransferConfig,
    cache: Path,
    progress: Tally | None = None,
) -> Features:
    """Features of images as they are, kept in the cache, and of as many augmented copies as are wanted.

    Args:
        backbone: Whose pixel scale to use.
        extractor: From `build_extractor`.
        squares: (n, s, s), uint8, one a record.
        records: Which images.
        base_weights: The file that the base was read from; None for ImageNet's.
        config: How many copies, and their seed.
        cache: A folder.
        progress: Called with (done, total).

    Returns:
        (1 + copies, n, features), float32.
    """
    digest = hashlib.sha256(base_weights.read_bytes()).hexdigest()[:16] if base_weights else "imagenet"
    file = cache / f"features-{backbone.key}-{digest}.npz"
    known: dict[str, Features] = {}
    if file.is_file():
        with np.load(file) as stored:
            known = dict(zip(stored["paths"].tolist(), stored["features"], strict=True))
    missing = [row for row, record in enumerate(records) if record.path not in known]
    if missing:
        (found,) = cache_features(backbone, extractor, squares[missing], 0, 0, progress)
        known |= zip((records[row].path for row in missing), found, strict=True)
        with replacing(file) as partial, partial.open("wb") as stream:
            np.savez(stream, paths=np.array(list(known)), features=np.stack(list(known.values())))
    plain = np.stack([known[record.path] for record in records])[np.newaxis]
    if not config.copies:
        return plain
    copies = cache_features(backbone, extractor, squares, config.copies, config.seed, progress, plain=False)
    return np.concatenate([plain, copies])


def build_head(features: int) -> Any:
    """The study's head as a network of its own: (n, features) to P(COVID-19), (n, 1)."""
    return keras.Sequential(
        [
            keras.Input((features,)),
            keras.layers.Dense(HIDDEN_UNITS, activation="relu", dtype="float32"),
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
        The head of the best epoch.
    """
    seed_everything(config.seed)
    head = build_head(train[0].shape[1])
    head.compile(
        keras.optimizers.Adam(config.learning_rate),
        "binary_crossentropy",
        # Steps this small cost more in Python than in arithmetic; Keras on torch takes them one by one.
        steps_per_execution=1 if keras.backend.backend() == "torch" else 64,
    )
    stop = keras.callbacks.EarlyStopping(patience=config.patience, restore_best_weights=True)
    history = head.fit(
        *train[:2],
        sample_weight=train[2],
        batch_size=config.batch,
        epochs=config.epochs,
        validation_data=validation,
        validation_batch_size=512,
        callbacks=[stop],
        verbose=0,
    )
    scores = head.predict(validation[0], batch_size=512, verbose=0)[:, 0]
    return TrainedHead(
        weights=tuple(head.get_weights()),
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
        features: (1 + copies, n, f), from `cache_features`.
        labels: (n,), 1 for COVID-19.
        sources: The source of each of the n images.
        validation: Features (m, f) and labels (m,).
        config: The knobs.
    """
    weights = (balanced_shares(labels, sources) * len(labels)).astype(np.float32)
    rounds = len(features)
    flat = features.reshape(-1, features.shape[-1])
    return train_head((flat, np.tile(labels, rounds), np.tile(weights, rounds)), validation, config)


def task_records(records: Sequence[Record], split: str) -> NDArray[np.int64]:
    """Indices of a split's images of the task: COVID-19 or normal."""
    return np.array(
        [i for i, record in enumerate(records) if record.split == split and record.label != "pneumonia"],
        dtype=np.int64,
    )


def transfer(
    backbone: Backbone,
    squares: NDArray[np.uint8],
    records: Sequence[Record],
    base_weights: Path | None,
    pooling: Pooling,
    config: TransferConfig,
    cache: Path,
    target: Path,
    progress: Tally | None = None,
) -> TrainedHead:
    """Trains a backbone's head and stores the whole network.

    Args:
        backbone: Which.
        squares: (n, size_px, size_px), uint8, one a record.
        records: Splits train and val are used; the others are left alone.
        base_weights: A file with the base's weights; None for ImageNet's.
        pooling: Of the head.
        config: The knobs.
        cache: Folder where features are kept.
        target: The safetensors file to write.
        progress: Called with (done, total) while features are computed; the head then takes a minute.

    Returns:
        The head.

    Raises:
        WeightsError: If ImageNet's weights cannot be downloaded, or the file belongs to another network.
    """
    seed_everything(config.seed)
    size_px = squares.shape[1]
    with fast_precision():
        base = frozen_base(backbone, size_px, base_weights)
        extractor = build_extractor(base, pooling)
    train, validation = task_records(records, "train"), task_records(records, "val")
    labels = np.array([int(record.label == "covid") for record in records])
    task = np.concatenate([train, validation])
    features = all_features(
        backbone,
        extractor,
        squares[task],
        [records[row] for row in task],
        base_weights,
        config,
        cache,
        progress,
    )
    head = fit_head(
        features[:, : len(train)],
        labels[train],
        [records[index].source for index in train],
        (features[0, len(train) :], labels[validation]),
        config,
    )
    _log(head, target.parent / "logs" / f"{target.stem}.head")
    network = build_network(backbone, size_px, pooling, base)
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
