"""Trials of a bundle's networks on held-out images: do its features tell the source, does it need the lungs?

Left-out sources need training, which is `train.trials.left_out`'s; what it measured is kept and read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.evaluation.metrics import roc_auc
from core.evaluation.trials import CoveredLungs, SourceClassifier, known, measure_auc
from core.models.ensemble import Ensemble
from core.models.inference import Networks
from core.models.lungs import cover_lungs, find_lungs
from core.vocabulary import ENSEMBLE, HELD_OUT, PHANTOM, TASK, TaskLabel
from train.data.records import Record
from train.outputs import Outputs, run_networks
from train.tools.progress import Tally

C = 0.01  # of the logistic regression: strong, since a backbone has more channels than there are images
SHUFFLES = 50
MIN_IMAGES = 4  # images of a source, to fit to and again to measure on


def classify_sources(records: Sequence[Record], outputs: Outputs) -> tuple[SourceClassifier, ...]:
    """How well frozen features tell the source of an image within one class (after Zech et al. 2018).

    A scaled logistic regression is fitted to the validation images and measured on the test images, whose
    patients are others. Beside it stands what the same reaches after the sources of the images to fit were
    shuffled: about 0.5, or something else than the source gives the answer away.

    Args:
        records: What was analysed; phantoms count as no source.
        outputs: Of the same, in the same order.

    Returns:
        For each class and each pair of its sources, one row a backbone; none of a source with too few
        images.
    """
    return tuple(
        _classify(records, outputs.pooled[backbone], backbone, label, pair)
        for label in TASK
        for pair in combinations(_sources(records, label), 2)
        for backbone in outputs.backbones
    )


def _sources(records: Sequence[Record], label: str) -> list[str]:
    """Sources with enough images of a class to fit to and to measure on."""
    pool = [(each.source, each.split) for each in records if each.label == label and each.source != PHANTOM]
    names = sorted({source for source, _ in pool})
    return [
        name for name in names if all(pool.count((name, split)) >= MIN_IMAGES for split in ("val", "test"))
    ]


def _classify(
    records: Sequence[Record],
    features: NDArray[np.float32],
    model: str,
    label: TaskLabel,
    sources: tuple[str, str],
) -> SourceClassifier:
    rows = {
        split: [
            index
            for index, each in enumerate(records)
            if (each.split, each.label) == (split, label) and each.source in sources
        ]
        for split in ("val", "test")
    }
    truth = {split: np.array([int(records[i].source == sources[1]) for i in rows[split]]) for split in rows}
    fitted, measured = features[rows["val"]], features[rows["test"]]
    scores = _fit(fitted, truth["val"]).decision_function(measured)
    random = np.random.default_rng(0)
    shuffled = [
        roc_auc(truth["test"], _fit(fitted, random.permutation(truth["val"])).decision_function(measured))
        for _ in range(SHUFFLES)
    ]
    low, high = np.quantile(shuffled, [0.025, 0.975])
    return SourceClassifier(
        model=model,
        label=label,
        sources=sources,
        fitted=len(rows["val"]),
        measured=measure_auc(truth["test"], scores, [records[i].group for i in rows["test"]]),
        shuffled=known(float(np.mean(shuffled))),
        shuffled_low=known(float(low)),
        shuffled_high=known(float(high)),
    )


def _fit(features: NDArray[Any], labels: NDArray[Any]) -> Pipeline:
    model = LogisticRegression(C=C, class_weight="balanced", max_iter=1000)
    return make_pipeline(StandardScaler(), model).fit(features, labels)


def cover_all_lungs(
    records: Sequence[Record],
    outputs: Outputs,
    ensemble: Ensemble,
    data: Path | None,
    networks: Networks,
    progress: Tally | None = None,
) -> tuple[CoveredLungs, ...]:
    """Measures every model with the lungs visible and covered (Maguolo & Nanni 2020).

    Args:
        records: What was analysed.
        outputs: Of the same, in the same order, with the lungs visible.
        ensemble: Of the bundle.
        data: The data folder; phantoms need none.
        networks: Of the bundle; without a lung network there are no rows.
        progress: Called with (done, total).

    Returns:
        For each of `HELD_OUT` that holds both classes, one row a model.

    Raises:
        DataError: If an image cannot be read.
    """
    rows = np.array([i for i, each in enumerate(records) if each.split in HELD_OUT and each.label in TASK])
    if networks.lungs is None or networks.manifest.lungs is None or not rows.size:
        return ()
    network, size_px = networks.lungs, networks.manifest.lungs.size_px

    def cover(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        return cover_lungs(pixels, find_lungs(pixels, network, size_px))

    task = [records[row] for row in rows]
    covered = run_networks(task, data, networks, progress, cover)
    points = networks.manifest.findings.operating_points
    visible, hidden = (model_answers(each, ensemble, points) for each in (outputs.take(rows), covered))
    return tuple(
        _compare(model, split, task, visible[model], hidden[model])
        for split in HELD_OUT
        if {each.label for each in task if each.split == split} == set(TASK)
        for model in visible
    )


def model_answers(
    outputs: Outputs, ensemble: Ensemble, points: Sequence[float]
) -> dict[str, NDArray[np.float64]]:
    """P(COVID-19) of each image, (n,), by the key of a backbone, and by the ensemble."""
    answers = dict(zip(outputs.backbones, outputs.probabilities.T, strict=True))
    return answers | {ENSEMBLE: ensemble.probabilities(outputs.features(points))}


def _compare(
    model: str, split: str, records: Sequence[Record], visible: NDArray[Any], covered: NDArray[Any]
) -> CoveredLungs:
    rows = [index for index, each in enumerate(records) if each.split == split]
    labels = [int(records[row].label == "covid") for row in rows]
    groups = [records[row].group for row in rows]
    both = (measure_auc(labels, scores[rows], groups) for scores in (visible, covered))
    return CoveredLungs(model=model, split=split, visible=next(both), covered=next(both))
