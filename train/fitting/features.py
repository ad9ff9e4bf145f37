"""Features: what a frozen base answers to each image, computed once and kept."""

from __future__ import annotations

import hashlib
import zlib
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
from core.whole_file import replacing
from train.config import TransferConfig
from train.data.images import Images
from train.networks.framing import CUT_ALONE, Framing, framing_of, reframe, view
from train.networks.learning import load_base
from train.tools.cache import short_hash
from train.tools.progress import Tally

BATCH = 32  # squares that a base is asked for at once
_FRAMINGS = short_hash([repr(Framing()), repr(CUT_ALONE)])  # of the copies, for the name of a file

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


def build_extractor(network: Any, pooling: Pooling) -> Any:
    """A base and what the head does with its feature map: scaled images to (n, features), float32."""
    pool = keras.layers.GlobalAveragePooling2D if pooling == "average" else keras.layers.Flatten
    return keras.Model(network.input, pool(dtype="float32")(network.output))


def compute_features(
    extractor: Extractor, images: Images, config: TransferConfig, progress: Tally | None = None
) -> Features:
    """The frozen base's answer to every image as it is, and to copies framed and processed otherwise.

    How each copy is changed says `train.networks.framing.framing_of`.

    Args:
        extractor: The base.
        images: The n images.
        config: How many copies, and the seed of their changes, which do not depend on the other images.
        progress: Called with (done, total) answers.

    Returns:
        (1 + copies, n, features), float32; copies of what no head learns from, which is not of the split
        train, are NaN.
    """
    learnt = [row for row, record in enumerate(images.records) if record.split == "train"]
    asked = [list(range(len(images.records))), *[learnt] * config.copies]
    done, total = 0, sum(map(len, asked))
    shape = len(asked), len(images.records), extractor.network.output_shape[-1]
    features = np.full(shape, np.nan, dtype=np.float32)
    for copy, rows in enumerate(asked):
        for start in range(0, len(rows), BATCH):
            chunk = rows[start : start + BATCH]
            features[copy, chunk] = _answers(extractor, images.take(chunk), copy, config)
            done += len(chunk)
            if progress:
                progress(done, total)
    return features


def _answers(extractor: Extractor, images: Images, copy: int, config: TransferConfig) -> Features:
    """To at most `BATCH` images, (n, features); copy 0 is the image as it is."""
    seen = []
    for square, record in zip(images.squares, images.records, strict=True):
        if copy:
            random = np.random.default_rng((config.seed, copy, zlib.crc32(record.path.encode())))
            square = reframe(square, random, framing_of(copy, config.copies))
        seen.append(view(square, images.preprocessing))
    grey = np.stack(seen).astype(np.float32) / np.float32(255)
    scaled = scale_pixels(grey, extractor.base.backbone.scale)
    padded = np.resize(scaled, (BATCH, *scaled.shape[1:]))  # another shape would be traced anew
    return np.asarray(extractor.network.predict_on_batch(padded)[: len(grey)])


def all_features(
    extractor: Extractor,
    images: Images,
    config: TransferConfig,
    cache: Path,
    progress: Tally | None = None,
) -> Features:
    """The same, kept in the cache.

    Args:
        extractor: The base.
        images: Which.
        config: How many copies, and their seed.
        cache: A folder.
        progress: Called with (done, total).

    Returns:
        As from `compute_features`.
    """
    paths = [record.path for record in images.records]
    file = cache / f"features-{extractor.base.digest}-{config.copies}-{config.seed}-{_FRAMINGS}.npz"
    known: dict[str, Features] = {}
    if file.is_file():
        with np.load(file) as stored:
            known = dict(zip(stored["paths"].tolist(), stored["features"], strict=True))
    missing = [row for row, path in enumerate(paths) if path not in known]
    if missing:
        found = compute_features(extractor, images.take(missing), config, progress).swapaxes(0, 1)
        known |= zip((paths[row] for row in missing), found, strict=True)
        with replacing(file) as partial, partial.open("wb") as stream:
            np.savez(stream, paths=np.array(list(known)), features=np.stack(list(known.values())))
    return np.stack([known[path] for path in paths], axis=1)
