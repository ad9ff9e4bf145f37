"""The gate's card: what it should refuse first, with Wilson's interval, and hostile names as text."""

from pathlib import Path

from core.display.gate_card import gate_card, gate_measured
from tests.small_gate import write_small_gate


def test_what_should_be_refused_comes_first_with_its_interval(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")
    rows = [line for line in gate_measured(gate).splitlines() if line.startswith("| ")][1:]
    knee, clinic = (row for row in rows if "---" not in row)
    assert "a radiograph of a knee" in knee and "39 of 40" in knee and "0.975 (0.87–1.00)" in knee
    assert "let pass" in clinic and "0.020 (0.00–0.10)" in clinic


def test_names_from_outside_are_plain_text(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")
    card = gate_card(gate.model_copy(update={"sources": {"<img> [x](http://y)": 3}}))
    assert "<img>" not in card and "](http" not in card and "offered under MIT" in card
