"""The study's two smaller SVMs, over the probabilities alone and over the findings alone, for comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from core.errors import DataError
from core.evaluation.comparison import inputs
from core.evaluation.metrics import youden_threshold
from core.evaluation.predictions import Predictions
from core.models.bundle.files import file_sha256
from core.models.bundle.manifest import SmallerSvmFile
from core.models.ensemble import (
    Ensemble,
    PlattSigmoid,
    SmallerSvm,
    assemble,
    calibrate,
    fit,
    input_names,
    smaller_inputs,
    validation_part,
)
from core.models.ensemble_files import save
from core.vocabulary import TASK


@dataclass(frozen=True, eq=False)
class SmallerSvmFit:
    """A fitted SVM over a part of the inputs.

    Attributes:
        classifier: The pipeline, for `core.models.ensemble_files.save`.
        svm: The same with its sigmoid and its operating point, ready to decide.
    """

    classifier: Pipeline
    svm: Ensemble


def fit_smaller_svms(
    predictions: Predictions, operating_points: Sequence[float]
) -> dict[SmallerSvm, SmallerSvmFit]:
    """Fits both to validation images as the bundle's own SVM is, with the study's C of 0.5.

    Args:
        predictions: The bundle's, validation images among them.
        operating_points: One a finding, of its findings network.

    Returns:
        By key; none where these images do not suffice.
    """
    task = np.isin(predictions.label, TASK) & (predictions.split == "val")
    validation = predictions.take(np.flatnonzero(task))
    try:
        return {
            key: _fit(validation, operating_points, names)
            for key, names in smaller_inputs(predictions.backbones, predictions.finding_names).items()
        }
    except DataError:
        return {}


def _fit(validation: Predictions, operating_points: Sequence[float], names: Sequence[str]) -> SmallerSvmFit:
    known = input_names(validation.backbones, validation.finding_names)
    columns = [known.index(name) for name in names]
    labels = (validation.label == "covid").astype(np.int64)
    held_out = np.array([validation_part(group) == "validation" for group in validation.group], dtype=bool)
    features = inputs(validation, operating_points)[:, columns]
    if len(set(labels[~held_out])) < 2:
        raise DataError("The validation images hold too few patients of one class; add some.")
    classifier = fit(features[~held_out], labels[~held_out])
    raw = assemble(classifier, PlattSigmoid(1.0, 0.0), 0.5, names)
    sigmoid = calibrate(raw.decision_values(features[held_out]), labels[held_out])
    probabilities = assemble(classifier, sigmoid, 0.5, names).probabilities(features[held_out])
    threshold = youden_threshold(labels[held_out], probabilities)
    return SmallerSvmFit(classifier, assemble(classifier, sigmoid, threshold, names))


def save_smaller_svms(
    folder: Path, fits: dict[SmallerSvm, SmallerSvmFit]
) -> dict[SmallerSvm, SmallerSvmFile]:
    """Writes each to a file of its own, and says what the manifest has to hold."""
    files = {}
    for key, each in fits.items():
        path = folder / f"{key}.skops"
        save(path, each.classifier, each.svm.calibration, each.svm.inputs)
        files[key] = SmallerSvmFile(file=path.name, sha256=file_sha256(path), threshold=each.svm.threshold)
    return files
