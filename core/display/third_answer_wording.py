"""The third answer in words: who says what where silence is allowed, and what that is worth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from core.analysis.results import Analysis
from core.display.markdown import plain
from core.display.wording import model_name, percent
from core.evaluation.coverage import Coverage
from core.evaluation.strata import OtherDisease
from core.evaluation.trials import HEADS_ALONE, LeftOutSources
from core.models.bundle.manifest import BundleManifest
from core.models.third_answer import Answer, rate_key
from core.vocabulary import ENSEMBLE, SOURCES_LEFT_OUT, SPLITS

ANSWERS: dict[Answer, str] = {
    "covid": "COVID-like",
    "normal": "normal-like",
    "both": "cannot tell, like both",
    "neither": "cannot tell, like neither",
}


def third_answers(analysis: Analysis, error_rate: float) -> dict[str, Answer]:
    """What each model says where it may be silent, by key; only models that know how."""
    key = rate_key(error_rate)
    return {model: said[key] for model, said in analysis.third_answers.items() if key in said}


def third_sentence(answers: dict[str, Answer], error_rate: float) -> str:
    """The same in a sentence: the ensemble first."""
    votes = [answer for model, answer in answers.items() if model != ENSEMBLE]
    counts = {
        "say COVID-like": votes.count("covid"),
        "say normal-like": votes.count("normal"),
        "cannot tell": votes.count("both") + votes.count("neither"),
    }
    backbones = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
    said = [f"the ensemble {_says(answers[ENSEMBLE])}"] if ENSEMBLE in answers else []
    said += [f"of the backbones {backbones}"] if backbones else []
    return f"Rather silent than wrong on more than {percent(error_rate)} of either class: {'; '.join(said)}."


def _says(answer: Answer) -> str:
    if answer in ("both", "neither"):
        return f"cannot tell (the picture is like {answer} of the classes)"
    return f"says {ANSWERS[answer]}"


def third_table(
    answers: dict[str, Answer],
    coverage: Sequence[Coverage],
    left_out: Sequence[LeftOutSources],
    error_rate: float,
) -> list[dict[str, str]]:
    """One row a model: what it says, and on how many images such answers were right or silent, and silent."""
    rows = []
    for model, answer in answers.items():
        row = {"Model": model_name(model), "Says": ANSWERS[answer]}
        for each in coverage:
            if (each.model, each.error_rate) == (model, error_rate):
                row[SPLITS[each.split].name] = _measured(each)
        left = _mean_left_out(left_out, model, error_rate)
        if left:
            row[SOURCES_LEFT_OUT] = _cell(*left)
        rows.append(row)
    columns = dict.fromkeys(column for row in rows for column in row)
    return [{column: row.get(column, "–") for column in columns} for row in rows]


def _measured(coverage: Coverage) -> str:
    """Both shares with their 95 % intervals."""
    right, silent = coverage.right_or_silent_interval, coverage.silent_interval
    return (
        f"{coverage.right_or_silent:.2f}{right.in_brackets()}, silent {coverage.silent:.2f}"
        f"{silent.in_brackets()}"
    )


def _cell(right_or_silent: float, silent: float) -> str:
    return f"{right_or_silent:.2f}, silent {silent:.2f}"


def _mean_left_out(
    left_out: Sequence[LeftOutSources], model: str, error_rate: float
) -> tuple[float, float] | None:
    """Mean over pairs of sources that were left out of the training of heads."""
    rows = [row for row in left_out if row.model == model and row.strict]
    base = next((base for base in HEADS_ALONE if any(row.base == base for row in rows)), None)
    found = [
        (each.right_or_silent, each.silent)
        for row in rows
        if row.base == base
        for each in row.coverage
        if each.error_rate == error_rate
    ]
    if not found:
        return None
    right, silent = (sum(values) / len(found) for values in zip(*found, strict=True))
    return right, silent


def promise(coverage: Sequence[Coverage], error_rate: float) -> str:
    """What was promised, and what became of it on each split, for the ensemble."""
    parts = [
        f"{each.right_or_silent:.2f} (silent on {each.silent:.2f}) on {SPLITS[each.split].meaning}"
        for each in coverage
        if each.model == ENSEMBLE and each.error_rate == error_rate
    ]
    if not parts:
        return "Nobody measured what such answers are worth."
    return (
        f"Promised: right or silent on at least {1 - error_rate:.2f}. What became of it, with the ensemble: "
        f"{'; '.join(parts)}. The promise holds for images like those that calibrated it, and nowhere else."
    )


def neither(other_diseases: Sequence[OtherDisease], manifest: BundleManifest, *, moved: bool = False) -> str:
    """How often the ensemble reads another disease as COVID-19, a line each: empty where nobody measured it.

    Args:
        other_diseases: What was measured.
        manifest: Of the bundle, which knows how people cite a source.
        moved: Whether the decision above is at another threshold than the ensemble's own.
    """
    parts = defaultdict[str, list[str]](list)
    for each in other_diseases:
        if each.called.model == ENSEMBLE:
            source = plain(manifest.source_name(each.source))
            parts[each.name].append(f"{percent(each.called.share)} of {each.called.images} ({source})")
    if not parts:
        return ""
    own = ", at its own threshold" if moved else ""
    lines = "".join(f"\n- {plain(name)}: {', '.join(shares)}" for name, shares in parts.items())
    return (
        f"**Or neither?** Of held-out images of other diseases, the ensemble reads as COVID-19{own}:\n"
        f"{lines}\n\nAn image counts with each disease that its source reports."
    )


def beside_the_mean(manifest: BundleManifest) -> str:
    """What comes first where the ensemble decides worse than the mean of its backbones; else empty."""
    svm = manifest.training.get("ensemble")
    named = svm if isinstance(svm, dict) else {}
    images, wrong, mean_wrong = (named.get(name) for name in ("validation", "wrong", "mean_wrong"))
    if not (isinstance(images, int) and isinstance(wrong, int) and isinstance(mean_wrong, int)):
        return ""
    if wrong <= mean_wrong:
        return ""
    return (
        f"On {images} validation images this ensemble is wrong on {wrong}, the plain mean of its backbones "
        f"on {mean_wrong}."
    )
