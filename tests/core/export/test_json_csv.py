"""Reports: complete, re-readable, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from core.analysis.results import Analysis
from core.export.json_csv import DISCLAIMER, escape_cell, to_csv, to_json
from core.gate.kinds import KIND_BY_KEY
from core.models.backbones import BACKBONES
from core.vocabulary import FINDINGS
from tests.core.gate.verdicts import verdict


def test_json_holds_every_number_and_where_it_comes_from(analysis: Analysis) -> None:
    record = json.loads(to_json(analysis))
    assert record["schema"] == "thoraxlens-analysis/2" and record["disclaimer"] == DISCLAIMER
    assert [backbone["backbone"] for backbone in record["backbones"]] == [b.key for b in BACKBONES]
    assert record["backbones"][-1]["probability"] == pytest.approx(0.9)
    assert record["backbones"][-1]["positive"] and not record["backbones"][0]["positive"]
    assert record["explainer"] == "gradcam"
    assert record["backbones"][0]["heatmap"] == [[0, 0.5], [1, 0.3333]]
    assert record["backbones"][0]["heat_in_lungs"] == {"share": 0.6, "area": 0.4}
    assert record["backbones"][1]["heat_in_lungs"] is None
    assert [finding["name"] for finding in record["findings"]] == list(FINDINGS)
    assert record["severity"][0] == {
        "name": "extent",
        "value": 3.5,
        "maximum": 8,
        "mean_absolute_error": 1.1,
        "baseline_error": 2.0,
        "images": 89,
    }
    assert (
        record["ensemble"]["contributions"][0]["contribution"] == -0.6 and not record["ensemble"]["positive"]
    )
    votes = sum(backbone["probability"] >= backbone["threshold"] for backbone in record["backbones"])
    assert record["votes"] == votes and record["spread"] == pytest.approx(0.8)
    assert record["provenance"]["findings_source"] == "stand-in" and record["box"]["right"] == 282
    assert [warning["code"] for warning in record["warnings"]] == ["not_frontal", "low_contrast"]


def test_the_refusal_comes_before_every_answer(analysis: Analysis) -> None:
    knee = verdict(kind=KIND_BY_KEY["knee"], kind_share=0.97, frontal=0.01, reasons=("kind",))
    refused = replace(analysis, verdict=knee, severity=())
    gate = json.loads(to_json(refused))["gate"]
    assert gate["refused"] and gate["kind"] == "knee" and gate["reasons"] == ["kind"]
    assert gate["sentence"] == "This seems to be a radiograph of a knee (0.97 sure)."
    rows = list(csv.DictReader(io.StringIO(to_csv([refused, replace(analysis, verdict=verdict())]))))
    assert [row["gate_refused"] for row in rows] == ["1", "0"]
    assert [row["extent"] for row in rows] == ["", "3.5"]
    assert list(rows[0])[:3] == ["name", "gate_refused", "gate"]


def test_json_never_holds_what_is_not_json(analysis: Analysis) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json(replace(analysis, milliseconds=float("nan")))


def test_csv_has_one_row_an_analysis(analysis: Analysis) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv([analysis, replace(analysis, name="b.png")]))))
    assert [row["name"] for row in rows] == ["'=cmd|' /C calc'!A0.png", "b.png"]
    assert float(rows[0]["vgg16_probability"]) == pytest.approx(0.1)
    assert float(rows[0]["finding_logit:Hernia"]) == -1.25, "a negative number is not a formula"
    assert float(rows[0]["extent"]) == 3.5 and rows[0]["warnings"] == "not_frontal low_contrast"
    assert rows[0]["disclaimer"] == DISCLAIMER and rows[0]["bundle"] == "random"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\t=1", "\r=1"])
def test_formulas_are_disarmed(text: str) -> None:
    assert escape_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [-1.5, 0, "a=b", "", "chest.png"])
def test_the_rest_is_left_alone(value: str | float) -> None:
    assert escape_cell(value) == value
