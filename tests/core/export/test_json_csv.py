"""Reports: complete, re-readable, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from core.analysis.results import Analysis, BackboneReading, Provenance
from core.explain.heat_in_lungs import HeatInLungs
from core.export.json_csv import DISCLAIMER, escape_cell, to_csv, to_json
from core.margins import Box
from core.models.backbones import BACKBONES
from core.models.ensemble import Contribution, EnsembleDecision
from core.models.findings import FindingScore
from core.models.head import Head
from core.models.severity import SeverityScore
from core.reading.warning import ReadingWarning
from core.vocabulary import FINDINGS

FEATURES = np.zeros((2, 2, 1), np.float16)
HEAD = Head(np.ones((1, 1), np.float32), np.ones(1, np.float32), np.ones(1, np.float32), "average")


@pytest.fixture
def analysis() -> Analysis:
    heat = np.array([[0, 0.5], [1, 1 / 3]], np.float32)
    return Analysis(
        name="=cmd|' /C calc'!A0.png",
        width_px=300,
        height_px=200,
        inside=Box(0, 0, 300, 200),
        box=Box(18, 12, 282, 188),
        readings=tuple(
            BackboneReading(
                b, 0.1 + 0.2 * i, 0.5, heat, 2.5, FEATURES, HEAD, None if i else HeatInLungs(0.6, 0.4)
            )
            for i, b in enumerate(BACKBONES)
        ),
        findings=tuple(FindingScore(name, -1.25, 0.3, 0.4, 0.75) for name in FINDINGS),
        severity=(
            SeverityScore("extent", 3.5, 8, 1.1, 2.0, 89),
            SeverityScore("opacity", 2.5, 6, 0.8, 1.3, 89),
        ),
        decision=EnsembleDecision(-0.5, 0.1, 0.35, 0.5, (Contribution("vgg16", "backbone", 0.1, -0.6),)),
        warnings=(ReadingWarning("not_frontal", "Look again."), ReadingWarning("low_contrast", "Dim.")),
        provenance=Provenance(
            "random", "Random", "trained from scratch", "stand-in", "From the stand-in.", "f32"
        ),
        milliseconds=123.4,
    )


def test_json_holds_every_number_and_where_it_comes_from(analysis: Analysis) -> None:
    record = json.loads(to_json(analysis))
    assert record["schema"] == "thoraxlens-analysis/1" and record["disclaimer"] == DISCLAIMER
    assert [backbone["backbone"] for backbone in record["backbones"]] == [b.key for b in BACKBONES]
    assert record["backbones"][4]["probability"] == pytest.approx(0.9) and record["backbones"][4]["positive"]
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
    assert record["votes"] == 3 and record["spread"] == pytest.approx(0.8)
    assert record["provenance"]["findings_source"] == "stand-in" and record["box"]["right"] == 282
    assert [warning["code"] for warning in record["warnings"]] == ["not_frontal", "low_contrast"]


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
