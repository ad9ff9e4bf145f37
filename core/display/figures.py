"""Bars of one analysis. One colour and one pattern a backbone everywhere; nothing is told by colour alone."""

from __future__ import annotations

from core.analysis.results import Analysis
from core.display.bars import Axis, Bar, bars_html
from core.display.style import ACCENT, NEUTRAL
from core.display.wording import signed
from core.models.findings import FindingScore
from core.once import once
from core.vocabulary import finding_name

PROBABILITIES = Axis(0, 1, ticks=(0, 0.25, 0.5, 0.75, 1))
TOWARDS = ("←\u00a0normal", "COVID-19\u00a0→")
FINDINGS = Axis(0, 1, line=0.5, beside=("←\u00a0not seen", "seen\u00a0→"), ticks=(0, 0.5, 1))


@once
def probabilities(analysis: Analysis) -> str:
    """One bar a backbone with its threshold, and the ensemble's below, as HTML."""
    decision = analysis.decision
    rows = [
        _probability(
            each.backbone.name, each.probability, each.threshold, each.backbone.colour, each.backbone.pattern
        )
        for each in analysis.readings
    ]
    rows.append(_probability("Ensemble", decision.probability, decision.threshold, NEUTRAL, ""))
    return bars_html(rows, PROBABILITIES)


def _probability(name: str, value: float, threshold: float, colour: str, pattern: str) -> Bar:
    return Bar(name, value, f"{value:.2f}", colour, pattern, threshold, f"threshold {threshold:.2f}")


@once
def findings(analysis: Analysis) -> str:
    """18 scores, the highest on top, with the threshold at 0.5, as HTML."""
    return bars_html(
        [finding_bar(each, hint=_raw_and_quality(each)) for each in ranked_findings(analysis)], FINDINGS
    )


def _raw_and_quality(finding: FindingScore) -> str:
    quality = (
        ""
        if finding.roc_auc is None
        else f", ROC AUC on phantoms it did not learn from {finding.roc_auc:.2f}"
    )
    return f"raw {finding.logit:.2f}{quality}"


def finding_bar(finding: FindingScore, said: str = "", hint: str = "") -> Bar:
    """A finding's bar, striped where the finding is seen.

    Args:
        finding: The finding.
        said: What is written after its score.
        hint: As of `Bar`.
    """
    seen = finding.score >= 0.5
    return Bar(
        finding_name(finding.name),
        finding.score,
        f"{finding.score:.2f}{said}",
        ACCENT if seen else NEUTRAL,
        "/" if seen else "",
        hint=hint,
    )


def ranked_findings(analysis: Analysis) -> list[FindingScore]:
    """The findings, the highest score first."""
    return sorted(analysis.findings, key=lambda finding: -finding.score)


@once
def contributions(analysis: Analysis) -> str:
    """What each input added to the ensemble's decision value, the smallest in one bar, as HTML."""
    rows = contribution_rows(analysis)
    values = [value for _, value in rows]
    axis = Axis(min(0.0, *values), max(0.0, *values), line=0, beside=TOWARDS)
    return bars_html(
        [
            Bar(name, value, signed(value), ACCENT if value > 0 else NEUTRAL, "/" if value > 0 else "")
            for name, value in rows
        ],
        axis,
    )


def contribution_rows(analysis: Analysis, most: int = 12) -> list[tuple[str, float]]:
    """Name and contribution of each input of the ensemble, those beyond `most` as one, then the intercept."""
    parts = analysis.decision.contributions
    backbones = {each.backbone.key: each.backbone.name for each in analysis.readings}
    rows = [
        (backbones.get(each.input) or finding_name(each.input), each.contribution) for each in parts[:most]
    ]
    rest = sum(part.contribution for part in parts[most:])
    rows += [(f"{len(parts) - most} others", rest)] if len(parts) > most else []
    return [*rows, ("an average radiograph", analysis.decision.intercept)]
