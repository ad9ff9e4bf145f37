"""A picture of up to 12 bits a grey, small enough to be sent.

Browsers decode no picture deeper than 8 bits to numbers. So one is sent as JPEG 2000 holds it, without that
format's coder: the reversible transform of LeGall and Tabatabai (ISO/IEC 15444-1, annex F.3), quantised where
it would not fit, and deflated, which every browser undoes by itself.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Bands = tuple[Ints, Ints, Ints]  # of one level: smooth down, smooth across, and neither

MAX_LEVELS = 5
MIN_SIDE = 16  # of what is transformed once more
# How much an error in a band counts in the picture, by level from the finest, as in `Bands`: the norms of the
# transform's basis (ISO/IEC 15444-1, annex E.1, table for the 5/3 filter).
NORMS = (
    (1.038, 1.038, 0.719),
    (1.592, 1.592, 0.922),
    (2.919, 2.919, 1.586),
    (5.703, 5.703, 3.043),
    (11.33, 11.33, 6.019),
)
STEPS = tuple(round(2 ** (power / 4)) for power in range(4 * 12 + 1))  # tried in turn, the finest first
GZIP = 31  # for zlib: its largest window, in the format that servers know not to compress again
DEAD = 0.4  # of a step: what is nearer to nothing than that beyond half of it becomes nothing


@dataclass(frozen=True, eq=False)
class Packed:
    """A picture as it is sent.

    Attributes:
        data: In gzip: the low bytes of all coefficients, then their high bytes; each as an unsigned number,
            twice its size, less one where it is negative. First the smallest picture, then the bands of each
            level, from the coarsest, each row by row.
        width: In pixels.
        height: In pixels.
        depth: Bits a grey, 8 to 12.
        steps: Of the bands: what their numbers are multiplied with, three a level, from the finest.
    """

    data: bytes
    width: int
    height: int
    depth: int
    steps: tuple[tuple[int, int, int], ...]

    @property
    def exact(self) -> bool:
        """Whether no grey changed."""
        return all(step == 1 for level in self.steps for step in level)


def pack(greys: NDArray[np.uint8] | NDArray[np.uint16], depth: int, max_bytes: int) -> Packed:
    """Makes a picture small.

    Args:
        greys: (height, width), below 2 to the power of `depth`.
        depth: Bits a grey, 8 to 12.
        max_bytes: Of the data; without a loss where they fit, else with no more of it than has to be.

    Returns:
        The picture; larger than `max_bytes` only where the coarsest of `STEPS` does not suffice.
    """
    smallest, levels = _transform(greys.astype(np.int32))
    counts = [[np.bincount(np.abs(band).ravel()) for band in bands] for bands in levels]
    rest = smallest.size * depth / 8
    sizes = [(step, rest + _estimate(counts, step)) for step in dict.fromkeys(STEPS)]
    first = next((index for index, (_, size) in enumerate(sizes) if size <= max_bytes), len(sizes) - 1)
    for step, _ in sizes[first:]:
        data = _deflate(smallest, levels, step)
        if len(data) <= max_bytes:
            break
    height, width = greys.shape
    steps = tuple(_band_steps(level, step) for level in range(len(levels)))
    return Packed(data, width, height, depth, steps)


def _transform(values: Ints) -> tuple[Ints, list[Bands]]:
    levels: list[Bands] = []
    while min(values.shape) >= MIN_SIDE and len(levels) < MAX_LEVELS:
        low, high = _split(values)
        smooth, down = (each.T for each in _split(np.ascontiguousarray(low.T)))
        across, neither = (each.T for each in _split(np.ascontiguousarray(high.T)))
        levels.append((down, across, neither))
        values = np.ascontiguousarray(smooth)
    return values, levels


def _split(values: Ints) -> tuple[Ints, Ints]:
    """Every second row less the mean of its neighbours, and the others with what keeps their mean."""
    even, odd = values[::2], values[1::2]
    after = np.concatenate([even[1:], even[-1:]])[: len(odd)]
    high = odd - ((even[: len(odd)] + after) >> 1)
    around = np.concatenate([high[:1], high, high[-1:]])
    low = even + ((around[: len(even)] + around[1 : len(even) + 1] + 2) >> 2)
    return low, high


def _band_steps(level: int, step: int) -> tuple[int, int, int]:
    one, two, three = (max(1, round(step / norm)) for norm in NORMS[level])
    return one, two, three


def _numbers(sizes: Ints, step: int) -> Ints:
    """Sizes of coefficients as multiples of a step."""
    return (sizes + int(DEAD * step)) // step


def _estimate(counts: list[list[NDArray[np.intp]]], step: int) -> float:
    """Bytes that the bands take, by their entropy: close to what deflating takes, and quick to know.

    Args:
        counts: Of each level's bands: how many coefficients have each size.
        step: Of the finest.
    """
    bits = 0.0
    for level, bands in enumerate(counts):
        for found, wide in zip(bands, _band_steps(level, step), strict=True):
            numbers = _numbers(np.arange(found.size, dtype=np.int32), wide)
            grouped = np.bincount(numbers, weights=found)
            shares = grouped[grouped > 0] / grouped.sum()
            signs = grouped[1:].sum()
            bits += signs - grouped.sum() * float((shares * np.log2(shares)).sum())
    return bits / 8


def _deflate(smallest: Ints, levels: list[Bands], step: int) -> bytes:
    parts = [smallest.ravel()]
    for level in reversed(range(len(levels))):
        for band, wide in zip(levels[level], _band_steps(level, step), strict=True):
            parts.append((np.sign(band) * _numbers(np.abs(band), wide)).ravel())
    numbers = np.concatenate(parts)
    unsigned = 2 * np.abs(numbers) - (numbers < 0)
    # Noise repeats nothing but nothing itself, and looking for more would take five times as long.
    packer = zlib.compressobj(6, wbits=GZIP, strategy=zlib.Z_RLE)
    planes = ((unsigned & 255).astype(np.uint8), (unsigned >> 8).astype(np.uint8))
    ends = np.cumsum([part.size for part in parts]).tolist()
    pieces = [packer.compress(plane[a:b].tobytes()) for plane in planes for a, b in pairwise([0, *ends])]
    return b"".join([*pieces, packer.flush()])


def unpack(packed: Packed) -> NDArray[np.uint16]:
    """The picture again, as a browser has it: (height, width), below 2 to the power of its depth."""
    planes = np.frombuffer(zlib.decompress(packed.data, GZIP), np.uint8).astype(np.int32)
    low, high = planes.reshape(2, -1)
    unsigned = low + 256 * high
    numbers = np.where(unsigned % 2, -(unsigned + 1) // 2, unsigned // 2)
    sizes = [(packed.height, packed.width)]
    for _ in packed.steps:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    rows, columns = sizes.pop()
    values, numbers = numbers[: rows * columns].reshape(rows, columns), numbers[rows * columns :]
    for (height, width), steps in zip(reversed(sizes), reversed(packed.steps), strict=True):
        rows, columns = values.shape
        bands = []
        shapes = ((rows, width - columns), (height - rows, columns), (height - rows, width - columns))
        for shape, step in zip(shapes, steps, strict=True):
            count = shape[0] * shape[1]
            bands.append(numbers[:count].reshape(shape) * np.int32(step))
            numbers = numbers[count:]
        down, across, neither = bands
        values = _join(_join(values.T, down.T).T, _join(across.T, neither.T).T)
    return np.clip(values, 0, 2**packed.depth - 1).astype(np.uint16)


def _join(low: Ints, high: Ints) -> Ints:
    """What `_split` split."""
    around = np.concatenate([high[:1], high, high[-1:]])
    even = low - ((around[: len(low)] + around[1 : len(low) + 1] + 2) >> 2)
    after = np.concatenate([even[1:], even[-1:]])[: len(high)]
    whole = np.empty((len(low) + len(high), low.shape[1]), np.int32)
    whole[::2], whole[1::2] = even, high + ((even[: len(high)] + after) >> 1)
    return whole
