"""The sections of a model card, after Mitchell et al. 2019 (Model Cards, arXiv:1810.03993)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.backbones import BACKBONE_BY_KEY
from core.evidence import SPLITS, Evidence, Predictions
from core.manifest import BundleManifest
from core.markdown import plain, table
from core.strata import (
    Share,
    calibration_tables,
    results_by_severity,
    results_by_source,
    results_on_pneumonia,
)
from core.trials import ENSEMBLE, Base, LeftOutSources, Trials, mean_left_out
from train.card_facts import Facts, Tried, bullets, recorded, text

BASES: dict[Base, str] = {
    "retrained": "retrained without them",
    "frozen": "has learnt from them",
    "imagenet": "ImageNet's, has seen no radiograph",
}
SPLIT_NAMES = {"test": "own sources", "seed_test": "the study's images", "external": "a clinic never seen"}


def sections(facts: Facts) -> Iterator[tuple[str, str]]:
    """Headings and their Markdown, in order."""
    manifest, trials, predictions = facts.manifest, facts.trials, facts.predictions
    yield "What it is", _what(manifest)
    yield "What it is for, and what it is not for", text("use")
    yield "What it learnt from", _learnt(manifest)
    yield "How it was measured", text("measured")
    yield "Internal beside external", _figures(facts)
    yield "Sources that were left out", _left_out(trials)
    yield "Do the features tell the source?", _sources_told(trials)
    yield "Do the models need the lungs?", _covered(trials)
    yield "By source", _by_source(predictions)
    yield "By severity", _by_severity(predictions)
    yield "Another pneumonia", _pneumonia(predictions)
    yield "Calibration", _calibration(predictions)
    yield "Findings, extent and opacity", _findings(manifest)
    yield "What was tried", _tried(facts.tried)
    yield "Limits", text("limits")
    yield "Versions", _versions(manifest)


def _name(model: str) -> str:
    return BACKBONE_BY_KEY[model].name if model in BACKBONE_BY_KEY else model.capitalize()


def _what(manifest: BundleManifest) -> str:
    starts = sorted({entry.initialisation for entry in manifest.backbones.values()})
    names = ", ".join(_name(key) for key in manifest.backbones)
    return f"{plain(manifest.description)}\n\n" + bullets(
        f"Five convolutional networks ({names}), each a frozen base and a head of its own "
        f"({manifest.pooling} pooling, 256 units, one sigmoid). The bases began from: {', '.join(starts)}.",
        f"Input: one frontal chest radiograph at {manifest.preprocessing.size_px} px. Output: a number from "
        "0 (like the normal images) to 1 (like the COVID-19 images). There is no third answer.",
        "A findings network scores 18 radiological findings; a linear support vector machine combines both "
        "into one decision with a calibrated probability. Task and design are those of Solis Calero 2021.",
        _lungs(manifest),
        "Weights are stored as int8 for each output channel; everything here was measured on what is stored.",
        f"Built on {plain(manifest.created)} as the bundle {plain(manifest.name)}.",
    )


def _lungs(manifest: BundleManifest) -> str:
    lungs = manifest.lungs
    if lungs is None:
        return "There is no lung network."
    people = (
        f"{lungs.dice:.3f} on {lungs.images} masks drawn by people, cross-validated"
        if lungs.dice is not None
        else "and there were no masks drawn by people"
    )
    return f"A lung network outlines the lungs: Dice {lungs.phantom_dice:.3f} on held-out phantoms, {people}."


def _learnt(manifest: BundleManifest) -> str:
    training = manifest.training
    stages = training.get("configuration", {}).get("pretrain", {}).get("stages", [])
    epochs = "; ".join(
        f"{each['epochs']} epochs of {each['images']} images at {each['size_px']} px" for each in stages
    )
    svm = training.get("ensemble", {})
    return bullets(
        f"{sum(source.counts.get('train', 0) for source in manifest.sources)} training images; the data card "
        "says from where.",
        f"Pretraining, of bases from scratch: {epochs}; classes and sources balanced." if epochs else "",
        f"Ensemble: fitted to {svm['train']} validation images, calibrated on {svm['validation']} others, "
        f"C = {svm['c']}."
        if svm
        else "",
    )


def _figures(facts: Facts) -> str:
    cells = {(each.model, each.split): each for each in facts.evidence}
    splits = [split for split in SPLITS if any(each.split == split for each in facts.evidence)]
    if not splits:
        return "No held-out images of both classes: nobody knows how good these models are."
    models = list(facts.predictions.thresholds)
    overview = [
        {"model": _name(model)}
        | {_heading(cells[model, split]): _auc(cells[model, split]) for split in splits}
        for model in models
    ]
    details = [_detail(cells[model, split]) for split in splits for model in models]
    return (
        f"ROC AUC (95 %):\n\n{table(overview)}\n\n"
        f"Decisions at each model's own threshold, and the error of its probability:\n\n{table(details)}"
    )


def _heading(evidence: Evidence) -> str:
    figures = evidence.figures
    return f"{SPLIT_NAMES[evidence.split]} ({figures.images}, {figures.positives} COVID-19)"


def _auc(evidence: Evidence) -> str:
    interval = evidence.figures.roc_auc_interval
    return f"{evidence.figures.roc_auc:.3f} ({interval.low:.2f}–{interval.high:.2f})"


def _detail(evidence: Evidence) -> dict[str, str]:
    figures = evidence.figures
    return {
        "images": SPLIT_NAMES[evidence.split],
        "model": _name(evidence.model),
        "threshold": f"{figures.threshold:.3f}",
        "sensitivity": f"{figures.confusion.sensitivity:.3f}",
        "specificity": f"{figures.confusion.specificity:.3f}",
        "wrong": f"{evidence.wrong} of {figures.images}",
        "Brier score": f"{figures.brier:.3f}",
        "calibration error": f"{figures.calibration_error:.3f}",
    }


def _left_out(trials: Trials) -> str:
    if not trials.left_out:
        return "Not measured: it takes two sources of either class, or more."
    means = [
        f"Mean of {'strict' if strict else 'usual, easier'} trials, base {name}: **{mean:.3f}**"
        for base, name in BASES.items()
        for strict in (True, False)
        if (mean := mean_left_out(trials.left_out, base, strict=strict)) is not None
    ]
    rows = table([_left_out_row(row) for row in trials.left_out])
    return f"{text('left_out')}\n\n{bullets(*means)}\n\n{rows}"


def _left_out_row(row: LeftOutSources) -> dict[str, str]:
    return {
        "model": _name(row.model),
        "base": BASES[row.base],
        "COVID-19 from": plain(row.covid_source) if row.covid_source else "known sources",
        "normal from": plain(row.normal_source) if row.normal_source else "known sources",
        "images": f"{row.measured.images} ({row.measured.positives} COVID-19)",
        "ROC AUC (95 %)": str(row.measured),
    }


def _sources_told(trials: Trials) -> str:
    rows = [
        {
            "model": _name(row.model),
            "class": row.label,
            "sources": " / ".join(plain(source) for source in row.sources),
            "fitted to": str(row.fitted),
            "measured on": str(row.measured.images),
            "ROC AUC (95 %)": str(row.measured),
            "shuffled": _shuffled(row.shuffled, row.shuffled_low, row.shuffled_high),
        }
        for row in trials.source_classifier
    ]
    if not rows:
        return "Not measured: it takes two sources of one class among validation and test images."
    return f"{text('sources_told')}\n\n{table(rows)}"


def _shuffled(mean: float | None, low: float | None, high: float | None) -> str:
    return "–" if mean is None else f"{mean:.2f} ({low or 0:.2f}–{high or 0:.2f})"


def _covered(trials: Trials) -> str:
    rows = [
        {
            "images": f"{SPLIT_NAMES.get(row.split, plain(row.split))} ({row.visible.images})",
            "model": _name(row.model),
            "lungs visible": str(row.visible),
            "lungs covered": str(row.covered),
        }
        for row in trials.covered_lungs
    ]
    if not rows:
        return "Not measured: the bundle has no lung network."
    return f"{text('covered')}\n\n{table(rows)}"


def _by_source(predictions: Predictions) -> str:
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for each in results_by_source(predictions):
        row = rows.setdefault(
            (each.split, each.source, each.label),
            {"images": SPLIT_NAMES[each.split], "source": plain(each.source), "class": each.label},
        )
        _add_share(row, each.right)
    if not rows:
        return "No held-out images."
    return f"{text('by_source')}\n\n{table(list(rows.values()))}"


def _by_severity(predictions: Predictions) -> str:
    rows: dict[str, dict[str, str]] = {}
    for each in results_by_severity(predictions):
        row = rows.setdefault(each.stratum, {"geographic extent": each.stratum})
        _add_share(row, each.sensitivity)
    if not rows:
        return "Not known: no held-out COVID-19 image has a severity score."
    return f"{text('by_severity')}\n\n{table(list(rows.values()))}"


def _pneumonia(predictions: Predictions) -> str:
    rows: dict[str, dict[str, str]] = {}
    for each in results_on_pneumonia(predictions):
        row = rows.setdefault(each.source, {"source": plain(each.source)})
        _add_share(row, each.called)
        if each.called.model == ENSEMBLE:
            row["median of the ensemble"] = f"{each.median:.2f}"
    if not rows:
        return "Not measured: there are no such images."
    return f"{text('pneumonia')}\n\n{table(list(rows.values()))}"


def _add_share(row: dict[str, str], share: Share) -> None:
    row.setdefault("count", f"{share.images} of {share.groups} patients")
    interval = f" ({share.interval.low:.2f}–{share.interval.high:.2f})" if share.model == ENSEMBLE else ""
    row[_name(share.model)] = f"{share.share:.2f}{interval}"


def _calibration(predictions: Predictions) -> str:
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


def _findings(manifest: BundleManifest) -> str:
    known = sorted((auc, name) for name, auc in manifest.findings.roc_auc.items())
    quality = ""
    if known:
        (least, worst), (most, best) = known[0], known[-1]
        quality = (
            f"Findings: mean ROC AUC {sum(auc for auc, _ in known) / len(known):.2f} over {len(known)} on "
            f"phantoms that the network has not learnt from; from {least:.2f} ({plain(worst)}) to {most:.2f} "
            f"({plain(best)}). 0.5 is a finding's operating point, not a probability."
        )
    scores = (
        f"{name.capitalize()} (0–{fit.maximum:g}): mean absolute error {fit.mean_absolute_error:.2f} on "
        f"{fit.images} images, cross-validated over patients; always answering with the mean "
        f"{fit.baseline_error:.2f}; correlation {fit.correlation:.2f}."
        for name, fit in manifest.severity.items()
    )
    return bullets(quality, *scores)


def _tried(tried: Sequence[Tried]) -> str:
    rows = [
        {
            "idea": plain(each.idea),
            "measured": plain(each.measured),
            "figures": plain(each.figures),
            "kept": "yes" if each.kept else "no",
        }
        for each in tried
    ]
    return table(rows) or "Nothing is recorded."


def _versions(manifest: BundleManifest) -> str:
    training = manifest.training
    versions = training.get("versions", {})
    return bullets(
        ", ".join(f"{plain(name)} {plain(version)}" for name, version in versions.items()),
        f"git revision {recorded(training.get('git_revision'))}",
        f"SHA-256 of the data's manifest.csv: {recorded(training.get('manifest_sha256'))}",
    )
