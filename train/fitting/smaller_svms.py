"""The study's two smaller SVMs, over the probabilities alone and over the findings alone, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.errors import DataError
from core.evaluation.comparison import inputs
from core.evaluation.predictions import Predictions
from core.evaluation.study import STUDY
from core.models.bundle.files import file_sha256
from core.models.bundle.manifest import SmallerSvmFile
from core.models.ensemble import SmallerSvm, input_names, smaller_inputs
from core.models.ensemble_files import save
from core.vocabulary import TASK
from train.fitting.ensemble import Part, SvmFit, cross_fit


def fit_smaller_svms(predictions: Predictions, operating_points: Sequence[float]) -> dict[SmallerSvm, SvmFit]:
    """Fits both to validation images as the bundle's own SVM is, with the study's C.

    Args:
        predictions: The bundle's, validation images among them.
        operating_points: One a finding, of its findings network.

    Returns:
        By key; none where these images do not suffice.
    """
    task = np.isin(predictions.label, TASK) & (predictions.split == "val")
    validation = predictions.take(np.flatnonzero(task))
    known = input_names(predictions.backbones, predictions.finding_names)
    features = inputs(validation, operating_points)

    def part(names: Sequence[str]) -> Part:
        return Part(
            features=features[:, [known.index(name) for name in names]],
            labels=(validation.label == "covid").astype(np.int64),
            groups=validation.group,
            inputs=tuple(names),
        )

    smaller = smaller_inputs(predictions.backbones, predictions.finding_names)
    try:
        return {key: cross_fit(part(names), STUDY["fit"]["c"]) for key, names in smaller.items()}
    except DataError:
        return {}


def save_smaller_svms(folder: Path, fits: dict[SmallerSvm, SvmFit]) -> dict[SmallerSvm, SmallerSvmFile]:
    """Writes each to a file of its own, and says what the manifest has to hold."""
    files = {}
    for key, each in fits.items():
        path = folder / f"{key}.skops"
        save(path, each.classifier, each.svm.calibration, each.svm.inputs)
        files[key] = SmallerSvmFile(file=path.name, sha256=file_sha256(path), threshold=each.svm.threshold)
    return files
