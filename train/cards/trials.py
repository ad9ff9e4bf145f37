"""What a model card says of the trials that `trials.json` holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from core.display.markdown import plain, table
from core.display.wording import moved, percent
from core.evaluation.metrics import interval_text
from core.evaluation.trials import Base, FramedAnswers, LeftOutSources, MoveInterval, Trials, mean_left_out
from core.vocabulary import ENSEMBLE, finding_name
from train.cards.facts import SPLIT_NAMES, bullets, model_name, text

INVARIANT = (
    "10 % cut off",
    "20 % cut off",
    "20 % cut off above and left",
    "20 % cut off below and right",
    "sharpened",
    "blurred",
)
AIMED = {"normal": 0.05, "covid": 0.1}  # how far each of these may move


class Measure(NamedTuple):
    """What a change of framing moves.

    Attributes:
        title: Of its table.
        level: Before the change.
        move: How far the change moves it, with the interval.
    """

    title: str
    level: Callable[[FramedAnswers], float]
    move: Callable[[FramedAnswers], tuple[float, MoveInterval | None]]

    def size(self, answers: FramedAnswers) -> float:
        """How far, either way; rounded, because 24/120 - 18/120 is more than 0.05 otherwise."""
        return round(abs(self.move(answers)[0]), 9)


MEASURES = (
    Measure(
        "Mean probability of COVID-19",
        lambda each: each.mean_before,
        lambda each: (each.mean_move, each.mean_move_interval),
    ),
    Measure(
        "Share read as COVID-19",
        lambda each: each.called_before,
        lambda each: (each.called_move, each.called_move_interval),
    ),
)
UNCHANGED = "none"
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
    } | {
        f"right or silent, cannot tell ({percent(each.error_rate)})": (
            f"{each.right_or_silent:.2f}, {each.silent:.2f}"
        )
        for each in row.coverage
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


def framing(trials: Trials) -> str:
    """How far answers move when a picture is framed or processed otherwise."""
    if not trials.framing:
        return "Not measured."
    reached = [
        _reached(answers, measure, aim)
        for label, aim in AIMED.items()
        if (answers := _invariant(trials, label))
        for measure in MEASURES
    ]
    tables = [f"**{measure.title}**\n\n{_moves(trials.framing, measure)}" for measure in MEASURES]
    return "\n\n".join([text("framing"), bullets(*reached), *tables])


def _reached(answers: Sequence[FramedAnswers], measure: Measure, aim: float) -> str:
    """How far the model moves that moves most, and how many stay within an aim."""
    largest = max(answers, key=measure.size)
    models = {each.model for each in answers}
    beyond = {each.model for each in answers if measure.size(each) > aim}
    return (
        f"{measure.title}, {largest.label} images: moves most by {moved(*measure.move(largest))}, "
        f"{model_name(largest.model)}, {largest.change}. Aim: at most {aim:.2f} either way, which "
        f"{len(models - beyond) or 'none'} of {len(models)} models reach."
    )


def _moves(answers: Sequence[FramedAnswers], measure: Measure) -> str:
    """A table of what every model says before any change, and how far each change moves that."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    unchanged = {(each.model, each.label): each for each in answers}.values()
    cells = [(UNCHANGED, each, f"{measure.level(each):.2f}") for each in unchanged]
    cells += [(each.change, each, moved(*measure.move(each))) for each in answers]
    for change, each, says in cells:
        images = f"{each.label} ({each.images})"
        row = rows.setdefault((change, each.label), {"change": change, "images": images})
        row[model_name(each.model)] = says
    return table(list(rows.values()))


def _invariant(trials: Trials, label: str) -> list[FramedAnswers]:
    return [each for each in trials.framing if each.label == label and each.change in INVARIANT]


def people(trials: Trials) -> str:
    """How often the models are right about women and men, younger and older people."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for each in trials.people:
        named = {
            "class": each.label,
            "people": each.stratum,
            "images (patients)": f"{each.images} ({each.groups})",
        }
        row = rows.setdefault((each.label, each.stratum), named)
        interval = f" ({interval_text(each.low, each.high)})" if each.model == ENSEMBLE else ""
        row[model_name(each.model)] = f"{each.right:.2f}{interval}"
    if not rows:
        return "Not measured: the collections do not say enough of the people on held-out images."
    return f"{text('people')}\n\n{table(list(rows.values()))}"


def pointing(trials: Trials) -> str:
    """How often maps of findings point into radiologists' boxes."""
    if not trials.pointing:
        return "Not measured: that takes radiologists' boxes, and the command pointing."
    rows = [
        {
            "finding": "all" if each.finding == "all" else finding_name(each.finding),
            "radiographs": f"{each.asked} ({each.learnt} to learn from)",
            "hottest place in a box (95 %)": (
                f"{each.hits} = {each.hits / each.asked:.2f} ({interval_text(each.low, each.high)})"
            ),
            "a random map": f"{each.random:.2f}",
            "a blob in the centre": f"{each.centre / each.asked:.2f}",
            "share of heat in the boxes": f"{each.heat:.2f}",
        }
        for each in trials.pointing
    ]
    overall = next((each for each in trials.pointing if each.finding == "all"), trials.pointing[0])
    best = max(overall.random, overall.centre / overall.asked)
    verdict = (
        "The maps point into the boxes more often than either."
        if overall.low > best
        else "The interval holds what the better of them gets: the maps are not shown to point any better."
        if overall.high >= best
        else "The maps point into the boxes less often than the better of them."
    )
    return f"{text('pointing')} {verdict}\n\n{table(rows)}"


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
