"""The page Shortcuts: the experiment in the address, a head that learns, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.evaluation.sets.labelled import MeasuredSet
from core.evaluation.sets.own.own_set import open_set
from core.project import PROJECT
from core.shortcuts.heads import Schooling
from core.shortcuts.lab import Lab
from core.shortcuts.mystery import FLAWS, Mystery
from core.shortcuts.trial import Trial
from core.vocabulary import OWN
from pages.widgets import shortcuts, trial
from pages.widgets.compare.sets import BROUGHT_SETS, Brought
from tests.own_sets import zipped
from tests.pages.test_case_in_hand import by_link, control, link_of
from tests.pages.test_gate import button, downloads
from tests.pages.test_pages import SECONDS, bundles, markdown

__all__ = ["bundles"]

LEARN = "Plant it, and let a head learn"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Few patients, small pictures, few rounds."""
    lab = Lab(lambda work: work(), 24, 96)
    monkeypatch.setattr(shortcuts, "lab", lambda: lab)
    monkeypatch.setattr(shortcuts, "SCHOOLING", Schooling(epochs=8))
    return lab


def analyse_with(trial: Trial) -> AppTest:
    """The page Analyse in a session that tries a head."""
    page = AppTest.from_file(PROJECT / "pages" / "analyse.py", default_timeout=SECONDS)
    page.session_state["entered"], page.session_state["head on trial"] = True, trial
    return page.run()


def captions(page: Any) -> str:
    return " ".join(each.value for each in page.caption)


def sentences(page: Any) -> str:
    return " ".join(markdown(page))


def test_a_link_restores_the_experiment_and_nothing_learns_before_it_is_asked_to(bundles) -> None:
    page = by_link("shortcuts.py", backbone="vgg16", mark="border", ill="80", healthy="10")
    assert control(page, "selectbox", "Backbone").value == "vgg16"
    assert control(page, "selectbox", "Mark").value == "border"
    assert control(page, "select_slider", "Share of the ill that carry it (%)").value == "80"
    assert "ROC AUC of a head" not in sentences(page) and "flatter" in sentences(page)
    assert "Guess first" in sentences(page) and "once for everybody" in sentences(page)
    control(page, "select_slider", "Share of the healthy that carry it (%)").set_value("0").run()
    assert "healthy" not in link_of(page) and not page.exception
    page = by_link("shortcuts.py", mark="<b>", ill="55")
    assert control(page, "selectbox", "Mark").value == "letters"
    assert "the mark" in sentences(page) and "<b>" not in sentences(page)


def test_a_head_learns_and_later_ones_learn_at_once(bundles) -> None:
    page = by_link("shortcuts.py", mark="border")
    button(page, LEARN).click().run()
    assert not page.exception
    said = sentences(page)
    assert "With the border on 100 % of the ill and 0 % of the healthy" in said
    assert (
        "curves" in said
        and "12 radiographs, 6 of ill patients" in said
        and "CSV, a row a figure" in downloads(page)
    )
    control(page, "select_slider", "Share of the ill that carry it (%)").set_value("50").run()
    assert "With the border on 50 % of the ill" in sentences(page)
    control(page, "selectbox", "Mark").set_value("tube").run()
    assert button(page, LEARN) and "With the" not in sentences(page)
    another = by_link("shortcuts.py", mark="border")
    assert button(another, LEARN) and "With the" not in sentences(another), "who comes new guesses first"


def test_a_head_is_tried_on_analyse_in_this_session_alone_until_it_is_stopped(bundles) -> None:
    page = by_link("shortcuts.py", mark="border", ill="80", backbone="densenet121")
    button(page, LEARN).click().run()
    name = "DenseNet121, taught a border on 80 % of the ill"
    try_it = button(page, "Try it on Analyse")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial.link, "follow", lambda page, params: None)
        try_it.click().run().run()
    assert not page.exception and button(page, "Stop the trial on Analyse")
    tried = page.session_state["head on trial"]
    analyse = analyse_with(tried)
    assert not analyse.exception and any(name in each.value for each in analyse.warning)
    assert "On trial in this session alone" in " ".join(each.value for each in analyse.warning)
    assert f"**{name}**" in sentences(analyse) and f"Among them is {name}." in sentences(analyse)
    assert "Nobody has measured how wrong the ensemble is" in sentences(analyse)
    button(analyse, "Stop the trial").click().run()
    assert not analyse.exception and name not in sentences(analyse)
    assert name not in sentences(by_link("analyse.py")), "another session"
    other = analyse_with(replace(tried, base="1" * 64))
    assert "belongs to other models" in other.warning[0].value and f"**{name}**" not in sentences(other)


