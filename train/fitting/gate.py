"""The gate learns what a picture is and how it lies: from radiographs, from odd pictures, from nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.gate.kinds import FLAGS, FRONTAL, KINDS, NONE, TURNS
from core.gate.verdict import seen_both_ways
from core.gate.way import Way
from core.models.engine.keras import build_gate, build_gate_member, load_weights, save_weights
from core.models.lungs import lungs_input
from core.vocabulary import PHANTOM
from core.whole_file import replacing
from train.config import GateConfig
from train.data.images import to_bytes
from train.networks.augment import Changes, augment
from train.networks.framing import Framing, reframe
from train.networks.learning import (
    execution,
    fuse,
    seed_everything,
    settle_batch_normalization,
    warm_cosine,
)
from train.networks.oddities import draw_oddity
from train.tools.processes import cores
from train.tools.progress import Tally

KEYS = [kind.key for kind in KINDS]
UNKNOWN = -1  # a truth that nobody knows, or that has no meaning for a picture
# Whatever moves left to right would make the truth of how a picture lies untrue.
SMALL = Changes(rotation_degrees=8.0, zoom=(0.95, 1.05), shift=0.03, erased=0.2, mirrored=0.0)
# A chest without its apices or bases is still a chest; with more cut off it is none.
MODERATE = Framing(cut=0.25)
MISSING = (0.22, 0.4)  # share of the height that is cut off where an apex or a base is to be missing


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures whose kind is known.

    Attributes:
        squares: (n, s, s), uint8, all of each, greys as read.
        kinds: (n,), places in `KINDS`.
        sources: (n,), the collection that each comes from.
    """

    squares: NDArray[np.uint8]
    kinds: NDArray[np.int64]
    sources: NDArray[np.str_]


def gate_view(square: NDArray[np.uint8], size_px: int) -> NDArray[np.float32]:
    """What the gate sees of a picture: (size_px, size_px), as `core.models.lungs.lungs_input`."""
    return np.asarray(lungs_input(square.astype(np.float32) / np.float32(255), size_px)[0, ..., 0])


def draw_way(random: np.random.Generator) -> Way:
    """Upright in somewhat more than half of all cases, mirrored in half."""
    return Way(
        quarters=int(random.choice(4, p=(0.55, 0.15, 0.15, 0.15))),
        mirrored=bool(random.random() < 0.5),
        inverted=bool(random.random() < 0.2),
    )


