"""The sections of a model card, after Mitchell et al. 2019 (Model Cards, arXiv:1810.03993)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.display.markdown import plain, table
from core.display.wording import count_word, listed
from core.evaluation.evidence import Evidence
from core.evaluation.trials import Trials
from core.models.bundle.manifest import BundleManifest, LungsFile
from core.vocabulary import HELD_OUT
from train.cards import aims as card_aims
from train.cards import gate as card_gate
from train.cards import precisions as card_precisions
from train.cards import strata as card_strata
from train.cards import trials as card_trials
from train.cards.facts import SPLIT_NAMES, Facts, Tried, bullets, model_name, recorded, text


def sections(facts: Facts) -> Iterator[tuple[str, str]]:
    """Headings and their Markdown, in order."""
    manifest, trials, predictions = facts.manifest, facts.trials, facts.predictions
    yield "What it is", _what(manifest)
    yield "What it is for, and what it is not for", text("use")
    yield "What it learnt from", _learnt(manifest)
    yield "What it is asked about", card_gate.gate()
    yield "How it was measured", text("measured")
    yield "Internal beside external", _figures(facts)
    yield "Aims, reached and missed", card_aims.aims(facts)
    yield "Sources left out", card_trials.left_out(trials)
    yield "Do the features tell the source?", card_trials.sources_told(trials)
    yield "Do the models need the lungs?", card_trials.covered(trials)
    yield "Do the models read framing and sharpness?", card_trials.framing(trials)
    yield "When they may say that they cannot tell", card_strata.third_answers(predictions, manifest)
    yield "By source", card_strata.by_source(predictions)
    yield "By severity", card_strata.by_severity(predictions)
    yield "By sex and age", card_trials.people(trials)
    yield "Other diseases", card_strata.other_diseases(predictions)
    yield "Calibration", card_strata.calibration(predictions)
    yield "Findings, extent and opacity", _findings(manifest, trials)
    yield "What is found on normal radiographs", card_strata.false_findings(predictions, manifest)
    yield "Findings that collections name", card_strata.named_findings(predictions, manifest)
    yield "Do the findings' maps point where radiologists did?", card_trials.pointing(trials)
    yield "Faster arithmetic", card_precisions.precisions(manifest)
    yield "What was tried", _tried(facts.tried)
    yield "Limits", text("limits")
    yield "Versions", _versions(manifest)


def _what(manifest: BundleManifest) -> str:
    names = ", ".join(model_name(key) for key in manifest.backbones)
    backbones = count_word(len(manifest.backbones)).capitalize()
    return f"{plain(manifest.description)}\n\n" + bullets(
        f"{backbones} convolutional networks ({names}), each a frozen base and a head of its own "
        f"({manifest.pooling} pooling, 256 units, one sigmoid).",
        f"Input: one frontal chest radiograph at {manifest.preprocessing.size_px} px. Output: a number from "
        "0 (like the normal images) to 1 (like the COVID-19 images); and “cannot tell”, for what is like "
        "both or like neither at an error rate that the user chooses.",
        f"A findings network scores {len(manifest.findings.names)} radiological findings; a linear support "
        "vector machine combines both into one decision with a calibrated probability. Task and design are "
        "those of Solis Calero 2021.",
        _lungs(manifest),
        "Weights are stored as int8 for each output channel; everything here was measured on what is stored.",
        f"Built on {plain(manifest.created)} as the bundle {plain(manifest.name)}.",
    )


def _lungs(manifest: BundleManifest) -> str:
    lungs = manifest.lungs
    if lungs is None:
        return "There is no lung network."
    worst = manifest.training.get("figures", {}).get("lungs", {}).get("worst")
    people = (
        f"{lungs.dice:.3f} on {lungs.images} masks drawn by people, cross-validated"
        f"{f', the worst {worst:.2f}' if worst is not None else ''}"
        if lungs.dice is not None
        else "and there were no masks drawn by people"
    )
    moved = (
        f" Another {lungs.misregistered} masks fit only once they are stretched, as if drawn on another "
        f"frame, and were left out; with them it is {lungs.dice_with_all:.3f}."
        if lungs.misregistered and lungs.dice_with_all is not None
        else ""
    )
    dice = f"Dice {lungs.phantom_dice:.3f} on held-out phantoms, {people}.{moved}"
    return f"A lung network outlines the lungs: {dice}{_silence(lungs)}"


def _silence(lungs: LungsFile) -> str:
    """How often the outline is taken for nonsense."""
    if lungs.outlines is None:
        return ""
    shares = [
        f"{each.silent} of {each.images} ({SPLIT_NAMES.get(split, split)})"
        for split, each in lungs.outlines.silence.items()
    ]
    return (
        f" Where an outline lies too far from the shapes of {lungs.outlines.masks} that people drew, nothing "
        "is said of lungs: no outline, extent, opacity or heat inside of them. That is so on "
        f"{listed(shares)}; what is too far was chosen on validation images."
    )


def _learnt(manifest: BundleManifest) -> str:
    training = manifest.training
    told: dict[str, list[str]] = defaultdict(list)
    noted: dict[str, list[dict[str, Any]]] = {
        key: figures["pretraining"]
        for key, figures in training.get("figures", {}).items()
        if isinstance(figures, dict) and "pretraining" in figures
    }
    findings = noted.pop("findings", None)
    for key, pretraining in noted.items():
        told[_steps(pretraining)].append(model_name(key))
    svm = training.get("ensemble", {})
    return bullets(
        f"{sum(source.counts.get('train', 0) for source in manifest.sources)} training images; the data card "
        "says from where.",
        *(
            f"{'Bases' if names[1:] else 'Base'} of {', '.join(names)}: {steps}."
            for steps, names in told.items()
        ),
        _heads(training.get("configuration", {}).get("transfer", {})),
        f"Findings network: {_steps(findings)}." if findings else "",
        f"Ensemble: fitted to {svm['validation']} validation images, C = {svm['c']}; its calibration and its "
        f"threshold come from fits that had not seen the patient. {_beside_the_mean(svm)}"
        if svm
        else "",
    )


def _heads(transfer: Mapping[str, Any]) -> str:
    """How heads learnt, of what `train.config.TransferConfig` was."""
    if not (copies := transfer.get("copies")):
        return ""
    paying = (
        f"; a head pays {consistency:g} times the squared difference of its probabilities where it answers "
        "a copy otherwise than the image, and what copies differ by counts for little in what it reads"
        if (consistency := transfer.get("consistency"))
        else ""
    )
    return (
        f"Heads: from each training image and {count_word(copies)} {'copies' if copies > 1 else 'copy'} of "
        f"it, framed and processed as another source might{paying}."
    )


def _beside_the_mean(svm: Mapping[str, Any]) -> str:
    """What the ensemble is worth beside the plain mean of the backbones, on validation images."""
    if "wrong" not in svm:
        return ""
    flat = " It orders them backwards, and gives every picture the same probability." if svm["flat"] else ""
    return (
        f"Held out so, it is wrong on {svm['wrong']} of {svm['validation']} validation images at its "
        f"threshold, the mean of the backbones' probabilities on {svm['mean_wrong']} at its own.{flat}"
    )


def _steps(pretraining: Sequence[Mapping[str, Any]]) -> str:
    """What `train.steps` notes of a base, as a phrase."""
    if not pretraining:
        return "ImageNet's, as they were published"
    return ", then ".join(
        f"{'on from the bundle ' + plain(step['from']) if step['from'] else 'from scratch'} with "
        + " and ".join(
            f"{each['epochs']} x {each['images']:,} images at {each['size_px']} px" for each in step["stages"]
        )
        for step in pretraining
    )


def _figures(facts: Facts) -> str:
    cells = {(each.model, each.split): each for each in facts.evidence}
    splits = [split for split in HELD_OUT if any(each.split == split for each in facts.evidence)]
    if not splits:
        return "No held-out images of both classes: nobody knows how good these models are."
    models = list(facts.predictions.thresholds)
    overview = [
        {"model": model_name(model)}
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
    figures = evidence.figures
    return f"{figures.roc_auc:.3f}{figures.roc_auc_interval.in_brackets()}"


def _detail(evidence: Evidence) -> dict[str, str]:
    figures = evidence.figures
    return {
        "images": SPLIT_NAMES[evidence.split],
        "model": model_name(evidence.model),
        "threshold": f"{figures.threshold:.3f}",
        "sensitivity": f"{figures.confusion.sensitivity:.3f}",
        "specificity": f"{figures.confusion.specificity:.3f}",
        "wrong": f"{evidence.wrong} of {figures.images}",
        "Brier score": f"{figures.brier:.3f}",
        "calibration error": f"{figures.calibration_error:.3f}",
    }


def _findings(manifest: BundleManifest, trials: Trials) -> str:
    known = sorted((auc, name) for name, auc in manifest.findings.roc_auc.items())
    quality = ""
    if known:
        (least, worst), (most, best) = known[0], known[-1]
        quality = (
            f"Findings: mean ROC AUC {sum(auc for auc, _ in known) / len(known):.2f} over {len(known)} on "
            f"phantoms that the network has not learnt from; from {least:.2f} ({plain(worst)}) to {most:.2f} "
            f"({plain(best)}). 0.5 is a finding's threshold, not a probability."
        )
    scores = (
        f"{name.capitalize()} (0–{fit.maximum:g}): mean absolute error {fit.mean_absolute_error:.2f} on "
        f"{fit.images} images, cross-validated over patients; always answering with the mean "
        f"{fit.baseline_error:.2f}; correlation {fit.correlation:.2f}."
        for name, fit in manifest.severity.items()
    )
    checks = (
        f"{each.score.capitalize()} against the {plain(each.against)} score of {each.images} images of "
        f"{each.groups} patients to whom it was not fitted: rank correlation {each.correlation:.2f} "
        f"({each.low:.2f} to {each.high:.2f})."
        for each in trials.severity_checks
    )
    return bullets(quality, *scores, *checks)


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
        f"Heads, ensemble or measurements anew on {plain(anew['date'])}: git revision "
        f"{recorded(anew.get('git_revision'))}"
        if (anew := training.get("measured_anew"))
        else "",
        f"SHA-256 of the data's manifest.csv: {recorded(training.get('manifest_sha256'))}",
    )
