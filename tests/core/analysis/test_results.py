"""What an analysis says of itself, and at another threshold."""

import pytest

from core.analysis.results import Analysis, at_threshold


@pytest.mark.parametrize(
    ("threshold", "votes", "positive"), [(0.05, 5, True), (0.4, 3, False), (0.95, 0, False)]
)
def test_one_threshold_moves_the_backbones_and_the_ensemble(
    analysis: Analysis, threshold: float, votes: int, positive: bool
) -> None:
    """Backbones from 0.1 to 0.9, the ensemble at 0.35."""
    moved = at_threshold(analysis, threshold)
    assert (moved.votes, moved.decision.positive) == (votes, positive)
    assert moved.spread == analysis.spread and moved.findings is analysis.findings
    assert at_threshold(analysis, threshold) is moved, "what was made of it is still known"


def test_their_own_thresholds_are_never_lost(analysis: Analysis) -> None:
    before = [each.threshold for each in analysis.readings]
    at_threshold(analysis, 0.9)
    assert at_threshold(analysis, None) is analysis
    assert [each.threshold for each in analysis.readings] == before