class _Batches(keras.utils.PyDataset):
    """Pictures with what is true of them, in the shares of the configuration, drawn anew each epoch."""

    def __init__(self, pictures: Pictures, config: GateConfig, tally: Tally) -> None:
        super().__init__(workers=max(1, cores() // 2))  # threads; what is drawn stays the same
        self._pictures, self._config, self._tally, self._epoch = pictures, config, tally, 0
        self._cells = _cells(pictures)
        self._pieces = pictures.squares[pictures.kinds == KEYS.index(FRONTAL)]

    def __len__(self) -> int:
        """Steps an epoch."""
        return math.ceil(self._config.images / self._config.batch)

    def on_epoch_end(self) -> None:
        """Called by Keras."""
        self._epoch += 1

    def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(batch, size, size, 1) in [0, 1], and (batch, 2 + flags): kind, turn and flags, or `UNKNOWN`."""
        random = np.random.default_rng((self._config.seed, self._epoch, step))
        drawn = [self._draw(random) for _ in range(self._config.batch)]
        self._tally(self._epoch * len(self) + step + 1, len(self) * self._config.epochs)
        grey, truth = zip(*drawn, strict=True)
        return np.stack(grey)[..., np.newaxis], np.array(truth, dtype=np.int64)

    def _draw(self, random: np.random.Generator) -> tuple[NDArray[np.float32], list[int]]:
        size_px, share = self._config.size_px, random.random()
        nothing = [KEYS.index(NONE), *[UNKNOWN] * (1 + len(FLAGS))]
        if share < self._config.nothing:
            square = draw_oddity(self._pieces, random)
            return self._see(draw_way(random).lay(square), random), nothing
        if share < self._config.nothing + self._config.frontal:
            return self._draw_frontal(random, size_px)
        halves = self._cells[1][int(random.integers(len(self._cells[1])))]
        row = int(random.choice(halves[int(random.integers(len(halves)))]))
        way = draw_way(random)
        square = way.lay(self._pictures.squares[row])
        if random.random() < 0.5:
            square = reframe(square, random, MODERATE)
        return self._see(square, random), [int(self._pictures.kinds[row]), *[UNKNOWN] * (1 + len(FLAGS))]

    def _draw_frontal(
        self, random: np.random.Generator, size_px: int
    ) -> tuple[NDArray[np.float32], list[int]]:
        rows = self._cells[0][int(random.choice(len(self._cells[0]), p=_roots(self._cells[0])))]
        square = self._pictures.squares[int(random.choice(rows))]
        apex, base = UNKNOWN, UNKNOWN
        missing = random.random()
        if missing < 0.16:
            lost = int(square.shape[0] * random.uniform(*MISSING))
            apex, base = (1, 0) if missing < 0.08 else (0, 1)
            square = square[lost:] if apex else square[:-lost]
        elif missing < 0.5:
            apex, base = 0, 0
        else:
            square = reframe(square, random, MODERATE)
        way = draw_way(random)
        grey = self._see(way.lay(square), random)
        # Left and right mean something once a picture is upright, and are asked about then.
        mirrored = UNKNOWN if way.quarters or way.inverted else int(way.mirrored)
        return grey, [KEYS.index(FRONTAL), way.quarters, mirrored, int(way.inverted), apex, base]

    def _see(self, square: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.float32]:
        seen = gate_view(square, self._config.size_px)
        return augment(to_bytes(seen), self._config.size_px, random, SMALL)


def _cells(pictures: Pictures) -> tuple[list[NDArray[np.int64]], list[list[NDArray[np.int64]]]]:
    """Rows of each source of frontal radiographs; of each other kind, those of pictures and of phantoms."""
    frontal, rendered = pictures.kinds == KEYS.index(FRONTAL), pictures.sources == PHANTOM
    sources = sorted(set(pictures.sources[frontal].tolist()))
    kinds = sorted(set(pictures.kinds[~frontal].tolist()))
    halves = [[(pictures.kinds == kind) & part for part in (~rendered, rendered)] for kind in kinds]
    return (
        [np.flatnonzero(frontal & (pictures.sources == source)) for source in sources],
        [[np.flatnonzero(half) for half in both if half.any()] for both in halves],
    )


def _roots(cells: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    roots = np.sqrt([len(cell) for cell in cells])
    return np.asarray(roots / roots.sum())


def gate_loss(truth: Any, outputs: Any) -> Any:
    """Cross-entropies of the kind, the turn and the flags, where each is known.

    Args:
        truth: (n, 2 + flags), as the batches give it.
        outputs: (n, `OUTPUTS`), raw.
    """
    ops = keras.ops
    truth = ops.cast(truth, "int32")
    kinds, turns = len(KINDS), len(TURNS)
    kind = ops.mean(
        keras.losses.sparse_categorical_crossentropy(truth[:, 0], outputs[:, :kinds], from_logits=True)
    )
    upright = ops.cast(truth[:, 1] >= 0, "float32")
    turn = keras.losses.sparse_categorical_crossentropy(
        ops.maximum(truth[:, 1], 0), outputs[:, kinds : kinds + turns], from_logits=True
    )
    turn = ops.sum(turn * upright) / (ops.sum(upright) + 1e-6)
    known = ops.cast(truth[:, 2:] >= 0, "float32")
    wanted, said = ops.cast(ops.maximum(truth[:, 2:], 0), "float32"), outputs[:, kinds + turns :]
    flag = ops.maximum(said, 0.0) - said * wanted + ops.log1p(ops.exp(-ops.abs(said)))
    flags = ops.sum(flag * known, axis=0) / (ops.sum(known, axis=0) + 1e-6)
    return kind + turn + ops.sum(flags)


def train_gate(pictures: Pictures, config: GateConfig, target: Path, tally: Tally) -> Path:
    """Trains the members of a gate and stores their weights.

    Args:
        pictures: To learn from.
        config: The knobs.
        target: The safetensors file to write; what is there already, or of members beside it, stays.
        tally: Told the steps, of all members.
    """
    if target.is_file():
        return target
    files = [target.with_name(f"{target.stem}.{member}.safetensors") for member in range(config.members)]
    for member, file in enumerate(files):
        told = partial(_tell, tally, member, config.members)
        _train_member(pictures, replace(config, seed=config.seed + member), file, told)
    with replacing(target) as unfinished:
        save_weights(_together(files, config.size_px), unfinished)
    return target


def _tell(tally: Tally, member: int, members: int, done: int, steps: int) -> None:
    """Of a member's steps, behind those of others; it settles on draws beyond its last step."""
    tally(member * steps + min(done, steps), members * steps)


def _together(files: Sequence[Path], size_px: int) -> Any:
    """The gate whose members' weights lie in files."""
    gate = build_gate(size_px, len(files))
    members = [layer for layer in gate.layers if isinstance(layer, keras.Model)]
    for member, file in zip(members, files, strict=True):
        load_weights(member, file)
    return gate


def _train_member(pictures: Pictures, config: GateConfig, target: Path, tally: Tally) -> None:
    if target.is_file():
        return
    keras.backend.clear_session()
    seed_everything(config.seed)
    # In float32: so small, it is 1.4 times as fast as in bfloat16.
    network = fuse(build_gate_member(config.size_px))
    batches = _Batches(pictures, config, tally)
    steps = config.epochs * len(batches)
    learner = keras.Model(network.input, network.outputs[0])
    schedule = warm_cosine(config.learning_rate, steps)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=config.weight_decay, clipnorm=1.0)
    learner.compile(optimizer, gate_loss, **execution(steps))
    learner.fit(batches, epochs=config.epochs, shuffle=False, verbose=0)
    settle_batch_normalization(learner, batches)
    plain = build_gate_member(config.size_px)
    plain.set_weights(network.get_weights())
    with replacing(target) as unfinished:
        save_weights(plain, unfinished)


def ask_gate(
    network: Any, squares: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], size_px: int, batch: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Raw outputs (n, `OUTPUTS`) and features (n, f) of a gate in Keras, asked as in serving.

    That is about each picture and its mirror image (`core.gate.verdict.seen_both_ways`).
    """
    outputs, features = [], []
    for start in range(0, len(squares), batch):
        seen = np.stack([gate_view(square, size_px) for square in squares[start : start + batch]])
        padded = np.resize(seen[..., np.newaxis], (batch, size_px, size_px, 1))
        said, found = seen_both_ways(
            *(network.predict_on_batch(each) for each in (padded, padded[:, :, ::-1]))
        )
        outputs.append(said[: len(seen)])
        features.append(found[: len(seen)])
    return np.concatenate(outputs), np.concatenate(features)
