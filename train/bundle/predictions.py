"""Which images `predictions.csv` holds, and what is known of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import DataError
from core.evaluation.predictions import TEXTS, Predictions
from core.vocabulary import ENSEMBLE, TASK
from train.data.records import Record
from train.outputs import Outputs


def evaluation_records(
    records: Sequence[Record], others_each: int | None = None, seed: int = 0
) -> list[Record]:
    """The images that `predictions.csv` holds.

    Every image of the task outside the training split, and the test images of other diseases, at most so
    many of a source if a number is given: what a model says to a disease that it was never taught is shown,
    not hidden. Of the clinics never seen all are shown.
    """
    chosen = [each for each in records if each.split != "train" and each.label in TASK]
    random = np.random.default_rng(seed)
    others: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.split in ("test", "external") and record.label not in TASK:
            others[record.source].append(record)
    for source in sorted(others):
        never_seen = others[source][0].split == "external"
        drawn = random.permutation(len(others[source]))[: None if never_seen else others_each]
        chosen += [others[source][index] for index in sorted(drawn)]
    return chosen


def records_of(predictions: Predictions, records: Sequence[Record]) -> list[Record]:
    """The records of a table's images, in its order.

    Raises:
        DataError: If the data set lacks one.
    """
    known = {record.path: record for record in records}
    missing = [path for path in predictions.path if path not in known]
    if missing:
        raise DataError(
            f"The data folder lacks {missing[0]} and {len(missing) - 1} more; use the one "
            "that the bundle was evaluated on."
        )
    return [known[path] for path in predictions.path]


def tabulate(
    records: Sequence[Record],
    severity: NDArray[np.float64],
    outputs: Outputs,
    decisions: NDArray[np.float64],
    thresholds: Mapping[str, float],
) -> Predictions:
    """What all models said about images, as the table that a bundle keeps.

    Args:
        records: The n images.
        severity: (n, 2), extent and opacity as radiologists scored them; NaN where nobody did.
        outputs: Of the networks, in the same order.
        decisions: (n,), the ensemble's calibrated probabilities.
        thresholds: Each model's operating point, by key.
    """
    texts = {name: np.array([getattr(record, name) for record in records], np.str_) for name in TEXTS}
    return Predictions(
        {key: thresholds[key] for key in (*outputs.backbones, ENSEMBLE)},
        **texts,
        reported=np.array(["|".join(sorted(each.findings or ())) for each in records], np.str_),
        scores=np.column_stack([outputs.probabilities, decisions]),
        extent=severity[:, 0],
        opacity=severity[:, 1],
        findings=outputs.logits,
    )
