"""What a model card says of the aims that were set: each beside what was measured."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from core.display.markdown import table
from core.evaluation.measures import MEASURE_BY_KEY
from core.evaluation.metrics import Evaluation
from core.evaluation.predictions import Predictions
from core.models.bundle.manifest import BundleManifest
from core.vocabulary import ENSEMBLE
from train.cards.facts import SPLIT_NAMES, Facts, model_name, text
from train.data.sources import collection

AIMS = Path(__file__).with_name("aims.toml")

AimRow = tuple[str, float, float, bool]  # what, the aim, what was measured, whether that is enough


def aims(facts: Facts) -> str:
    """Every aim of which anything was measured, and how many were reached."""
    rows = [*_decisions(facts), *_adults(facts.predictions), *_others(facts.manifest)]
    if not rows:
        return "Nothing was measured of what was aimed at."
    reached = sum(enough for *_, enough in rows)
    cells = [
        {
            "what": what,
            "aim": f"{aim:.3f}",
            "measured": f"{measured:.4f}",
            "reached": "yes" if enough else "no",
        }
        for what, aim, measured, enough in rows
    ]
    return (
        f"{text('aims')}{_always_normal(facts)}\n\n**Reached: {reached} of {len(rows)}.**\n\n{table(cells)}"
    )


def _always_normal(facts: Facts) -> str:
    """What accuracy is worth where most images are normal."""
    splits = [split for split, measures in _aims()["at_least"].items() if "accuracy" in measures]
    counted = {each.split: each.figures for each in facts.evidence if each.split in splits}
    return "".join(
        f" Always answering normal has an accuracy of {1 - figures.positives / figures.images:.3f} on "
        f"{SPLIT_NAMES[split]}."
        for split, figures in counted.items()
    )


@cache
def _aims() -> dict[str, Any]:
    return tomllib.loads(AIMS.read_text(encoding="utf-8"))


def _measured(figures: Evaluation, measure: str) -> float:
    if measure == "roc_auc":
        return figures.roc_auc
    return float(MEASURE_BY_KEY[measure].formula(figures.confusion.counts))


def _decisions(facts: Facts) -> Iterator[AimRow]:
    for split, measures in _aims()["at_least"].items():
        for measure, models in measures.items():
            for each in facts.evidence:
                if each.split == split and each.model in models:
                    aim, figures = models[each.model], each.figures
                    measured = _measured(figures, measure)
                    what = f"{SPLIT_NAMES[split]}, {MEASURE_BY_KEY[measure].name}: {model_name(each.model)}"
                    yield what, aim, measured, measured >= aim


def _adults(predictions: Predictions) -> Iterator[AimRow]:
    """The ensemble on adults, whom no children's normal images flatter."""
    own, ensemble = predictions.split == "test", list(predictions.thresholds).index(ENSEMBLE)
    called = predictions.called[:, ensemble]
    grown = np.array([collection(str(source)).adults for source in predictions.source], dtype=bool)
    normal, ill = own & grown & (predictions.label == "normal"), own & (predictions.label == "covid")
    if normal.any() and ill.any():
        measured = {
            "specificity": (f"{normal.sum()} normal images of adults", float(1 - called[normal].mean())),
            "sensitivity": (f"{ill.sum()} COVID-19 images", float(called[ill].mean())),
        }
        for measure, (images, value) in measured.items():
            aim = _aims()["adults"][measure]
            what = f"{SPLIT_NAMES['test']}, {measure} on {images}: {model_name(ENSEMBLE)}"
            yield what, aim, value, value >= aim
        scores, wanted = predictions.scores[:, ensemble], _aims()["adults"]
        cut = np.quantile(scores[ill], 1 - wanted["sensitivity"], method="lower")
        there = float((scores[normal] < cut).mean())
        what = f"specificity on these adults where the sensitivity is {wanted['sensitivity']:.2f}"
        yield (
            f"{SPLIT_NAMES['test']}, {what}: {model_name(ENSEMBLE)}",
            wanted["specificity"],
            there,
            (there >= wanted["specificity"]),
        )


def _others(manifest: BundleManifest) -> Iterator[AimRow]:
    for name, aim in _aims()["at_most"].items():
        error = manifest.severity[name].mean_absolute_error
        yield f"mean absolute error of {name}, at most", aim, error, error <= aim
    others, known, lungs = _aims()["others"], manifest.findings.roc_auc, manifest.lungs
    if set(known) == set(manifest.findings.names):
        mean = sum(known.values()) / len(known)
        yield "mean ROC AUC of all findings on phantoms", others["findings"], mean, mean >= others["findings"]
    if lungs and lungs.dice is not None:
        yield "Dice coefficient of the lungs", others["lungs"], lungs.dice, lungs.dice >= others["lungs"]
