"""Why the backbones disagree: who is named, at which thresholds, and when nothing is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.analysis.changed import Changed
from core.analysis.results import Analysis, at_threshold
from core.display import why
from core.explain.heat_in_lungs import HeatInLungs
from core.models.backbones import BACKBONES
from core.vocabulary import ENSEMBLE

NAMES = [each.name for each in BACKBONES]


def with_heat(analysis: Analysis, *shares: float) -> Analysis:
    """The analysis whose heat lies in the lungs so; heat spread evenly would have 0.4 there."""
    readings = (
        replace(reading, heat_in_lungs=HeatInLungs(share, 0.4))
        for reading, share in zip(analysis.readings, shares, strict=True)
    )
    return replace(analysis, readings=tuple(readings))


def changed(
    analysis: Analysis, change: str = "covered", ensemble: float = 0.0, **otherwise: float
) -> Changed:
    """What was said before, but for some."""
    before = {reading.backbone.key: reading.probability for reading in analysis.readings}
    return Changed(change, before | {ENSEMBLE: ensemble} | otherwise)


def test_who_stands_nearest_to_the_threshold_follows_the_threshold(analysis: Analysis) -> None:
    assert f"{NAMES[2]} stands nearest to its threshold (0.500, threshold 0.500)" in why.reasons(analysis)
    moved = why.reasons(at_threshold(analysis, 0.85))
    assert moved.startswith(f"**Why they may disagree:** {NAMES[-1]} stands nearest to its threshold (0.90, ")
    agreed = why.reasons(at_threshold(analysis, 0.95), bold="")
    assert agreed.startswith(
        f"All five agree: {NAMES[-1]} stands nearest to its threshold (0.90, threshold 0.95)"
    )


def test_heat_leaves_the_lungs_where_even_heat_would_have_more_of_it_there(analysis: Analysis) -> None:
    found = why.reasons(with_heat(analysis, 0.31, 0.4, 0.9, 0.5, 0.2))
    assert (
        f"; in {NAMES[0]} (31\u00a0%) and {NAMES[4]} (20\u00a0%) less of the heat lies in the lungs than if "
        "it were spread evenly (40\u00a0%)." in found
    )
    assert "; no map has less heat in the lungs than if it were spread evenly (40\u00a0%)." in why.reasons(
        with_heat(analysis, *[0.5] * 5)
    )


def test_where_nobody_knows_the_lungs_nothing_is_said_of_heat(analysis: Analysis) -> None:
    unknown = replace(
        analysis, readings=tuple(replace(each, heat_in_lungs=None) for each in analysis.readings)
    )
    assert "heat" not in why.reasons(unknown)
    assert {row["Heat in the lungs"] for row in why.figures(unknown)} == {"not known", "no heatmap"}


def test_who_answers_otherwise_is_named_with_the_ensemble(analysis: Analysis) -> None:
    first, last = BACKBONES[0].key, BACKBONES[-1].key
    after = changed(analysis, ensemble=0.9, **{first: 0.7, last: 0.1})
    assert why.reasons(analysis, [after]).endswith(
        f" With the lungs covered, {NAMES[0]} and the ensemble turn to COVID-19 and {NAMES[-1]} turns to "
        "normal."
    )
    one_threshold = why.reasons(at_threshold(analysis, 0.95), [after])
    assert one_threshold.endswith(f"nobody's answer changes; {NAMES[-1]} moves most, from 0.90 to 0.10.")


def test_where_nobody_answers_otherwise_it_is_said_who_moves_most(analysis: Analysis) -> None:
    after = changed(analysis, "cut", **{BACKBONES[1].key: 0.05})
    assert why.reasons(analysis, [after]).endswith(
        f" With 10\u00a0% cut off at each side, nobody's answer changes; {NAMES[1]} moves most, "
        "from 0.30 to 0.05."
    )


def test_the_figures_have_a_row_a_model_and_a_column_a_change(analysis: Analysis) -> None:
    rows = why.figures(analysis, [changed(analysis), changed(analysis, "cut", ensemble=0.8)])
    assert [row["Model"] for row in rows] == [*NAMES, "Ensemble"]
    assert rows[0] == {
        "Model": NAMES[0],
        "P(COVID-19)": "0.10, normal",
        "Threshold": "0.50",
        "From its threshold": "−0.40",
        "Heat in the lungs": "60\u00a0%",
        "Lungs covered": "0.10, normal",
        "10\u00a0% cut off at each side": "0.10, normal",
    }
    assert rows[-1]["10\u00a0% cut off at each side"] == "0.80, COVID-19"


@pytest.mark.parametrize("asked", [True, False])
def test_columns_of_changes_are_there_once_somebody_asked(analysis: Analysis, asked: bool) -> None:
    (row, *_) = why.figures(analysis, [changed(analysis)] if asked else ())
    assert ("Lungs covered" in row) == asked
