"""A bundle's `predictions.csv`: what every model said about every image it was measured on."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import BundleError
from core.models.bundle.files import REMEDY, bundle_path
from core.models.bundle.manifest import BundleManifest
from core.models.severity import MAX_EXTENT, MAX_OPACITY
from core.vocabulary import ENSEMBLE, FINDINGS

# Its columns: these texts, what else is reported (older bundles lack it), what radiologists said of severity
# (older bundles lack one or both), a probability of each backbone, a raw output of each finding, and the
# ensemble's probability.
TEXTS = ("path", "split", "source", "group", "label")
REPORTED = "reported"
SEVERITY = {"extent": MAX_EXTENT, "opacity": MAX_OPACITY}
FINDING = "finding:"  # before the name of a finding
DIGITS, SEVERITY_DIGITS = 6, 2


@dataclass(frozen=True, eq=False)
class Predictions:
    """What every model said about every image that a bundle was measured on.

    Attributes:
        thresholds: Each model's own, by backbone key and "ensemble", in the order of the columns of `scores`.
        path: (n,), str: the file, relative to the data folder.
        split: (n,), str.
        source: (n,), str: the collection or clinic.
        group: (n,), str: the patient.
        label: (n,), str: "covid", "normal", "pneumonia" or "other".
        reported: (n,), str: what else its collection reports, joined by "|"; empty where it is silent.
        scores: (n, models), P(COVID-19) in [0, 1].
        extent: (n,), geographic extent as radiologists scored it, 0-8; NaN where nobody did.
        opacity: (n,), degree of opacity likewise, 0-6.
        findings: (n, findings), raw outputs of the findings network.
    """

    thresholds: dict[str, float]
    path: NDArray[np.str_]
    split: NDArray[np.str_]
    source: NDArray[np.str_]
    group: NDArray[np.str_]
    label: NDArray[np.str_]
    reported: NDArray[np.str_]
    scores: NDArray[np.float64]
    extent: NDArray[np.float64]
    opacity: NDArray[np.float64]
    findings: NDArray[np.float64]

    @property
    def backbones(self) -> tuple[str, ...]:
        """Their keys: the first columns of `scores`, before the ensemble's."""
        return tuple(key for key in self.thresholds if key != ENSEMBLE)

    @property
    def finding_names(self) -> tuple[str, ...]:
        """Of the columns of `findings`."""
        return FINDINGS[: self.findings.shape[1]]

    @property
    def called(self) -> NDArray[np.bool_]:
        """(n, models): read as COVID-19, at each model's own threshold."""
        return np.asarray(self.scores >= np.array(list(self.thresholds.values())))

    def take(self, rows: NDArray[np.int64]) -> Predictions:
        """Some of the images."""
        columns = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "thresholds"}
        return Predictions(self.thresholds, **{name: column[rows] for name, column in columns.items()})


def join(tables: Sequence[Predictions]) -> Predictions:
    """Several tables of the same models as one; at least one."""
    names = [each.name for each in fields(Predictions) if each.name != "thresholds"]
    columns = {name: np.concatenate([getattr(table, name) for table in tables]) for name in names}
    return Predictions(tables[0].thresholds, **columns)


def read_predictions(folder: Path, manifest: BundleManifest) -> Predictions:
    """Reads a bundle's `predictions.csv`.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Raises:
        BundleError: If the predictions are missing, lack a column, or hold what is no probability.
    """
    thresholds = {key: entry.threshold for key, entry in manifest.backbones.items()}
    thresholds[ENSEMBLE] = manifest.ensemble.threshold
    path = bundle_path(folder, manifest.predictions)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return _table(list(csv.DictReader(file)), thresholds, manifest.findings.names)
    except (KeyError, TypeError, ValueError, csv.Error):
        raise BundleError(f"{path.name} in the bundle '{folder.name}' is damaged; {REMEDY}.") from None


def _table(rows: list[dict[str, str]], thresholds: dict[str, float], names: Sequence[str]) -> Predictions:
    """The rows as arrays; ValueError and its like for whatever is not as it should be."""
    texts: dict[str, NDArray[Any]] = {name: np.array([row[name] for row in rows], np.str_) for name in TEXTS}
    scores = np.array([[float(row[model]) for model in thresholds] for row in rows])
    severity = {name: np.array([float(row.get(name) or "nan") for row in rows]) for name in SEVERITY}
    if not all((text != "").all() for text in texts.values()) or not ((scores >= 0) & (scores <= 1)).all():
        raise ValueError("a cell is empty or no probability")
    findings = np.array([[float(row[FINDING + name]) for name in names] for row in rows])
    if not np.isfinite(findings).all():
        raise ValueError("a finding is no number")
    for name, scored in severity.items():
        if not (np.isnan(scored) | ((scored >= 0) & (scored <= SEVERITY[name]))).all():
            raise ValueError(f"an {name} is out of range")
    return Predictions(
        thresholds,
        **texts,
        reported=np.array([row.get(REPORTED) or "" for row in rows], np.str_),
        **severity,
        scores=scores.reshape(-1, len(thresholds)),
        findings=findings.reshape(-1, len(names)),
    )


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Writes a table that `read_predictions` reads; what nobody scored is an empty cell."""
    texts = [getattr(predictions, name) for name in (*TEXTS, REPORTED)]
    severity = np.stack([getattr(predictions, name) for name in SEVERITY], axis=1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        findings = [FINDING + name for name in predictions.finding_names]
        writer.writerow([*TEXTS, REPORTED, *SEVERITY, *predictions.backbones, *findings, ENSEMBLE])
        for row, (*backbones, ensemble) in enumerate(predictions.scores):
            scored = ["" if np.isnan(score) else f"{score:.{SEVERITY_DIGITS}f}" for score in severity[row]]
            numbers = (*backbones, *predictions.findings[row], ensemble)
            cells = [f"{number:.{DIGITS}f}" for number in numbers]
            writer.writerow([*(text[row] for text in texts), *scored, *cells])
