"""The ensemble: a linear SVM over the backbones' probabilities and the finding scores.

It serves as a few plain numbers, so that every decision can be taken apart into what each input added to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import DataError
from core.models.backbones import BACKBONE_BY_KEY
from core.models.findings import sigmoid
from core.vocabulary import FINDINGS

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Floats = NDArray[np.float64]
SmallerSvm = Literal["svm_probabilities", "svm_findings"]  # the study's two smaller SVMs, by their inputs


def input_names(backbones: Iterable[str], findings: Iterable[str] = FINDINGS) -> tuple[str, ...]:
    """The ensemble's inputs, in order: the backbones' keys, then the findings."""
    return (*backbones, *findings)


def smaller_inputs(
    backbones: Iterable[str], findings: Iterable[str] = FINDINGS
) -> dict[SmallerSvm, tuple[str, ...]]:
    """The inputs of the study's two smaller SVMs, by the keys under which a bundle holds them."""
    return {"svm_probabilities": tuple(backbones), "svm_findings": tuple(findings)}


FEATURES = input_names(BACKBONE_BY_KEY)  # of a bundle with all that the tables know


@dataclass(frozen=True)
class Contribution:
    """What one input added to the ensemble's decision value.

    Attributes:
        input: A backbone's key, or a finding's name.
        group: "backbone" or "finding".
        value: The input itself.
        contribution: Weight times standardised value; all and the intercept sum to the decision value.
    """

    input: str
    group: Literal["backbone", "finding"]
    value: float
    contribution: float


@dataclass(frozen=True)
class EnsembleDecision:
    """The SVM's decision over all inputs.

    Attributes:
        decision_value: Signed distance to the boundary; positive reads as COVID-19.
        intercept: The decision value of an average radiograph.
        probability: Calibrated P(COVID-19), in [0, 1].
        threshold: Operating point on that probability.
        contributions: Largest first, by size.
    """

    decision_value: float
    intercept: float
    probability: float
    threshold: float
    contributions: tuple[Contribution, ...]

    @property
    def positive(self) -> bool:
        """Whether the ensemble reads the radiograph as COVID-19."""
        return self.probability >= self.threshold


@dataclass(frozen=True)
class PlattSigmoid:
    """Platt's sigmoid: probability = 1 / (1 + exp(-(slope * decision value + intercept)))."""

    slope: float
    intercept: float

    def probabilities(self, decision_values: ArrayLike) -> Floats:
        """Of decision values of any shape, in [0, 1]."""
        return sigmoid(self.slope * np.asarray(decision_values, dtype=np.float64) + self.intercept)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A fitted SVM as plain numbers.

    Attributes:
        inputs: Names of its n inputs: keys of backbones, names of findings.
        mean: (n,), of each input over the training images.
        scale: (n,), its standard deviation there.
        weights: (n,), on the standardised inputs.
        intercept: Decision value of an average radiograph.
        calibration: From decision value to probability, fitted on validation images.
        threshold: Operating point on that probability, in [0, 1].
    """

    inputs: tuple[str, ...]
    mean: Floats
    scale: Floats
    weights: Floats
    intercept: float
    calibration: PlattSigmoid
    threshold: float

    def contributions(self, features: ArrayLike) -> Floats:
        """Weight times standardised value of every input.

        Args:
            features: (..., n), probabilities and operating-point scores, in the order of `inputs`.

        Returns:
            (..., n); summed over the last axis, plus the intercept, they are the decision value.
        """
        return self.weights * (np.asarray(features, dtype=np.float64) - self.mean) / self.scale

    def decision_values(self, features: ArrayLike) -> Floats:
        """Signed distances to the boundary, (...), of features (..., n); positive reads as COVID-19."""
        return np.asarray(self.contributions(features).sum(axis=-1) + self.intercept)

    def probabilities(self, features: ArrayLike) -> Floats:
        """Calibrated P(COVID-19) in [0, 1], (...), of features (..., n)."""
        return self.calibration.probabilities(self.decision_values(features))

    def decide(self, features: NDArray[np.float32]) -> EnsembleDecision:
        """Decides on one radiograph and says what each input added.

        Args:
            features: (n,), finite, in the order of `inputs`.
        """
        if features.shape != (len(self.inputs),) or not np.isfinite(features).all():
            raise ValueError(f"expected {len(self.inputs)} finite features, got shape {features.shape}")
        rows = zip(self.inputs, features, self.contributions(features), strict=True)
        parts = [
            Contribution(
                name, "backbone" if name in BACKBONE_BY_KEY else "finding", float(value), float(added)
            )
            for name, value, added in rows
        ]
        return EnsembleDecision(
            decision_value=float(self.decision_values(features)),
            intercept=self.intercept,
            probability=float(self.probabilities(features)),
            threshold=self.threshold,
            contributions=tuple(sorted(parts, key=lambda part: -abs(part.contribution))),
        )


def fit(features: ArrayLike, labels: ArrayLike, c: float = 0.5) -> Pipeline:
    """Fits the scaled linear SVM.

    Args:
        features: (n, inputs), finite.
        labels: (n,), 1 for COVID-19 and 0 for normal; both must occur.
        c: Inverse strength of regularisation; the study used 0.5 (on unscaled inputs).
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    pipeline = make_pipeline(StandardScaler(), SVC(C=c, kernel="linear"))
    return pipeline.fit(np.asarray(features, dtype=np.float64), np.asarray(labels))


def calibrate(decision_values: ArrayLike, labels: ArrayLike) -> PlattSigmoid:
    """Fits Platt's sigmoid, with his smoothed targets, so that separable images leave it finite.

    Platt 1999, "Probabilistic outputs for support vector machines": targets (N+ + 1) / (N+ + 2) and
    1 / (N- + 2); each image enters once for either class, weighted by its target.

    Args:
        decision_values: (n,), of images that the SVM was not fitted to.
        labels: (n,), 1 for COVID-19 and 0 for normal.

    Returns:
        The sigmoid. An SVM that orders these images backwards knows nothing of them: its sigmoid is flat, at
        the share of COVID-19 among them.

    Raises:
        DataError: If a class is absent.
    """
    from sklearn.linear_model import LogisticRegression

    values, positive = np.asarray(decision_values, dtype=np.float64), np.asarray(labels) == 1
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if not positives or not negatives:
        raise DataError("The validation images hold only one class; add images of the other one.")
    target = np.where(positive, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    model = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(
        np.tile(values, 2)[:, np.newaxis],
        np.repeat([1, 0], len(values)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope > 0:
        return PlattSigmoid(slope, intercept)
    return PlattSigmoid(0.0, float(np.log((positives + 1) / (negatives + 1))))


def assemble(
    classifier: Pipeline, calibration: PlattSigmoid, threshold: float, inputs: Sequence[str] = FEATURES
) -> Ensemble:
    """Takes the numbers that a decision needs out of a pipeline that `fit` returned."""
    (_, scaler), (_, svm) = classifier.steps
    return Ensemble(
        inputs=tuple(inputs),
        mean=np.asarray(scaler.mean_, dtype=np.float64),
        scale=np.asarray(scaler.scale_, dtype=np.float64),
        weights=np.asarray(svm.coef_, dtype=np.float64).reshape(-1),
        intercept=float(svm.intercept_[0]),
        calibration=calibration,
        threshold=threshold,
    )
