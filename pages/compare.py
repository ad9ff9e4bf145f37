"""Compare: which model, on what, how sure, and why not to believe it too much."""

import streamlit as st

from core.vocabulary import OWN
from pages.widgets import link
from pages.widgets.common import chosen_listing, title
from pages.widgets.compare import cases, charts, measures, question, sets, study
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title(
    "Compare", "The backbones, the ensemble, two smaller SVMs and three simple baselines on the same images"
)
begin("compare")
files_in_hand()
listing = chosen_listing()
alone = question.record(listing) if listing else None

if listing and alone:
    record, images = sets.with_brought(alone)
    head = st.container()
    charts.story(record, images)
    sets.bring(listing, alone)
    asked = question.question(record)
    answers = question.answers(record, asked)
    if answers:
        measures.measures(listing, record, asked, answers)
        charts.plots(record, asked, answers, images)
        measures.tests(record, asked, answers)
        cases.mistakes(record, asked, answers, images)
    study.study()
    study.reporting()
    with head:
        link.ignored("compare")
        link.offer("compare", upload=OWN in images)
