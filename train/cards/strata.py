"""What a model card says of a bundle's predictions, source by source and stratum by stratum."""

from __future__ import annotations

from core.display.markdown import plain, table
from core.display.wording import percent
from core.evaluation.coverage import measure_coverage
from core.evaluation.named_findings import results_on_named_findings
from core.evaluation.predictions import Predictions
from core.evaluation.strata import (
    Share,
    calibration_tables,
    results_by_severity,
    results_by_source,
    results_on_normals,
    results_on_other_diseases,
)
from core.models.bundle.manifest import BundleManifest
from core.vocabulary import ENSEMBLE, finding_name
from train.cards.facts import SPLIT_NAMES, model_name, text


def by_source(predictions: Predictions) -> str:
    """Sensitivity and specificity of each source."""
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for each in results_by_source(predictions):
        row = rows.setdefault(
            (each.split, each.source, each.label),
            {"split": SPLIT_NAMES[each.split], "source": plain(each.source), "class": each.label},
        )
        _add_share(row, each.right)
    if not rows:
        return "No held-out images."
    return f"{text('by_source')}\n\n{table(list(rows.values()))}"


def by_severity(predictions: Predictions) -> str:
    """Sensitivity by geographic extent."""
    rows: dict[str, dict[str, str]] = {}
    for each in results_by_severity(predictions):
        row = rows.setdefault(each.stratum, {"geographic extent": each.stratum})
        _add_share(row, each.sensitivity)
    if not rows:
        return "Not known: no held-out COVID-19 image has a severity score."
    return f"{text('by_severity')}\n\n{table(list(rows.values()))}"


def other_diseases(predictions: Predictions) -> str:
    """What the models say to other diseases."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for each in results_on_other_diseases(predictions):
        named = {"disease": plain(each.name), "source": plain(each.source)}
        row = rows.setdefault((each.name, each.source), named)
        _add_share(row, each.called)
        if each.called.model == ENSEMBLE:
            row["median of the ensemble"] = f"{each.median:.2f}"
    if not rows:
        return "Not measured: there are no such images."
    return f"{text('other_diseases')}\n\n{table(list(rows.values()))}"


def false_findings(predictions: Predictions, manifest: BundleManifest) -> str:
    """What the findings network finds on normal radiographs."""
    found = results_on_normals(predictions, manifest.findings.operating_points)
    if not found:
        return "Not measured: there are no held-out normal radiographs."
    everybody = f"all ({found[0].images} of {found[0].groups} patients)"
    rows = [
        {"finding": finding_name(each.name), everybody: f"{each.share:.2f}{each.interval.in_brackets()}"}
        | {f"{plain(source)} ({images})": f"{share:.2f}" for source, images, share in each.by_source}
        for each in found
    ]
    return f"{text('false_findings')}\n\n{table(rows)}"


def named_findings(predictions: Predictions, manifest: BundleManifest) -> str:
    """How well findings are found where collections say what is to be seen."""
    rows = [
        {
            "finding": finding_name(each.name),
            "source": plain(each.source),
            "radiographs": str(each.measured.images),
            "told from": "normal ones alone" if each.from_normal else "others, too",
            "ROC AUC (95 %)": str(each.measured),
            "found, of those with it": f"{each.found} of {each.measured.positives}",
        }
        for each in results_on_named_findings(predictions, manifest.findings.operating_points)
    ]
    if not rows:
        return "Not measured: no collection says of enough held-out radiographs what is to be seen."
    return f"{text('named_findings')}\n\n{table(rows)}"


def third_answers(predictions: Predictions, manifest: BundleManifest) -> str:
    """How often each model is right or silent, and how often silent, at each error rate."""
    rows: dict[tuple[str, float], dict[str, str]] = {}
    for each in measure_coverage(predictions, manifest.third_answers):
        named = {
            "images": f"{SPLIT_NAMES[each.split]} ({each.images})",
            "error rate": percent(each.error_rate),
        }
        row = rows.setdefault((each.split, each.error_rate), named)
        spread = each.right_or_silent_interval.in_brackets() if each.model == ENSEMBLE else ""
        row[model_name(each.model)] = f"{each.right_or_silent:.2f}{spread}; silent {each.silent:.2f}"
    if not rows:
        return "Not calibrated: that takes held-out images of both classes."
    return f"{text('third_answers')}\n\n{table(list(rows.values()))}"


def _add_share(row: dict[str, str], share: Share) -> None:
    row.setdefault("images (patients)", f"{share.images} ({share.groups})")
    interval = share.interval.in_brackets() if share.model == ENSEMBLE else ""
    row[model_name(share.model)] = f"{share.share:.2f}{interval}"


def calibration(predictions: Predictions) -> str:
    """The ensemble's reliability, in bins."""
    rows = [
        {
            "images": SPLIT_NAMES[each.split],
            "mean probability": f"{found.predicted:.2f}",
            "share of COVID-19": f"{found.observed:.2f}",
            "count": str(found.images),
        }
        for each in calibration_tables(predictions)
        if each.model == ENSEMBLE
        for found in each.bins
    ]
    if not rows:
        return "Not measured."
    return f"{text('calibration')}\n\n{table(rows)}"
