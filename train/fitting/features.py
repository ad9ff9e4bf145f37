"""Features: what a frozen base answers to each image, computed once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.errors import WeightsError
from core.models.backbones import Backbone, scale_pixels
from core.models.engine.keras import build_base
from core.models.head import Pooling
from train.config import TransferConfig
from train.data.images import Images
from train.networks.augment import augment, plain
from train.networks.learning import load_base
from train.tools.files import replacing
from train.tools.progress import Tally

BATCH = 32  # squares that a base is asked for at once

Features = NDArray[np.float32]


@dataclass(frozen=True)
class PretrainedBase:
    """A base that a head can be put on.

    Attributes:
        backbone: Whose.
        weights: The file that holds them; None for ImageNet's, which Keras downloads.
    """

    backbone: Backbone
    weights: Path | None

    @property
    def digest(self) -> str:
        """Its backbone and its weights, for the name of a file."""
        if self.weights is None:
            return f"{self.backbone.key}-imagenet"
        return f"{self.backbone.key}-{hashlib.sha256(self.weights.read_bytes()).hexdigest()[:16]}"


def frozen_base(base: PretrainedBase, size_px: int) -> Any:
    """A network ready to be frozen.

    Args:
        base: Which.
        size_px: Side of the input.

    Raises:
        WeightsError: If the download fails, or the file belongs to another network.
    """
    backbone = base.backbone
    if base.weights is not None:
        return load_base(backbone, size_px, base.weights)
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


@dataclass(frozen=True, eq=False)
class Extractor:
    """A frozen base, and what the head does with its feature map.

    Attributes:
        base: Which.
        network: From `build_extractor`.
    """

    base: PretrainedBase
    network: Any

    @property
    def size_px(self) -> int:
        """Side of its input."""
        return int(self.network.input_shape[1])


def build_extractor(network: Any, pooling: Pooling) -> Any:
    """A base and what the head does with its feature map: scaled images to (n, features), float32."""
    pool = keras.layers.GlobalAveragePooling2D if pooling == "average" else keras.layers.Flatten
    return keras.Model(network.input, pool(dtype="float32")(network.output))


def plain_features(
    extractor: Extractor, squares: NDArray[np.uint8], progress: Tally | None = None
) -> Features:
    """The frozen base's answer to every image as it is.

    Args:
        extractor: The base.
        squares: (n, s, s), uint8.
        progress: Called with (done, total) images.

    Returns:
        (n, features), float32.
    """
    size_px = extractor.size_px
    return _features(extractor, squares, lambda square: plain(square, size_px), progress)


def augmented_features(
    extractor: Extractor, squares: NDArray[np.uint8], config: TransferConfig, progress: Tally | None = None
) -> Features:
    """The frozen base's answer to augmented copies of every image.

    Args:
        extractor: The base.
        squares: (n, s, s), uint8.
        config: How many copies, at least one, and the seed of their augmentation.
        progress: Called with (done, total) copies.

    Returns:
        (copies, n, features), float32.
    """
    size_px, random = extractor.size_px, np.random.default_rng(config.seed)

    def change(square: NDArray[np.uint8]) -> NDArray[np.float32]:
        return augment(square, size_px, random)

    def told(copy: int) -> Tally | None:
        if progress is None:
            return None
        return lambda done, total: progress(copy * total + done, config.copies * total)

    return np.stack([_features(extractor, squares, change, told(copy)) for copy in range(config.copies)])


def _features(
    extractor: Extractor,
    squares: NDArray[np.uint8],
    change: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    progress: Tally | None,
) -> Features:
    parts = []
    for start in range(0, len(squares), BATCH):
        chunk = squares[start : start + BATCH]
        grey = np.stack([change(square) for square in chunk])
        scaled = scale_pixels(grey, extractor.base.backbone.scale)
        padded = np.resize(scaled, (BATCH, *scaled.shape[1:]))  # another shape would be traced anew
        parts.append(extractor.network.predict_on_batch(padded)[: len(chunk)])
        if progress:
            progress(start + len(chunk), len(squares))
    return np.asarray(np.concatenate(parts), dtype=np.float32)


def all_features(
    extractor: Extractor,
    images: Images,
    config: TransferConfig,
    cache: Path,
    progress: Tally | None = None,
) -> Features:
    """Features of images as they are, kept in the cache, and of as many augmented copies as are wanted.

    Args:
        extractor: The base.
        images: Which.
        config: How many copies, and their seed.
        cache: A folder.
        progress: Called with (done, total).

    Returns:
        (1 + copies, n, features), float32.
    """
    paths = [record.path for record in images.records]
    file = cache / f"features-{extractor.base.digest}.npz"
    known: dict[str, Features] = {}
    if file.is_file():
        with np.load(file) as stored:
            known = dict(zip(stored["paths"].tolist(), stored["features"], strict=True))
    missing = [row for row, path in enumerate(paths) if path not in known]
    if missing:
        found = plain_features(extractor, images.squares[missing], progress)
        known |= zip((paths[row] for row in missing), found, strict=True)
        with replacing(file) as partial, partial.open("wb") as stream:
            np.savez(stream, paths=np.array(list(known)), features=np.stack(list(known.values())))
    unchanged = np.stack([known[path] for path in paths])[np.newaxis]
    if not config.copies:
        return unchanged
    return np.concatenate([unchanged, augmented_features(extractor, images.squares, config, progress)])
