"""The gate's card: what it should refuse first, with Wilson's interval, and hostile names as text."""

from pathlib import Path
from typing import Any

from core.display.gate_card import gate_card, gate_measured
from core.models.gate_files import GateRow
from tests.small_gate import write_small_gate


def test_what_should_be_refused_comes_first_with_its_interval(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")
    measured, _, _ = gate_measured(gate).partition("aimed at")
    rows = [line for line in measured.splitlines() if line.startswith("| ")][1:]
    knee, clinic = (row for row in rows if "---" not in row)
    assert "a radiograph of a knee" in knee and "39 of 40" in knee and "0.975 (0.87–1.00)" in knee
    assert "let pass" in clinic and "0.020 (0.00–0.10)" in clinic


def test_it_says_how_sure_a_frontal_chest_has_to_be(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")
    limits = gate.limits.model_copy(update={"not_frontal": 0.4})
    assert "refused where a frontal chest gets a share below 0.60." in gate_measured(
        gate.model_copy(update={"limits": limits})
    )


def test_it_says_how_many_networks_look(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")
    assert "A small network looks at all of a picture" in gate_card(gate)
    two = gate_card(gate.model_copy(update={"members": 2}))
    assert "Two small networks, taught alike but for chance, look at all of a picture" in two
    assert "say by the mean of their answers what it seems to be" in two


def test_names_from_outside_are_plain_text(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")
    card = gate_card(gate.model_copy(update={"sources": {"<img> [x](http://y)": 3}}))
    assert "<img>" not in card and "](http" not in card and "offered under MIT" in card


def test_an_aim_names_what_missed_it_or_what_came_nearest_to_that(tmp_path: Path) -> None:
    gate = write_small_gate(tmp_path / "gate")

    def row(what: str, refused: int, **more: Any) -> GateRow:
        return GateRow(
            what=what, **{"how": "held out", "wanted": True, "images": 100, "refused": refused} | more
        )

    rows = [
        row("a lateral chest radiograph", 95),
        row("a radiograph of a hand", 99),
        row("a document", 96),
        row("a mammogram", 90),
        row("radiographs from a", 2, wanted=False),
        row("radiographs from b", 1, wanted=False),
        row("radiographs from b", 5, wanted=False, how="source never taught"),
    ]
    _, _, aims = gate_measured(gate.model_copy(update={"rows": rows})).partition("aimed at")
    cells = [[cell.strip() for cell in line.split("|")[2:5]] for line in aims.splitlines() if "at " in line]
    assert cells == [
        ["at least 0.97", "a mammogram 0.900; a document 0.960", "no"],
        ["at least 0.95", "a lateral chest radiograph 0.950", "yes"],
        ["at most 0.02", "radiographs from a 0.020", "yes"],
        ["at most 0.04", "radiographs from b 0.050", "no"],
    ]
