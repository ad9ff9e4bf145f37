"""Curves, matrices and distributions; each with its numbers beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from core.display import comparison_charts as charts
from core.display import comparison_curves as curves
from core.display.behind import dot_names, mistakes
from core.display.drawn import settled
from core.display.glossary import term
from core.display.link import CHART, CHARTS, FIRST, PREVALENCE, PREVALENCES, SCORES, SECOND
from core.display.story import below_chance, result, told
from core.display.wording import left_out_sources
from core.evaluation.comparison import Answers, Question
from core.evaluation.record import TrackRecord, shortcut_points, source_points, splits_of
from core.evaluation.story import STEPS, Step, tell, tell_brought
from core.vocabulary import BROUGHT, ENSEMBLE, OWN, SPLITS
from pages.widgets import link
from pages.widgets.common import chart
from pages.widgets.compare import pictures
from pages.widgets.compare.cases import agreement
from pages.widgets.compare.kept import kept
from pages.widgets.compare.marks import marked_chart
from pages.widgets.compare.measures import draw_patients
from pages.widgets.compare.pictures import Sets
from pages.widgets.compare.question import asked


def story(record: TrackRecord, images: Sets) -> None:
    """Before any figure impresses: how the same models do where a shortcut does not help.

    Args:
        record: With what was measured on images that somebody brought.
        images: Those, by split.
    """
    st.header("First: does it last?")
    steps = kept(lambda: tell(record), "story", record, _of(images))
    for column, step in zip(st.columns(len(steps)) if steps else (), steps, strict=True):
        with column:
            _card(step)
    _brought(record, images, steps)
    if words := below_chance(steps):
        st.markdown(words)
    _dots(record, images)
    st.caption(
        "In public data the source nearly tells the class, so that figures on known sources flatter.",
        help=f"{term('external')}\n\n{term('left_out_sources')}\n\n{term('covered_lungs')}",
    )
    entrants = {each.key: each for each in record.entrants}
    if record.trials and (framing := record.trials.framing):
        st.markdown("### And how the picture is cut?", help=term("framing"))
        chart(
            kept(lambda: settled(curves.framing_chart(framing, entrants)), "framing", record, _of(images)),
            "framing",
        )
    if record.trials:
        if words := left_out_sources(record.trials):
            st.caption(words)
        tells = [row.measured.roc_auc for row in record.trials.source_classifier if row.measured.roc_auc]
        if tells:
            st.caption(
                "What the backbones compute also tells two sources of one class apart, where the disease "
                f"cannot help: ROC AUC {min(tells):.2f} to {max(tells):.2f}, over pairs of sources and "
                "backbones (after Zech et al. 2018)."
            )


def _brought(record: TrackRecord, images: Sets, steps: Sequence[Step]) -> None:
    """The same of images that somebody brought, and beside it what came of them in words."""
    splits = [split for split in BROUGHT if split in images]
    if not splits:
        return
    found = (
        kept(partial(tell_brought, split, record), "brought", record, Question(split)) for split in splits
    )
    brought = [step for step in found if step]
    columns = st.columns([1] * len(brought) + [len(STEPS) - len(brought)])
    for column, step in zip(columns, brought, strict=False):
        with column:
            _card(step)
    with columns[-1]:
        for split in splits:
            if said := asked(record, Question(split)):
                st.markdown(result(split, said, [*steps, *brought]))


def _of(images: Sets) -> Question | None:
    """Whose what is drawn of a record is: a session's, where somebody's own set is in it."""
    return Question(OWN) if OWN in images else None


@st.fragment
def _dots(record: TrackRecord, images: Sets) -> None:
    """Every model on every kind of images; a dot opens what the model got wrong there."""
    entrants = {each.key: each for each in record.entrants}
    falls = kept(
        lambda: settled(charts.shortcut_chart(shortcut_points(record), entrants, source_points(record))),
        "shortcuts",
        record,
        _of(images),
    )
    own = {each.key: each.name for each in record.entrants if each.same_as is None}
    dots = dot_names(splits_of(record), own)

    def show(mark: str) -> None:
        split, model, _ = dots[mark]
        there = Question(split)
        if said := asked(record, there):
            wrong = mistakes(said, model, f"on {SPLITS[split].name.lower()}")
            pictures.behind(record, there, said, images, wrong, "behind a dot")

    marked_chart(falls, "shortcuts", {mark: name for mark, (_, _, name) in dots.items()}, show)
    st.caption("Of covered lungs and of sources left out, a bundle keeps no answers image by image.")


def _card(step: Step) -> None:
    words = told(step)
    with st.container(border=True, height="stretch"):
        st.metric(words.title, words.figure, words.beside, delta_color="off", delta_arrow="off")
        st.markdown(words.sentence)
        st.caption(words.spread)


@st.fragment
def plots(record: TrackRecord, question: Question, answers: Answers, images: Sets) -> None:
    """Curves, matrices and distributions of the same answers; only what is open is drawn and sent."""
    st.header("How do they differ?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = link.choose(SCORES, "Show the interval and the scores of", own, ENSEMBLE)

    def drawn(name: str, make: Callable[[], charts.Chart], choices: tuple[object, ...]) -> charts.Chart:
        return kept(lambda: settled(make()), name, record, question, *choices)

    def draw(name: str, make: Callable[[], charts.Chart], *choices: object) -> None:
        chart(drawn(name, make, choices), name)

    def marked(name: str, make: Callable[[], charts.Chart], *choices: object) -> None:
        made = drawn(name, make, choices)
        listed = {
            mark: f"{each.name} ({len(each.places)})" for mark, each in made.behind.items() if each.listed
        }

        def show(mark: str) -> None:
            pictures.behind(record, question, answers, images, made.behind[mark], f"behind {name}")

        marked_chart(made, name, listed, show)

    def scores() -> None:
        marked(
            "scores",
            lambda: charts.scores_chart(answers, record.predictions, shown, record.source_name),
            shown,
        )

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
        lambda: marked("roc", lambda: curves.roc_chart(answers, draws, shown), shown),
        lambda: marked("pr", lambda: curves.pr_chart(answers, draws, shown), shown),
        lambda: marked("confusion", lambda: charts.confusion_chart(answers)),
        lambda: marked("reliability", lambda: curves.reliability_chart(answers)),
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
