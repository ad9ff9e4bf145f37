"""The lung network: where the lung fields are, learnt from phantoms' exact masks and from people's."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage
from sklearn.model_selection import GroupKFold

from core.models.engine.keras import build_lungs, load_weights, save_weights
from core.models.lungs import LUNG
from core.whole_file import replacing
from train.config import LungsConfig
from train.data.outlined import Outlined
from train.networks.augment import augment_with_mask
from train.networks.learning import (
    execution,
    fast_precision,
    fuse,
    seed_everything,
    settle_batch_normalization,
    warm_cosine,
)
from train.tools.files import write_json
from train.tools.progress import Reporter, Tally

HELD_OUT_PHANTOMS = 100  # that measure it
PHANTOMS_FILE = "lungs.phantoms.safetensors"  # what phantoms alone have taught
# A mask drawn on another frame fits so much better, and so well, once it is stretched.
GAIN, GOOD = 0.08, 0.9


@dataclass(frozen=True, eq=False)
class LungsData:
    """What the lung network learns from, and what measures it.

    Attributes:
        phantoms: What it learns from first.
        held_out: Phantoms that measure it.
        drawn: Masks drawn by people; None for phantoms alone.
    """

    phantoms: Outlined
    held_out: Outlined
    drawn: Outlined | None


@dataclass(frozen=True)
class LungsFit:
    """A trained lung network, and how well it overlaps with masks that it has not seen.

    Attributes:
        phantom_dice: Mean Dice coefficient on held-out phantoms.
        dice: Mean over the masks drawn by people, each predicted by a network that saw none of its
            patient's; None without such masks.
        worst: The least of those.
        images: How many masks.
        misregistered: Masks left out besides, see `misregistered`.
        dice_with_all: Mean with the misregistered ones; None without masks.
    """

    phantom_dice: float
    dice: float | None
    worst: float | None
    images: int
    misregistered: int
    dice_with_all: float | None


def train_lungs(data: LungsData, config: LungsConfig, folder: Path, reporter: Reporter) -> LungsFit:
    """Trains the lung network, measures it, and stores it as `lungs.safetensors`.

    Args:
        data: What it learns from, and what measures it.
        config: The knobs.
        folder: Where the results of each part go; an interrupted run takes up at the last whole part.
        reporter: Told the steps of each part, and a sentence after it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    phantoms, drawn, base = data.phantoms, data.drawn, folder / PHANTOMS_FILE
    if not base.is_file():
        network = _network(config, None)
        lessons = _Lessons((phantoms,), config.first, len(phantoms.squares))
        _fit(network, lessons, config, reporter.watch("Lungs: phantoms"))
        _keep(network, config, base)
    others = None
    if drawn:
        moved = misregistered(drawn.masks, predict(_network(config, base), drawn.squares))
        drawn, others = drawn.take(~moved), drawn.take(moved)
    scores = _cross_validate(phantoms, drawn, config, folder, reporter) if drawn else []
    target = folder / "lungs.safetensors"
    if not target.is_file():
        network = _network(config, base)
        if drawn and drawn.fitted.any():
            lessons = _Lessons((phantoms, drawn.take(drawn.fitted)), config.then, config.images)
            _fit(network, lessons, config, reporter.watch("Lungs: all masks"))
        _keep(network, config, target)
    network = build_lungs(config.size_px)
    load_weights(network, target)
    unfit = dice(predict(network, others.squares), others.masks).tolist() if others else []
    fit = LungsFit(
        phantom_dice=float(np.mean(dice(predict(network, data.held_out.squares), data.held_out.masks))),
        dice=float(np.mean(scores)) if scores else None,
        worst=float(np.min(scores)) if scores else None,
        images=len(scores),
        misregistered=len(unfit),
        dice_with_all=float(np.mean(scores + unfit)) if scores else None,
    )
    reporter.report(
        f"Lungs: Dice {fit.phantom_dice:.3f} on phantoms"
        + (f", {fit.dice:.3f} on {fit.images} masks drawn by people" if fit.images else "")
    )
    return fit


def _cross_validate(
    phantoms: Outlined, drawn: Outlined, config: LungsConfig, folder: Path, reporter: Reporter
) -> list[float]:
    """Dice of each mask drawn by people, by a network that learnt from other patients'."""
    folds = min(config.folds, len(set(drawn.groups)))
    splitter = GroupKFold(folds, shuffle=True, random_state=config.seed)
    scores = np.zeros(len(drawn.squares))
    for fold, (kept, left_out) in enumerate(splitter.split(drawn.squares, groups=drawn.groups)):
        note = folder / f"lungs.fold{fold}.json"
        if not note.is_file():
            network = _network(config, folder / PHANTOMS_FILE)
            lessons = _Lessons((phantoms, drawn.take(kept)), config.then, config.images)
            _fit(network, lessons, config, reporter.watch(f"Lungs: fold {fold + 1}"))
            found = dice(predict(network, drawn.squares[left_out]), drawn.masks[left_out])
            write_json(note, found.tolist())
        scores[left_out] = json.loads(note.read_text(encoding="utf-8"))
        reporter.report(f"Lungs, fold {fold + 1} of {folds}: Dice {scores[left_out].mean():.3f}")
    return list(map(float, scores))


def _network(config: LungsConfig, weights: Path | None) -> Any:
    keras.backend.clear_session()
    seed_everything(config.seed)
    with fast_precision():
        network = build_lungs(config.size_px)
        if weights:
            load_weights(network, weights)
        return fuse(network)


