"""The tables of the page Compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd

from core.evaluation.comparison import Answers, Entrant
from core.evaluation.measures import MEASURES, Measured
from core.evaluation.metrics import interval_text
from core.evaluation.significance import adjust, compare_aucs, compare_decisions
from core.evaluation.study import SINGLE, SVMS, StudyResult
from core.models.backbones import BACKBONES
from core.vocabulary import ENSEMBLE

DIFFERENCE, ERROR, DELONG, MCNEMAR = "ROC AUC, difference", "± error", "DeLong p", "McNemar p"
FRACTIONS = (DIFFERENCE, ERROR, DELONG, f"{DELONG}, Holm", MCNEMAR, f"{MCNEMAR}, Holm")
NOT_MEASURED = "not measured"
NARROW = 0.05  # an interval of which a third digit says something
NAMES = {each.key: each.name for each in MEASURES}


def measures_table(
    answers: Answers,
    found: Mapping[str, Measured],
    sizes: Mapping[str, int],
    times: Mapping[str, float],
    *,
    intervals: bool = True,
) -> pd.DataFrame:
    """One row a model: its threshold, each measure as text with its interval, and how large it is.

    Args:
        answers: What was measured.
        found: By the keys of `NAMES`.
        sizes: Bytes of the backbones' files, by key.
        times: From `core.models.inference.time_networks`; without them that column is missing.
        intervals: Whether to show them.
    """
    columns: dict[str, Sequence[str]] = {
        "Model": [each.name for each in answers.entrants],
        "Threshold": [f"{each:.3f}" for each in answers.thresholds],
    }
    for key in NAMES:
        measured = found[key]
        figures, ranges = measured_text(measured)
        columns[NAMES[key]] = [
            f"{figure} ({between})" if intervals and between else figure
            for figure, between in zip(figures, ranges, strict=True)
        ]
    keys = [each.key for each in answers.entrants]
    parameters = {each.key: f"{each.parameters / 1e6:.1f} M" for each in BACKBONES}
    columns["Parameters"] = [parameters.get(key, "") for key in keys]
    columns["File"] = [f"{sizes[key] / 1e6:.1f} MB" if key in sizes else "" for key in keys]
    if times:
        columns["ms an image"] = [f"{_milliseconds(each, times):.1f}" for each in answers.entrants]
    return pd.DataFrame(columns)


def _milliseconds(entrant: Entrant, times: Mapping[str, float]) -> float:
    """What the networks take that a model asks, one after another; an SVM adds next to nothing."""
    backbones = sum(time for key, time in times.items() if key != "findings")
    whole = {"svm_findings": times["findings"], ENSEMBLE: backbones + times["findings"]}
    return times.get(entrant.same_as or entrant.key) or whole.get(entrant.key, backbones)


def measured_text(measured: Measured) -> tuple[list[str], list[str]]:
    """A measure of every model and its intervals, empty where there is none, with the digits they bear.

    Two digits; three where the intervals, by their median, are narrower than `NARROW`.
    """
    widths = measured.high - measured.low
    digits = 3 if (~np.isnan(widths)).any() and float(np.nanmedian(widths)) < NARROW else 2
    rows = zip(measured.low, measured.high, strict=True)
    return (
        [NOT_MEASURED if np.isnan(each) else f"{each:.{digits}f}" for each in measured.values],
        [interval_text(low, high, digits) for low, high in rows],
    )


def figures_table(rows: Sequence[Mapping[str, str | float | int]]) -> pd.DataFrame:
    """A chart's numbers as text: two digits of what is no count, and words for what nobody measured."""
    return pd.DataFrame([{name: _figure(value) for name, value in row.items()} for row in rows])


def _figure(value: str | float) -> str:
    if not isinstance(value, float):
        return str(value)
    return NOT_MEASURED if np.isnan(value) else f"{value:.2f}"


def printed_table(frame: pd.DataFrame, digits: int) -> str:
    """A table as HTML, of which everything from outside is text.

    Args:
        frame: The table; what is missing in it stays empty.
        digits: Of numbers, behind the point.
    """
    rows = [[_printed(value, digits) for value in row] for row in frame.itertuples(index=False)]
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    head = "".join(f"<th>{escape(str(name))}</th>" for name in frame.columns)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _printed(value: object, digits: int) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else _fraction(value, digits)
    return "" if value is None else escape(str(value))


def _fraction(value: float, digits: int) -> str:
    """With a real minus; what is too small for the digits is said to be smaller than the least of them."""
    text = f"{abs(value):.{digits}f}"
    if value and not float(text):
        return escape(f"<{10**-digits:.{digits}f}")
    return f"{'−' if value < 0 else ''}{text}"


def with_study(frame: pd.DataFrame) -> pd.DataFrame:
    """The table of `measures_table` and below it what the study published, with the caveat of each row."""
    rows = published((*SINGLE, *SVMS))
    return pd.concat([frame.assign(Caveat=""), rows], ignore_index=True).fillna("")


def pairs(answers: Answers, columns: Sequence[tuple[int, int]]) -> pd.DataFrame:
    """Pairs of models, tested: areas by DeLong's test, decisions by McNemar's, both corrected after Holm.

    Args:
        answers: With both classes.
        columns: Which pairs, at least one.
    """
    called, rows = answers.called, []
    for one, other in columns:
        scores = answers.scores[:, one], answers.scores[:, other]
        area = compare_aucs(answers.labels, *scores, answers.groups)
        decision = compare_decisions(answers.labels, called[:, one], called[:, other])
        rows.append(
            {
                "First": answers.entrants[one].name,
                "Second": answers.entrants[other].name,
                DIFFERENCE: area.difference,
                ERROR: area.error,
                DELONG: area.p,
                f"{DELONG}, Holm": 0.0,
                "Only first right": decision.first_only,
                "Only second right": decision.second_only,
                MCNEMAR: decision.p,
                f"{MCNEMAR}, Holm": 0.0,
            }
        )
    table = pd.DataFrame(rows)
    for name in (DELONG, MCNEMAR):
        table[f"{name}, Holm"] = adjust(table[name].to_list())
    return table


def published(results: Sequence[StudyResult]) -> pd.DataFrame:
    """The study's results, each with its caveat."""
    keys = ("accuracy", "sensitivity", "specificity", "ppv", "f1")
    return pd.DataFrame(
        [
            {"Model": f"Study: {row.model}"}
            | {NAMES[key]: f"{row.figures[key]:.3f}" if key in row.figures else "" for key in keys}
            | {"Caveat": row.flaw}
            for row in results
        ]
    )