def test_a_bundle_with_the_head_is_measured_and_offered(bundles) -> None:
    page = by_link("shortcuts.py", mark="border", ill="80", backbone="densenet121")
    button(page, LEARN).click().run()
    button(page, "Save as a bundle").click().run()
    assert not page.exception and "Download the bundle (ZIP)" in downloads(page)
    control(page, "select_slider", "Share of the ill that carry it (%)").set_value("70").run()
    assert "Download the bundle (ZIP)" not in downloads(page) and button(page, "Save as a bundle")


def test_a_mystery_is_made_asked_and_told_and_its_link_says_nothing(bundles) -> None:
    page = by_link("shortcuts.py", experiment="mystery", mystery="7", question="border")
    assert control(page, "number_input", "Model").value == 7
    button(page, "Make the model").click().run()
    assert not page.exception and "Put on the border" in sentences(page)
    assert set(link_of(page)) == {"experiment", "mystery", "question"} and "Right" not in sentences(page)
    flaw = Mystery(7).flaw
    page.radio[0].set_value(flaw).run()
    button(page, "Answer, and be told").click().run()
    assert page.success[0].value.startswith("Right") and "1 of 1 model seen" in sentences(page)
    assert sum(each.label == "Another model" for each in page.button) == 1
    assert set(link_of(page)) == {"experiment", "mystery", "question"}
    button(page, "Another model").click().run()
    assert not page.success and control(page, "number_input", "Model").value == 8
    wrong = next(each for each in FLAWS if each != Mystery(8).flaw)
    page.radio[0].set_value(wrong).run()
    button(page, "Answer, and be told").click().run()
    assert "1 of 2 models" in sentences(page) and "No: you said" in sentences(page)
    control(page, "toggle", "Dose and response: the mark fades in").set_value(True).run()
    assert not page.exception and "dotted lines" in sentences(page)
    page = by_link("shortcuts.py", experiment="mystery", mystery="0")
    assert control(page, "number_input", "Model").value == 1
    assert "the number of the mystery model" in sentences(page)


def test_a_mark_is_taken_out_and_the_page_says_what_stands_for_another_clinic(bundles) -> None:
    page = by_link("shortcuts.py", experiment="take", mark="border")
    assert "chooses nothing" in sentences(page)
    button(page, "Take it out").click().run()
    assert not page.exception
    assert "taken out: the ROC AUC" in sentences(page) and len(page.dataframe[0].value) == 5
    assert "stand in for another clinic" in captions(page)


def test_the_users_own_set_can_be_abroad_and_the_page_says_so(bundles) -> None:
    page = AppTest.from_file(PROJECT / "pages" / "shortcuts.py", default_timeout=SECONDS)
    page.session_state["entered"] = True
    page.session_state[BROUGHT_SETS] = {OWN: Brought("mine", "any", MeasuredSet(open_set(zipped(5))))}
    page.query_params.update({"experiment": "take", "mark": "border"})
    page.run()
    where = control(page, "selectbox", "Abroad is")
    assert where.value == "own" and "the 20 radiographs of your own set" in captions(page)
    button(page, "Take it out").click().run()
    assert not page.exception and "taken out: the ROC AUC" in sentences(page)
    control(page, "selectbox", "Abroad is").set_value("phantoms").run()
    assert "taken out: the ROC AUC" not in sentences(page) and "stand in" in captions(page)


def test_a_head_learns_from_the_users_own_set_once_compare_has_it(bundles) -> None:
    images = open_set(zipped(10))
    page = AppTest.from_file(PROJECT / "pages" / "shortcuts.py", default_timeout=SECONDS)
    page.session_state["entered"] = True
    page.session_state[BROUGHT_SETS] = {OWN: Brought("mine", "any", MeasuredSet(images))}
    page.query_params["mark"] = "border"
    page.run()
    control(page, "button_group", "Radiographs").set_value("own").run()
    assert not page.exception and "your 40 radiographs" in sentences(page)
    button(page, LEARN).click().run()
    assert not page.exception and "20 radiographs, 10 of ill patients" in sentences(page)
    few = {OWN: Brought("few", "any", MeasuredSet(open_set(zipped(3))))}
    page.session_state[BROUGHT_SETS] = few
    page.run()
    assert "a head needs 10 of each class" in page.error[0].value and not page.exception
