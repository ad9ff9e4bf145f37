"""Curves, matrices and distributions; each with its numbers beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.display import comparison_charts as charts
from core.display import comparison_curves as curves
from core.display.drawn import settled
from core.display.glossary import term
from core.display.link import CHART, CHARTS, FIRST, PREVALENCE, PREVALENCES, SCORES, SECOND
from core.display.story import below_chance, told
from core.display.wording import left_out_sources
from core.evaluation.comparison import Answers, Question
from core.evaluation.record import TrackRecord, shortcut_points, source_points
from core.evaluation.sets.labelled import LabelledSet
from core.evaluation.story import BROUGHT, Step, tell, tell_brought
from core.vocabulary import ENSEMBLE
from pages.widgets import link
from pages.widgets.common import chart
from pages.widgets.compare.cases import agreement
from pages.widgets.compare.kept import kept
from pages.widgets.compare.measures import draw_patients


def story(record: TrackRecord) -> DeltaGenerator:
    """Before any figure impresses: how the same models do where a shortcut does not help.

    Returns:
        A place beside the steps, for images that somebody brought.
    """
    st.header("First: does it last?")
    entrants = {each.key: each for each in record.entrants}
    steps = kept(lambda: tell(record), "story", record)
    _show(steps)
    brought = st.container()
    if words := below_chance(steps):
        st.markdown(words)
    falls = kept(
        lambda: settled(charts.shortcut_chart(shortcut_points(record), entrants, source_points(record))),
        "shortcuts",
        record,
    )
    chart(falls, "shortcuts")
    st.caption(
        "In public data the collection nearly tells the class, so that figures from the models' own sources "
        "flatter.",
        help=f"{term('external')}\n\n{term('left_out_sources')}\n\n{term('covered_lungs')}",
    )
    if record.trials and (framing := record.trials.framing):
        st.markdown("**And how the picture is cut?**", help=term("framing"))
        chart(kept(lambda: settled(curves.framing_chart(framing, entrants)), "framing", record), "framing")
    if record.trials:
        if words := left_out_sources(record.trials):
            st.caption(words)
        tells = [row.measured.roc_auc for row in record.trials.source_classifier if row.measured.roc_auc]
        if tells:
            st.caption(
                "What the backbones compute also tells two collections of one class apart, where the disease "
                f"cannot help: ROC AUC {min(tells):.2f} to {max(tells):.2f} (after Zech et al. 2018)."
            )
    return brought


def story_brought(place: DeltaGenerator, record: TrackRecord, images: Collection[str]) -> None:
    """The same of somebody's own set and of phantoms, beside the bundle's."""
    steps = [
        step
        for split in BROUGHT
        if split in images
        and (step := kept(partial(tell_brought, split, record), "story", record, Question(split)))
    ]
    with place:
        _show(steps)


def _show(steps: Sequence[Step]) -> None:
    """Steps beside one another, if there are any."""
    for column, words in zip(st.columns(len(steps)) if steps else (), map(told, steps), strict=True):
        with column, st.container(border=True, height="stretch"):
            st.metric(words.title, words.figure, words.beside, delta_color="off", delta_arrow="off")
            st.markdown(words.sentence)
            st.caption(words.spread)


@st.fragment
def plots(record: TrackRecord, question: Question, answers: Answers, images: dict[str, LabelledSet]) -> None:
    """Curves, matrices and distributions of the same answers; only what is open is drawn and sent."""
    st.header("How do they differ?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = link.choose(SCORES, "Show the interval and the scores of", own, ENSEMBLE)

    def draw(name: str, make: Callable[[], charts.Chart], *choices: object) -> None:
        chart(kept(lambda: settled(make()), name, record, question, *choices), name)

    def scores() -> None:
        draw("scores", lambda: charts.scores_chart(answers, record.predictions, shown), shown)

    if not 0 < answers.labels.sum() < answers.labels.size:
        st.info(
            "These images are all of one class: choose more sources to see curves.", icon=":material/info:"
        )
        scores()
        return
    draws, _ = draw_patients(record, question, answers)

    def prevalence() -> None:
        percent = st.select_slider(
            "Prevalence of COVID-19 (%)",
            PREVALENCES,
            5.0,
            key=PREVALENCE,
            bind="query-params",
        )
        draw("prevalence", lambda: curves.prevalence_chart(answers, percent / 100), percent)

    shows: tuple[Callable[[], None], ...] = (
        lambda: draw("roc", lambda: curves.roc_chart(answers, draws, shown), shown),
        lambda: draw("pr", lambda: curves.pr_chart(answers, draws, shown), shown),
        lambda: draw("confusion", lambda: charts.confusion_chart(answers)),
        lambda: draw("reliability", lambda: curves.reliability_chart(answers)),
        scores,
        lambda: agreement(record, question, answers, images),
        lambda: draw("benefit", lambda: curves.decision_chart(answers)),
        prevalence,
    )
    link.settle(FIRST, list(own), next(iter(own)))  # said at once, also while their tab is closed
    link.settle(SECOND, list(own), list(own)[-1])
    opened = st.tabs(list(CHARTS), key=CHART, bind="query-params", on_change="rerun")
    for tab, show in zip(opened, shows, strict=True):
        if tab.open:
            with tab:
                show()
