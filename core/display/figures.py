"""Plotly figures. One colour and one pattern a backbone everywhere; heat in perceptually even maps."""

from __future__ import annotations

import plotly.graph_objects as go

from core.analysis.results import Analysis
from core.display.style import ACCENT, NEUTRAL, still
from core.models.backbones import BACKBONE_BY_KEY
from core.models.findings import FindingScore
from core.vocabulary import finding_name


def probabilities_figure(analysis: Analysis) -> go.Figure:
    """One bar a backbone with its threshold, and the ensemble's below."""
    names = [each.backbone.name for each in analysis.readings] + ["Ensemble"]
    values = [each.probability for each in analysis.readings] + [analysis.decision.probability]
    points = [each.threshold for each in analysis.readings] + [analysis.decision.threshold]
    colours = [each.backbone.colour for each in analysis.readings] + [NEUTRAL]
    patterns = [each.backbone.pattern for each in analysis.readings] + [""]
    figure = go.Figure(
        go.Bar(
            y=names,
            x=values,
            orientation="h",
            marker={"color": colours, "pattern": {"shape": patterns}},
            text=[f"{value:.2f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.3f}<extra></extra>",
            showlegend=False,
        )
    )
    figure.add_trace(
        go.Scatter(
            y=names,
            x=points,
            mode="markers",
            marker={"symbol": "line-ns", "size": 20, "line": {"width": 3, "color": NEUTRAL}},
            name="threshold",
            hovertemplate="%{y}: threshold %{x:.3f}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, 1.08], tickvals=[0, 0.25, 0.5, 0.75, 1], title="P(COVID-19) against normal")
    figure.update_yaxes(autorange="reversed")
    return still(figure).update_layout(
        height=45 * len(names),
        margin={"l": 0, "r": 36, "t": 24, "b": 40},
        bargap=0.35,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.12},
    )


def findings_figure(analysis: Analysis) -> go.Figure:
    """18 scores, the highest on top, with the operating point at 0.5."""
    ranked = ranked_findings(analysis)[::-1]
    figure = go.Figure(
        go.Bar(
            y=[finding_name(finding.name) for finding in ranked],
            x=[finding.score for finding in ranked],
            orientation="h",
            marker={
                "color": [ACCENT if finding.score >= 0.5 else NEUTRAL for finding in ranked],
                "pattern": {"shape": ["/" if finding.score >= 0.5 else "" for finding in ranked]},
            },
            text=[f"{finding.score:.2f}" for finding in ranked],
            textposition="outside",
            cliponaxis=False,
            customdata=[[finding.logit, _auc(finding)] for finding in ranked],
            hovertemplate="%{y}: score %{x:.2f}, raw %{customdata[0]:.2f}%{customdata[1]}<extra></extra>",
        )
    )
    figure.add_vline(x=0.5, line_dash="dash", line_color=NEUTRAL)
    figure.add_annotation(x=0.5, y=1, yref="paper", yanchor="bottom", text="operating point", showarrow=False)
    figure.update_xaxes(range=[0, 1.1], tickvals=[0, 0.5, 1])
    return still(figure).update_layout(
        height=520, margin={"l": 0, "r": 36, "t": 24, "b": 24}, showlegend=False
    )


def ranked_findings(analysis: Analysis) -> list[FindingScore]:
    """The findings, the highest score first."""
    return sorted(analysis.findings, key=lambda finding: -finding.score)


def _auc(finding: FindingScore) -> str:
    if finding.roc_auc is None:
        return ""
    return f"<br>ROC AUC on phantoms it did not learn from: {finding.roc_auc:.2f}"


def contributions_figure(analysis: Analysis, most: int = 12) -> go.Figure:
    """What each input added to the ensemble's decision value; the smallest in one bar.

    Args:
        analysis: The analysis.
        most: Inputs with a bar of their own.
    """
    rows = contribution_rows(analysis, most)[::-1]
    values = [value for _, value in rows]
    figure = go.Figure(
        go.Bar(
            y=[name for name, _ in rows],
            x=values,
            orientation="h",
            marker={
                "color": [ACCENT if value > 0 else NEUTRAL for value in values],
                "pattern": {"shape": ["/" if value > 0 else "" for value in values]},
            },
            text=[f"{value:+.2f}" for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:+.3f}<extra></extra>",
        )
    )
    figure.add_vline(x=0, line_color=NEUTRAL)
    for x, anchor, text in ((0, "right", "← towards normal "), (0, "left", " towards COVID-19 →")):
        figure.add_annotation(
            x=x, y=1, yref="paper", xanchor=anchor, yanchor="bottom", text=text, showarrow=False
        )
    low, high = min(0.0, *values), max(0.0, *values)
    room = 0.15 * (high - low)
    figure.update_xaxes(range=[low - room, high + room])
    return still(figure).update_layout(
        height=440, margin={"l": 0, "r": 36, "t": 24, "b": 24}, showlegend=False
    )


def contribution_rows(analysis: Analysis, most: int) -> list[tuple[str, float]]:
    """Name and contribution of each input of the ensemble, those beyond `most` as one, then the intercept."""
    parts = analysis.decision.contributions
    rows = [(input_name(part.input), part.contribution) for part in parts[:most]]
    rest = sum(part.contribution for part in parts[most:])
    rows += [(f"{len(parts) - most} others", rest)] if len(parts) > most else []
    return [*rows, ("an average radiograph", analysis.decision.intercept)]


def input_name(name: str) -> str:
    """An ensemble input for people: a backbone's name, or a finding's."""
    return BACKBONE_BY_KEY[name].name if name in BACKBONE_BY_KEY else finding_name(name)
