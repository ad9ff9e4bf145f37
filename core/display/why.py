"""Why the backbones disagree: thresholds, heat, and what they say of the changed radiograph, in words."""

from __future__ import annotations

from collections.abc import Sequence

from core.analysis.changed import CUT_SHARE, Changed, ChangeKey
from core.analysis.results import Analysis, BackboneReading
from core.display.wording import count_word, listed, percent, signed, tie_digits
from core.vocabulary import ENSEMBLE

CHANGES: dict[ChangeKey, str] = {
    "covered": "lungs covered",
    "cut": f"{percent(CUT_SHARE)} cut off at each side",
}
ASK = {
    True: "Ask again: lungs covered, border cut",
    False: "Ask again: border cut",
}  # by whether anybody knows where the lungs are
ASKING = "Asking all networks about the changed radiograph"


def reasons(analysis: Analysis, changed: Sequence[Changed] = (), *, bold: str = "**") -> str:
    """What may lie behind it that the backbones disagree, or how near they are to it: a paragraph.

    Args:
        analysis: At the thresholds that are chosen.
        changed: What the models say of the changed radiograph, where they were asked.
        bold: What stands around its first words: of Markdown, or nothing in plain text.
    """
    agree = analysis.votes in (0, len(analysis.readings))
    lead = f"All {count_word(len(analysis.readings))} agree" if agree else "Why they may disagree"
    said = "; ".join(filter(None, (_nearest(analysis), _heat(analysis))))
    return " ".join([f"{bold}{lead}:{bold} {said}.", *(_change(analysis, each) for each in changed)])


def _nearest(analysis: Analysis) -> str:
    nearest = min(analysis.readings, key=_distance)
    digits = tie_digits(nearest.probability, nearest.threshold)
    return (
        f"{nearest.backbone.name} stands nearest to its threshold ({nearest.probability:.{digits}f}, "
        f"threshold {nearest.threshold:.{digits}f})"
    )


def _distance(reading: BackboneReading) -> float:
    return abs(reading.probability - reading.threshold)


def _heat(analysis: Analysis) -> str:
    """Whose heat leaves the lungs: less of it lies in them than heat spread evenly would leave there."""
    known = [
        (reading.backbone.name, reading.heat_in_lungs)
        for reading in analysis.readings
        if reading.heat_in_lungs
    ]
    if not known:
        return ""
    even = f"if it were spread evenly ({percent(known[0][1].area)})"
    outside = [
        f"{name} ({percent(heat.share)})"
        for name, heat in known
        if round(heat.share, 2) < round(heat.area, 2)
    ]
    if not outside:
        return f"no map has less heat in the lungs than {even}"
    return f"in {listed(outside)} less of the heat lies in the lungs than {even}"


def _change(analysis: Analysis, changed: Changed) -> str:
    """Who answers otherwise once the radiograph is changed, and where nobody does, who moves most."""
    turned: dict[bool, list[str]] = {True: [], False: []}
    for reading in analysis.readings:
        positive = changed.probabilities[reading.backbone.key] >= reading.threshold
        if positive != reading.positive:
            turned[positive].append(reading.backbone.name)
    decision = analysis.decision
    if (positive := changed.probabilities[ENSEMBLE] >= decision.threshold) != decision.positive:
        turned[positive].append("the ensemble")
    with_it = f"With {_definite(changed.change)},"
    clauses = [
        f"{listed(names)} {'turns' if len(names) == 1 else 'turn'} to {answer}"
        for answer, names in (("COVID-19", turned[True]), ("normal", turned[False]))
        if names
    ]
    if clauses:
        return f"{with_it} {listed(clauses)}."
    far = max(analysis.readings, key=lambda each: abs(each.probability - _after(each, changed)))
    return (
        f"{with_it} nobody's answer changes; {far.backbone.name} moves most, from {far.probability:.2f} to "
        f"{_after(far, changed):.2f}."
    )


def _after(reading: BackboneReading, changed: Changed) -> float:
    return changed.probabilities[reading.backbone.key]


def _definite(change: ChangeKey) -> str:
    return f"the {CHANGES[change]}" if change == "covered" else CHANGES[change]


def figures(analysis: Analysis, changed: Sequence[Changed] = ()) -> list[dict[str, str]]:
    """The figures behind the sentence, a row a model.

    Args:
        analysis: At the thresholds that are chosen.
        changed: As for `reasons`.
    """
    rows = [
        _row(
            (each.backbone.key, each.backbone.name),
            each.probability,
            each.threshold,
            changed,
            percent(each.heat_in_lungs.share) if each.heat_in_lungs else "not known",
        )
        for each in analysis.readings
    ]
    decision = analysis.decision
    return [
        *rows,
        _row((ENSEMBLE, "Ensemble"), decision.probability, decision.threshold, changed, "no heatmap"),
    ]


def _row(
    model: tuple[str, str], probability: float, threshold: float, changed: Sequence[Changed], heat: str
) -> dict[str, str]:
    """Of a model, by its key and its name."""
    key, name = model
    asked = {
        CHANGES[each.change].capitalize(): _answer(each.probabilities[key], threshold) for each in changed
    }
    return {
        "Model": name,
        "P(COVID-19)": _answer(probability, threshold),
        "Threshold": f"{threshold:.{tie_digits(probability, threshold)}f}",
        "From its threshold": signed(probability - threshold),
        "Heat in the lungs": heat,
        **asked,
    }


def _answer(probability: float, threshold: float) -> str:
    digits = tie_digits(probability, threshold)
    return f"{probability:.{digits}f}, {'COVID-19' if probability >= threshold else 'normal'}"
