"""Compare: which model, on what, how sure, and why not to believe it too much."""

import streamlit as st

from core.vocabulary import OWN
from pages.widgets import link
from pages.widgets.common import chosen_listing, folded, title
from pages.widgets.compare import cases, charts, measures, question, sets, study
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title("Compare", "Networks, ensemble, smaller SVMs and simple baselines on the same images")
begin("compare")
files_in_hand()
listing = chosen_listing()
alone = question.record(listing) if listing else None

if listing and alone:
    record, images = sets.with_brought(alone)
    head = st.container()
    charts.story(record, images)
    sets.bring(listing, alone)
    with folded("measures", "Every measure, on images to choose"):
        asked = question.question(record)
        answers = question.answers(record, asked)
        if answers:
            measures.measures(listing, record, asked, answers)
    if answers:
        with folded("curves", "Curves, matrices and distributions"):
            charts.plots(record, asked, answers, images)
        with folded("tests", "Better, or luck?"):
            measures.tests(record, asked, answers)
        with folded("mistakes", "Where were they surest, and wrong?"):
            cases.mistakes(record, asked, answers, images)
    with folded("study", "The study, and what a paper would report"):
        study.study()
        study.reporting()
    with head:
        link.ignored("compare")
        link.offer("compare", upload=OWN in images)
