"""The page Phantoms: a recipe in the address, twins, many patients, and the way to Analyse."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from core.phantom.recipe import Recipe, recipe_word
from core.project import PROJECT
from core.service import File
from core.studio.detection import DOSES
from core.tray import Tray
from pages.widgets.phantoms_run import WAITS
from tests.pages.test_case_in_hand import by_link, control, link_of
from tests.pages.test_gate import button
from tests.pages.test_pages import SECONDS, analysed, bundles, headline, markdown, sample

__all__ = ["analysed", "bundles"]

WORD = recipe_word(Recipe(5, extent=40, side="left", findings=(("Nodule", 60),)))


def sentences(page: Any) -> str:
    return " ".join(markdown(page))


def word(page: Any) -> str:
    """The recipe in the address, which holds a word as it came, or a list of one that the page put there."""
    said = link_of(page)["phantom"]
    return said if isinstance(said, str) else said[0]


def test_a_link_restores_the_sliders_and_turning_one_asks_about_another_phantom(bundles, analysed) -> None:
    page = by_link("phantoms.py", phantom=WORD)
    assert control(page, "number_input", "Patient").value == 5
    assert control(page, "slider", "Extent (% of the lungs)").value == 40
    assert "Phantom 5" in sentences(page) and "Truth: COVID-19" in sentences(page)
    assert "truly" in sentences(page) and "flatter" in sentences(page)
    assert word(page) == WORD
    control(page, "number_input", "Patient").set_value(6).run()
    assert "Phantom 6" in sentences(page) and len(analysed) == 2
    assert word(page) == f"seed_6{WORD.removeprefix('seed_5')}"


def test_twins_say_the_effect_and_where_the_input_changes(bundles, analysed) -> None:
    page = by_link("phantoms.py", phantom=WORD, view="twins")
    said = sentences(page)
    assert "the disease alone moves" in said and "before equalisation" in said and len(analysed) == 2
    page = by_link("phantoms.py", phantom="disease_none", view="twins")
    assert "nothing to take away" in page.info[0].value


def test_many_patients_are_measured_with_an_interval(bundles, analysed, monkeypatch) -> None:
    monkeypatch.setattr("pages.widgets.phantoms_many.SIZE_PX", 128)
    page = by_link("phantoms.py", phantom=WORD, view="many")
    assert not analysed
    button(page, "Measure 20 patients").click().run()
    assert len(analysed) == 40 and "Over 20 patients" in sentences(page)


def test_maps_are_graded_by_what_each_lesion_does(bundles, analysed, monkeypatch) -> None:
    monkeypatch.setattr("pages.widgets.phantoms_grading.SIZE_PX", 128)
    page = by_link("phantoms.py", phantom="extent_60", view="maps")
    assert not analysed
    monkeypatch.setattr("pages.widgets.phantoms_grading.count", lambda: 1)
    page.run()
    button(page, "Grade the maps of 1 patients").click().run()
    assert not page.exception and 4 <= len(analysed) <= 7, "the patient whole, and without each lesion"
    assert "none is named the best" in sentences(page) and "Why it may mislead" in sentences(page)
    asked = len(analysed)
    control(page, "segmented_control", "A lesion's heat").set_value("mean").run()
    assert len(analysed) == asked and "mean" in link_of(page)["heat_by"]
    page = by_link("phantoms.py", phantom="disease_none", view="maps")
    assert "nothing to take away" in page.info[0].value


def test_a_dose_is_answered_step_by_step(bundles, analysed) -> None:
    page = by_link("phantoms.py", phantom=WORD, view="dose", sweep="extent")
    assert not analysed, "nobody asked yet"
    button(page, "Ask about 7 steps").click().run()
    assert len(analysed) == 7 and "with the extent" in sentences(page)
    page.run()
    assert len(analysed) == 7


def test_a_dose_of_letters_is_put_on_the_picture(bundles, analysed) -> None:
    page = by_link("phantoms.py", phantom=WORD, view="dose", sweep="letters")
    button(page, "Ask about 6 steps").click().run()
    assert not page.exception and len(analysed) == 6 and set(analysed) == {"letters.png"}
    assert "with the letters" in sentences(page)


def test_doses_are_detected_beside_an_observer_that_learns_first(bundles, analysed, monkeypatch) -> None:
    for name in ("core.studio.detection.LEARNING", "pages.widgets.phantoms_detection.LEARNING"):
        monkeypatch.setattr(name, 8)
    monkeypatch.setitem(DOSES, "density", (20, 80))
    monkeypatch.setattr("pages.widgets.phantoms_detection.MIN_TESTED", 2)
    monkeypatch.setattr("pages.widgets.phantoms_detection.SIZE_PX", 128)
    monkeypatch.setattr("pages.widgets.phantoms_detection.count", lambda: 2)
    page = by_link("phantoms.py", phantom=WORD, view="dose", sweep="density")
    assert not analysed
    button(page, "Let the observer learn, and ask about 2 patients").click().run()
    assert not page.exception and len(analysed) == 6, "two patients, in health and at two doses"
    said = sentences(page)
    assert "An observer that knows the place" in said and "Why it may mislead" in said


def test_analyse_opens_a_phantom_by_its_link(bundles, analysed) -> None:
    page = by_link(phantom=WORD)
    assert "Phantom 5" in headline(page) and "Truth: COVID-19" in sentences(page)
    assert word(page) == WORD and len(analysed) == 1
    page = by_link(phantom="extent_900")
    assert "Phantom" not in headline(page) and "the phantom" in sentences(page)


def test_explain_opens_a_phantom_by_its_link(bundles, analysed) -> None:
    page = by_link("explain.py", phantom=WORD)
    assert not page.exception and "Phantom 5" in " ".join(markdown(page)) and len(analysed) == 1


def test_causes_share_an_answer_out_and_are_asked_once(bundles, analysed) -> None:
    page = by_link("phantoms.py", phantom=WORD, view="causes")
    assert not analysed and "What the causes look like" in sentences(page)
    button(page, "Ask about all 32 combinations").click().run()
    assert len(analysed) == 32 and "with all of them" in sentences(page)
    control(page, "selectbox", "Answer").set_value("vgg16").run()
    assert len(analysed) == 32 and "P(COVID-19), VGG16 is" in sentences(page)
    assert "vgg16" in link_of(page)["answer"]
    page = by_link("phantoms.py", phantom="disease_none", view="causes")
    assert "nothing to take away" in page.info[0].value


def test_causes_of_the_picture_in_hand_are_asked_too(bundles, analysed) -> None:
    page = AppTest.from_file(PROJECT / "pages" / "phantoms.py", default_timeout=SECONDS)
    page.session_state["entered"] = True
    mine = page.session_state["tray"] = Tray()
    mine.take([File(sample(), "mine.png")])
    page.session_state["causes of"] = "mine.png"
    page.query_params.update(phantom="disease_none", view="causes")
    page.run()
    button(page, "Ask about all 16 combinations").click().run()
    assert not page.exception and len(analysed) == 16
    assert "with none of the 4" in sentences(page) and "there is no lesion to take away" in sentences(page)


def two_measurements() -> None:
    """A page with two measurements; both were begun, the second one first."""
    import streamlit as st

    from pages.widgets.phantoms_run import Measurement, Run, in_turn, measured

    state = st.session_state
    order = state.setdefault("order", [])
    if "above" not in state:
        state["above"], state["below"] = Run("it", 2, since=2.0), Run("it", 2, since=1.0)
    with in_turn():
        for key in ("above", "below"):

            def step(number: int, tell: object, key: str = key) -> int:
                order.append(key)
                return number

            st.write(measured(Measurement(key, "it", 2, "Begin", "steps", step)))


def test_of_two_measurements_the_first_begun_goes_on_and_the_other_says_that_it_waits(monkeypatch) -> None:
    said: list[str] = []

    class Bar:
        def progress(self, share: float, text: str) -> Bar:
            said.append(text)
            return self

    monkeypatch.setattr("streamlit.progress", Bar().progress)
    page = AppTest.from_function(two_measurements, default_timeout=SECONDS).run()
    assert not page.exception and not page.button
    assert page.session_state["order"] == ["below", "below", "above", "above"]
    assert said[:3] == [f"0 of 2 steps: {WAITS}", f"0 of 2 steps: {WAITS}", "0 of 2 steps"]