def _keep(network: Any, config: LungsConfig, target: Path) -> None:
    plain = build_lungs(config.size_px)
    plain.set_weights(network.get_weights())
    with replacing(target) as partial:
        save_weights(plain, partial)


@dataclass(frozen=True, eq=False)
class _Lessons:
    """What is learnt in one go.

    Attributes:
        parts: What is drawn from, in equal shares.
        epochs: How many.
        images: Draws of an epoch.
    """

    parts: Sequence[Outlined]
    epochs: int
    images: int


class _Batches(keras.utils.PyDataset):
    """Augmented squares with their masks, in equal shares from each part, drawn anew each epoch."""

    def __init__(self, lessons: _Lessons, config: LungsConfig, tally: Tally) -> None:
        super().__init__()
        self._parts, self._images, self._config = lessons.parts, lessons.images, config
        self._tally, self._epoch = tally, 0

    def __len__(self) -> int:
        """Steps an epoch."""
        return math.ceil(self._images / self._config.batch)

    def on_epoch_end(self) -> None:
        """Called by Keras."""
        self._epoch += 1

    def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(batch, size, size, 1) squares in [0, 1], and their masks of the same shape."""
        random = np.random.default_rng((self._config.seed, self._epoch, step))
        pairs = []
        for index in range(self._config.batch):
            part = self._parts[index % len(self._parts)]
            row = random.integers(len(part.squares))
            pairs.append(augment_with_mask(part.squares[row], part.masks[row], random))
        self._tally(self._epoch * len(self) + step + 1, 0)
        squares, masks = zip(*pairs, strict=True)
        return np.stack(squares)[..., np.newaxis], np.stack(masks)[..., np.newaxis]


def _fit(network: Any, lessons: _Lessons, config: LungsConfig, tally: Tally) -> None:
    total = lessons.epochs * math.ceil(lessons.images / config.batch)
    batches = _Batches(lessons, config, lambda done, _: tally(min(done, total), total))
    schedule = warm_cosine(config.learning_rate, total)
    network.compile(keras.optimizers.AdamW(schedule, clipnorm=1.0), overlap_loss, **execution(total))
    network.fit(batches, epochs=lessons.epochs, shuffle=False, verbose=0)
    settle_batch_normalization(network, batches)


def overlap_loss(truth: Any, found: Any) -> Any:
    """Cross-entropy plus soft Dice loss (Milletari et al. 2016, arXiv:1606.04797).

    Args:
        truth: (n, s, s, 1), 0 or 1.
        found: The same shape, in [0, 1].
    """
    ops = keras.ops
    entropy = ops.mean(keras.losses.binary_crossentropy(truth, found))
    shared, sizes = ops.sum(truth * found, axis=(1, 2, 3)), ops.sum(truth + found, axis=(1, 2, 3))
    return entropy + 1 - ops.mean((2 * shared + 1) / (sizes + 1))


def predict(network: Any, squares: NDArray[np.uint8], batch: int = 32) -> NDArray[np.float32]:
    """Probability of lung, (n, s, s), of squares (n, s, s), uint8."""
    scaled = squares[..., np.newaxis].astype(np.float32) / np.float32(255)
    parts = [np.empty((0, *scaled.shape[1:]), dtype=np.float32)]
    parts += [network.predict_on_batch(scaled[i : i + batch]) for i in range(0, len(scaled), batch)]
    return np.asarray(np.concatenate(parts)[..., 0], dtype=np.float32)


def misregistered(masks: NDArray[np.uint8], found: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Masks whose outline is a lung's, but on another frame: cropped or padded before somebody drew it.

    Args:
        masks: (n, s, s), uint8, drawn by people.
        found: (n, s, s), what a network that has seen none of them takes for lung.

    Returns:
        (n,), whether a mask fits clearly better, and well, once its bounding box is stretched onto that of
        the two largest regions found.
    """
    moved = []
    for mask, probability in zip(masks, found, strict=True):
        lungs = _two_largest(probability > LUNG)
        if not lungs.any() or not mask.any():
            moved.append(False)
            continue
        stretched = _onto(mask, lungs)
        before, after = (
            float(dice(lungs[np.newaxis].astype(np.float32), each[np.newaxis])[0])
            for each in (mask, stretched)
        )
        moved.append(after - before >= GAIN and after >= GOOD)
    return np.array(moved, dtype=bool)


def _two_largest(lung: NDArray[np.bool_]) -> NDArray[np.bool_]:
    regions, count = ndimage.label(lung)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    return np.isin(regions, np.argsort(sizes)[-2:] + 1)


def _onto(mask: NDArray[np.uint8], lungs: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The mask, stretched so that its bounding box is that of the lungs."""
    (left, top, right, bottom) = _bounds(lungs)
    cut = Image.fromarray(mask).crop(_bounds(mask > 127)).resize((right - left, bottom - top))
    stretched = np.zeros_like(mask)
    stretched[top:bottom, left:right] = np.asarray(cut)
    return stretched


def _bounds(region: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def dice(found: NDArray[np.float32], masks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Dice coefficient of each image, (n,), of probabilities and masks (n, s, s), cut at one half."""
    lung, truth = found > LUNG, masks > 127
    shared = (lung & truth).sum(axis=(1, 2))
    return np.asarray(2 * shared / np.maximum(lung.sum(axis=(1, 2)) + truth.sum(axis=(1, 2)), 1))
