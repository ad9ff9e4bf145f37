"""What a model card says of the trials that `trials.json` holds."""

from __future__ import annotations

from core.display.markdown import plain, table
from core.evaluation.trials import Base, LeftOutSources, Trials, mean_left_out
from train.cards.facts import SPLIT_NAMES, bullets, model_name, text

BASES: dict[Base, str] = {
    "retrained": "retrained without them",
    "frozen": "has learnt from them",
    "imagenet": "ImageNet's, has seen no radiograph",
}


def left_out(trials: Trials) -> str:
    """What is left where sources were left out."""
    if not trials.left_out:
        return "Not measured: that takes two sources of either class, or more, and the step loso."
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
        "model": model_name(row.model),
        "base": BASES[row.base],
        "COVID-19 from": plain(row.covid_source) if row.covid_source else "known sources",
        "normal from": plain(row.normal_source) if row.normal_source else "known sources",
        "images": f"{row.measured.images} ({row.measured.positives} COVID-19)",
        "ROC AUC (95 %)": str(row.measured),
    }


def sources_told(trials: Trials) -> str:
    """How well the features tell the source."""
    rows = [
        {
            "model": model_name(row.model),
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
        return "Not measured: that takes two sources of one class, with validation and test images of both."
    return f"{text('sources_told')}\n\n{table(rows)}"


def _shuffled(mean: float | None, low: float | None, high: float | None) -> str:
    return "–" if mean is None else f"{mean:.2f} ({low or 0:.2f}–{high or 0:.2f})"


def covered(trials: Trials) -> str:
    """What is left with the lungs covered."""
    rows = [
        {
            "images": f"{SPLIT_NAMES.get(row.split, plain(row.split))} ({row.visible.images})",
            "model": model_name(row.model),
            "lungs visible": str(row.visible),
            "lungs covered": str(row.covered),
        }
        for row in trials.covered_lungs
    ]
    if not rows:
        return "Not measured: that takes a lung network."
    return f"{text('covered')}\n\n{table(rows)}"
