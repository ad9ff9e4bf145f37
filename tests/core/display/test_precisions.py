"""The table of what faster arithmetic changes."""

from __future__ import annotations

from core.display.precisions import RULE, precision_rows
from core.models.bundle.precisions import Precisions
from tests.precision_records import combination, trial


def test_networks_and_the_ensemble_have_a_row_each_with_what_chose_and_what_did_not() -> None:
    heat = {"heat_correlation": 0.99912, "lowest_heat_correlation": 0.871}
    findings = trial("findings", "int8", 3.14159, decisions=4392)
    slower = trial("vgg16", "bf16", 0.9, largest_change=0.01234, **heat)
    both = combination(findings="int8", vgg16="bf16")
    rows = precision_rows(Precisions(processor="", trials=[findings, slower], combinations=[both]))
    assert [row["model"] for row in rows] == ["The findings network", "VGG16", "Ensemble"]
    assert [row["arithmetic"] for row in rows] == [
        "int8",
        "bfloat16",
        "the findings network int8, VGG16 bfloat16; the rest float32",
    ]
    assert [row["speed"] for row in rows] == ["3.1 x", "0.9 x", "1.5 x"]
    assert [row["may serve"] for row in rows] == ["yes", "no", "yes"]
    assert rows[0]["flips, validation"] == "0 of 4392" and rows[0]["flips, test"] == "9 of 244"
    assert rows[1]["largest change, validation"] == "0.0123" and rows[1]["ROC AUC, validation"] == "−0.0003"
    assert rows[1]["heat, validation"] == "0.9991 (0.87)" and rows[1]["heat, test"] == ""
    assert rows[2]["flips, test"] == "3 of 244"
    assert len({frozenset(row) for row in rows}) == 1


def test_the_rule_says_its_bound() -> None:
    assert "more than 0.002" in RULE
