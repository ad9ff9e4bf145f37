"""Curves, matrices and distributions; each with its numbers beside it."""

from __future__ import annotations

import streamlit as st

from core.display import comparison_charts as charts
from core.display import comparison_curves as curves
from core.display.glossary import term
from core.display.link import CHART, PREVALENCE, SCORES
from core.display.wording import left_out_sources
from core.evaluation.comparison import Answers, Question
from core.evaluation.record import TrackRecord, shortcut_points, source_points
from core.evaluation.sets.labelled import LabelledSet
from core.vocabulary import ENSEMBLE
from pages.widgets import link
from pages.widgets.common import chart
from pages.widgets.compare.cases import agreement
from pages.widgets.compare.measures import draw_patients


def shortcuts(record: TrackRecord) -> None:
    """Before any figure impresses: how the same models do where a shortcut does not help."""
    st.subheader("First: does it last?")
    entrants = {each.key: each for each in record.entrants}
    chart(charts.shortcut_chart(shortcut_points(record), entrants, source_points(record)), "shortcuts")
    st.caption(
        "The same models, from above: on held-out images of the collections that they learnt from, then on "
        "images that a shortcut does not help with. In public data the collection nearly tells the class, so "
        "that the uppermost figures flatter.",
        help=f"{term('external')}\n\n{term('left_out_sources')}\n\n{term('covered_lungs')}",
    )
    if record.trials and record.trials.framing:
        st.markdown("**And how the picture is cut?**", help=term("framing"))
        chart(curves.framing_chart(record.trials.framing, entrants), "framing")
    if record.trials:
        if words := left_out_sources(record.trials):
            st.caption(words)
        tells = [row.measured.roc_auc for row in record.trials.source_classifier if row.measured.roc_auc]
        if tells:
            st.caption(
                "What the backbones compute also tells two collections of one class apart, where the disease "
                f"cannot help: ROC AUC {min(tells):.2f} to {max(tells):.2f} (after Zech et al. 2018)."
            )


def plots(record: TrackRecord, question: Question, answers: Answers, images: dict[str, LabelledSet]) -> None:
    """Curves, matrices and distributions of the same answers."""
    st.subheader("How do they differ?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = link.choose(SCORES, "Show the interval and the scores of", own, ENSEMBLE)
    both = 0 < answers.labels.sum() < answers.labels.size
    if not both:
        st.info(
            "These images are all of one class: choose more sources to see curves.", icon=":material/info:"
        )
        chart(charts.scores_chart(answers, record.predictions, shown), "scores")
        return
    draws, _ = draw_patients(record, question, answers)
    names = (
        "ROC",
        "Precision-recall",
        "Confusion",
        "Reliability",
        "Scores",
        "Agreement",
        "Decision curve",
        "Prevalence",
    )
    roc, precision, matrices, reliability, scores, pairs, benefit, prevalence = st.tabs(
        names, key=CHART, bind="query-params"
    )
    with roc:
        chart(curves.roc_chart(answers, draws, shown), "roc")
    with precision:
        chart(curves.pr_chart(answers, draws, shown), "pr")
    with matrices:
        chart(charts.confusion_chart(answers), "confusion")
    with reliability:
        chart(curves.reliability_chart(answers), "reliability")
    with scores:
        chart(charts.scores_chart(answers, record.predictions, shown), "scores")
    with pairs:
        agreement(record, question, answers, images)
    with benefit:
        chart(curves.decision_chart(answers), "benefit")
    with prevalence:
        percent = st.select_slider(
            "Prevalence of COVID-19 (%)",
            [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 50.0, 80.0],
            5.0,
            key=PREVALENCE,
            bind="query-params",
        )
        chart(curves.prevalence_chart(answers, percent / 100), "prevalence")
