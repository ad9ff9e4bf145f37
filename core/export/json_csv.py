"""An analysis as JSON for programs and as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from core.analysis.changed import Changed
from core.analysis.results import Analysis, BackboneReading
from core.display.wording import DISCLAIMER
from core.gate.sentences import laid, refusal, seems
from core.gate.verdict import Verdict
from core.reading.warning import ReadingWarning

SCHEMA = "thoraxlens-analysis/2"  # docs/analysis.schema.json says what that is
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | float


def to_record(analysis: Analysis, changed: Sequence[Changed] | None = None) -> dict[str, Any]:
    """Every number of an analysis, with its provenance and the disclaimer, in plain JSON types.

    Args:
        analysis: The analysis.
        changed: What the models say of the changed radiograph; None where nobody asked, and then the record
            says nothing of it.
    """
    said = {each.change: dict(each.probabilities) for each in changed or ()}
    return {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "name": analysis.name,
        "width_px": analysis.width_px,
        "height_px": analysis.height_px,
        "inside": analysis.inside._asdict(),
        "box": analysis.box._asdict(),
        "way": asdict(analysis.way),
        "gate": _gate(analysis.verdict, analysis.warnings) if analysis.verdict else None,
        "explainer": analysis.explainer.key,
        "backbones": [_reading(reading) for reading in analysis.readings],
        "votes": analysis.votes,
        "spread": analysis.spread,
        "third_answers": analysis.third_answers,
        "findings": [asdict(finding) for finding in analysis.findings],
        "severity": [asdict(score) for score in analysis.severity],
        "ensemble": asdict(analysis.decision) | {"positive": analysis.decision.positive},
        "warnings": [asdict(warning) for warning in analysis.warnings],
        "provenance": asdict(analysis.provenance),
        "milliseconds": analysis.milliseconds,
        **({"changed": said} if said else {}),
    }


def _gate(verdict: Verdict, header: Sequence[ReadingWarning]) -> dict[str, Any]:
    """What the gate says; where it refuses, that comes before every answer."""
    numbers = {name: value for name, value in asdict(verdict).items() if isinstance(value, float)}
    return {
        "refused": verdict.refused,
        "sentence": refusal(verdict, header) if verdict.refused else seems(verdict),
        "reasons": verdict.reasons,
        "hints": verdict.hints,
        "kind": verdict.kind.key,
        "quarters": verdict.turn.quarters,
        **numbers,
    }


def _reading(reading: BackboneReading) -> dict[str, Any]:
    return {
        "backbone": reading.backbone.key,
        "name": reading.backbone.name,
        "paper": reading.backbone.paper,
        "probability": reading.probability,
        "threshold": reading.threshold,
        "positive": reading.positive,
        "heat_peak": reading.heat_peak,
        "heat_in_lungs": reading.heat_in_lungs._asdict() if reading.heat_in_lungs else None,
        "heatmap": [[round(float(heat), 4) for heat in row] for row in reading.heatmap],
    }


def to_json(analysis: Analysis, changed: Sequence[Changed] | None = None) -> str:
    """The record as JSON text."""
    return json.dumps(to_record(analysis, changed), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(analyses: Iterable[Analysis]) -> str:
    """One row an analysis, under a header; text from outside can never become a formula.

    Args:
        analyses: At least one; all of the same models.
    """
    return write_rows([csv_row(analysis) for analysis in analyses])


def write_rows(rows: Sequence[Mapping[str, Cell]]) -> str:
    """Rows as CSV, under a header; a cell that a row lacks stays empty.

    Args:
        rows: Not yet escaped.
    """
    columns = dict.fromkeys(column for row in rows for column in row)  # a refused one has no extent
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: escape_cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def csv_row(analysis: Analysis) -> Mapping[str, Cell]:
    """The numbers of an analysis by column name, not yet escaped."""
    verdict = analysis.verdict
    gate = gate_cells(verdict, analysis.warnings) | {"laid": laid(analysis.way)} if verdict else {}
    return {
        "name": analysis.name,
        **gate,
        **answer_cells(analysis),
        "warnings": warning_codes(analysis.warnings),
        **{key: str(value) for key, value in asdict(analysis.provenance).items()},
        "milliseconds": analysis.milliseconds,
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
    }


def answer_cells(analysis: Analysis) -> dict[str, Cell]:
    """What the models say, by column name; empty text where nobody knows."""
    decision = analysis.decision
    return {
        "ensemble_probability": decision.probability,
        "ensemble_threshold": decision.threshold,
        "ensemble_positive": int(decision.positive),
        "ensemble_decision_value": decision.decision_value,
        "votes": analysis.votes,
        "spread": analysis.spread,
        **{
            f"{model}_says_at_{rate}": answer
            for model, answers in analysis.third_answers.items()
            for rate, answer in answers.items()
        },
        **{f"{reading.backbone.key}_probability": reading.probability for reading in analysis.readings},
        **{f"{reading.backbone.key}_threshold": reading.threshold for reading in analysis.readings},
        **{f"{reading.backbone.key}_positive": int(reading.positive) for reading in analysis.readings},
        **{f"{reading.backbone.key}_heat_in_lungs": _share(reading) for reading in analysis.readings},
        **{f"finding:{finding.name}": finding.score for finding in analysis.findings},
        **{f"finding_logit:{finding.name}": finding.logit for finding in analysis.findings},
        **{score.name: score.value for score in analysis.severity},
        **{f"{score.name}_error": score.mean_absolute_error for score in analysis.severity},
    }


def gate_cells(verdict: Verdict, header: Sequence[ReadingWarning]) -> dict[str, Cell]:
    """What the gate says, by column name.

    Args:
        verdict: Its verdict.
        header: What the picture's file says of it.
    """
    gate = _gate(verdict, header)
    cells = ("kind", "kind_share", "frontal", "quarters", "inverted", "mirrored", "distance")
    return {
        "gate_refused": int(gate["refused"]),
        "gate": gate["sentence"],
        **{f"gate_{name}": gate[name] for name in cells},
        "gate_hints": " ".join(gate["hints"]),
    }


def warning_codes(warnings: Iterable[ReadingWarning]) -> str:
    """The codes of warnings, as one cell."""
    return " ".join(warning.code for warning in warnings)


def _share(reading: BackboneReading) -> float | str:
    """Of the heat inside the lungs; an empty cell where nobody knows."""
    return reading.heat_in_lungs.share if reading.heat_in_lungs else ""


def escape_cell(value: Cell) -> Cell:
    """Text that a spreadsheet would take for a formula gets an apostrophe; numbers stay numbers."""
    return f"'{value}" if is_formula(value) else value


def is_formula(value: object) -> bool:
    """Whether it is text that a spreadsheet would take for a formula."""
    return isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA_STARTS)
