"""What a bundle's networks say about many images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.models.inference import Networks, RawOutputs, ensemble_features, raw_outputs
from core.vocabulary import FINDINGS
from train.data.images import read_inside
from train.data.records import Record
from train.tools.progress import Tally

AT_ONCE = 2  # images; while one is read or scaled, the other's network runs

Change = Callable[[NDArray[np.float32]], NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the networks say about many images.

    Attributes:
        backbones: Their keys, in the order of the columns of `probabilities`.
        probabilities: (n, backbones), P(COVID-19) in [0, 1].
        logits: (n, findings), raw outputs of the findings network.
        statistics: (n, m), for the plausibility limits, in the order of `statistic_names`.
        statistic_names: Names of the m statistics.
        pooled: Each backbone's last feature map, averaged over the image: (n, channels), float32, by key.
    """

    backbones: tuple[str, ...]
    probabilities: NDArray[np.float64]
    logits: NDArray[np.float64]
    statistics: NDArray[np.float64]
    statistic_names: tuple[str, ...]
    pooled: dict[str, NDArray[np.float32]]

    @property
    def findings(self) -> tuple[str, ...]:
        """Names of the columns of `logits`."""
        return FINDINGS[: self.logits.shape[1]]

    def take(self, rows: NDArray[np.int64]) -> Outputs:
        """The same of some images."""
        columns = self.probabilities[rows], self.logits[rows], self.statistics[rows]
        pooled = {key: features[rows] for key, features in self.pooled.items()}
        return Outputs(self.backbones, *columns, self.statistic_names, pooled)

    def features(self, operating_points: Sequence[float]) -> NDArray[np.float32]:
        """The ensemble's inputs, (n, backbones + findings)."""
        return np.stack(
            [
                ensemble_features(dict(zip(self.backbones, row, strict=True)), logits, operating_points)
                for row, logits in zip(self.probabilities, self.logits.astype(np.float32), strict=True)
            ]
        )


def run_networks(
    records: Sequence[Record],
    data: Path | None,
    networks: Networks,
    progress: Tally | None = None,
    change: Change | None = None,
) -> Outputs:
    """Runs all networks on images, by the app's own path.

    Args:
        records: Which images.
        data: The data folder; phantoms need none.
        networks: From `core.models.inference.load_networks`.
        progress: Called with (done, total).
        change: What is done to each image first, inside of its margins; nothing by default.

    Raises:
        DataError: If an image cannot be read.
    """
    rows = []

    def run(record: Record) -> tuple[RawOutputs, dict[str, NDArray[np.float32]]]:
        pixels = read_inside(record, data, networks.manifest.preprocessing)
        outputs = raw_outputs(change(pixels) if change else pixels, networks)
        pooled = {key: features.mean(axis=(0, 1)) for key, features in outputs.feature_maps.items()}
        outputs.feature_maps.clear()
        return outputs, pooled

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for answer in pool.map(run, records):
            rows.append(answer)
            if progress:
                progress(len(rows), len(records))
    names = tuple(rows[0][0].statistics)
    return Outputs(
        backbones=tuple(networks.manifest.backbones),
        probabilities=np.array([list(row.probabilities.values()) for row, _ in rows]),
        logits=np.array([row.logits for row, _ in rows], dtype=np.float64),
        statistics=np.array([[row.statistics[name] for name in names] for row, _ in rows]),
        statistic_names=names,
        pooled={key: np.array([pooled[key] for _, pooled in rows]) for key in rows[0][1]},
    )
