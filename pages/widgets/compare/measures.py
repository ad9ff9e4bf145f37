"""Measures of every model, and tests of their differences."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import streamlit as st

from core.display import tables
from core.display.comparison_wording import base_rates, missing_intervals
from core.display.glossary import term
from core.display.link import INTERVALS, PAIRS, STUDY
from core.evaluation.comparison import Answers, Question
from core.evaluation.measures import Draws, Measured, decisions, draw, rankings
from core.evaluation.record import TrackRecord
from core.export import comparison
from core.models.bundle.files import BundleListing
from core.models.inference import time_networks
from core.service import Loaded
from core.vocabulary import ENSEMBLE, SPLITS
from pages.widgets import link
from pages.widgets.common import loaded, numbers_table, refusals
from pages.widgets.compare.kept import kept

SEED, RESAMPLES = 0, 1000  # of the draws of patients


def draw_patients(
    record: TrackRecord, question: Question, answers: Answers
) -> tuple[Draws, dict[str, Measured]]:
    """Draws of whole patients, and the measures of ranking on each, whatever the thresholds."""

    def ranked() -> tuple[Draws, dict[str, Measured]]:
        draws = draw(answers.groups, RESAMPLES, SEED)
        return draws, rankings(answers.labels, answers.scores, draws)

    return kept(ranked, "rankings", record, replace(question, threshold=None))


@st.cache_resource(max_entries=4, show_spinner="Timing the networks")
def _milliseconds(version: str, _bundle: Loaded) -> dict[str, float]:
    return time_networks(_bundle.models.networks)


def _times(listing: BundleListing) -> dict[str, float]:
    """Milliseconds of each network on this machine, once somebody asks: that takes loaded models."""
    if st.toggle("Time on this machine", help=term("milliseconds")):
        with refusals():
            bundle = loaded(listing.folder)
            return _milliseconds(bundle.version, bundle)
    return {}


def measures(listing: BundleListing, record: TrackRecord, question: Question, answers: Answers) -> None:
    """The measures of every model, to sort and to take along; and what the study published."""
    draws, ranked = draw_patients(record, question, answers)
    found = kept(
        lambda: decisions(answers.labels, answers.called, draws) | ranked, "measures", record, question
    )
    patients, ill = len(set(answers.groups)), int(answers.labels.sum())
    st.caption(
        f"{answers.labels.size} images of {patients} patients, {ill} with COVID-19. Intervals: 95 %, "
        f"{RESAMPLES} draws of whole patients, seed {SEED}.",
        help=term("interval"),
    )
    st.caption(base_rates(answers))
    if missing := missing_intervals(found):
        st.caption(missing)
    with st.container(horizontal=True):
        intervals = st.toggle("Intervals", value=True, key=INTERVALS, bind="query-params")
        study = st.toggle(
            "What the study published, and what is wrong with it", key=STUDY, bind="query-params"
        )
        times = _times(listing)
    frame = kept(
        lambda: tables.measures_table(answers, found, record.sizes, times, intervals=intervals),
        "table of measures",
        record,
        question,
        times,
        intervals,
    )
    shown = tables.with_study(frame) if study else frame
    numbers_table(shown, height=35 * (len(shown) + 1) + 3)
    with st.container(horizontal=True):
        st.download_button(
            "CSV, all digits",
            lambda: comparison.measures_csv(answers, found),  # once somebody clicks, as below
            "thoraxlens-comparison.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "LaTeX",
            lambda: comparison.measures_latex(
                answers,
                found,
                f"{SPLITS[question.split].name if question.split else 'All'}: {patients} patients",
            ),
            "thoraxlens-comparison.tex",
            "text/x-tex",
            on_click="ignore",
            icon=":material/download:",
        )


def tests(record: TrackRecord, question: Question, answers: Answers) -> None:
    """Is one model better than another, or is it luck?"""
    st.header("Better, or luck?")
    own = [(column, each) for column, each in enumerate(answers.entrants) if each.same_as is None]
    if not 0 < answers.labels.sum() < answers.labels.size:
        st.info("Tests need images of both classes.", icon=":material/info:")
        return
    by_name = {each.name: column for column, each in own}
    chosen = link.choose_several(
        PAIRS,
        "Models to compare in pairs",
        {name: name for name in by_name},
        [each.name for _, each in own if each.kind == "backbone" or each.key == ENSEMBLE],
    )
    pairs = list(combinations(sorted(by_name[name] for name in chosen), 2))
    if not pairs:
        return
    numbers_table(
        kept(lambda: tables.pairs(answers, pairs), "pairs", record, question, pairs),
        digits=4,
        column_config={
            name: st.column_config.NumberColumn(format="%.2g" if " p" in name else "%.4f")
            for name in tables.FRACTIONS
        },
    )
    st.caption(
        f"DeLong's test over patients (Obuchowski 1997) and McNemar's exact test over images, {len(pairs)} "
        "pairs, each corrected after Holm (1979). A small p says that a difference is hardly luck on images "
        "like these; it says nothing about other images.",
        help=term("significance"),
    )
