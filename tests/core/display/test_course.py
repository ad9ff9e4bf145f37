"""A course in words: what changed, what errors explain, and what nobody knows."""

from dataclasses import replace

import pytest

from core.analysis.course import Change
from core.display.course import NEVER_VALIDATED, changes, judged, reckoning, strangers_words, verdict
from core.display.course_tables import finding_rows, number_rows, probability_words, severity_words
from tests.core.display.courses import REFUSED, course, film, kept


def test_a_course_is_said_from_its_first_to_its_last_with_its_turn() -> None:
    extent, opacity, ensemble, backbones = changes(course())
    assert extent.startswith(
        "**Extent rises from 1.0 to 2.0 of 8** between day 0 and day 14, by 1.0: **within the error to "
    )
    assert "differ by 1.4 on average" in extent
    assert extent.endswith(
        "On the way it goes up by 6.0 to day 3 (more than the error), then down by 5.0 to day 14 (more than "
        "the error)."
    )
    assert opacity.startswith("**Opacity rises from 0.5 to 1.0 of 6**")
    assert ensemble == (
        "**The ensemble's P(COVID-19) rises from 0.10 to 0.20**; it reads normal on day 0, then COVID-19 on "
        "day 3, then normal on day 14."
    )
    assert (
        backbones
        == "Of the backbones, COVID-19 is read by none of the two on day 0 and by none of the two on day 14."
    )


@pytest.mark.parametrize(
    ("now", "said"),
    [(3.0, "within the error"), (4.0, "perhaps more than error"), (7.9, "more than the error")],
)
def test_a_verdict_names_the_difference_that_errors_make(now: float, said: str) -> None:
    words = verdict(Change(2.0, now, 1.0))
    assert words.startswith(f"**{said}") and ("1.4" in words) == (now < 5) and ("3.5" in words) == (now > 3)


def test_what_hardly_moves_stays() -> None:
    said = changes(course(film("a", 0, kept(2.0, 0.3)), film("b", 1, kept(2.04, 0.304))))
    assert said[0] == "**Extent is 2.0 of 8 on day 0 and on day 1.**"
    assert (
        said[2]
        == "**The ensemble's P(COVID-19) is 0.30 at both ends**; it reads COVID-19 from day 0 to day 1."
    )


def test_without_two_answers_nothing_changed() -> None:
    assert changes(course(film("a", 0, kept(2.0, 0.3)), film("b", 1, REFUSED))) == []
    assert reckoning(course(film("b", 1, REFUSED))) == NEVER_VALIDATED


def test_of_one_that_was_asked_all_the_same_there_is_no_extent() -> None:
    insisted = replace(kept(5.0, 0.8), refusal="This seems to be a hand.", severity={})
    said = changes(course(film("a", 0, kept(2.0, 0.3)), film("b", 1, insisted)))
    assert len(said) == 2 and "rises from 0.30 to 0.80" in said[0]


def test_without_days_radiographs_are_numbered_and_two_of_a_day_told_apart() -> None:
    unknown = course(film("a", None, kept(1, 0.1)), film("b", 5, kept(1, 0.1)), to_scale=False)
    assert unknown.labels == ["radiograph 1", "radiograph 2"] and unknown.places == [1, 2]
    twice = course(*(film(str(day), day, kept(1, 0.1)) for day in (0, 1.5, 1.5)))
    assert twice.labels == ["day 0", "day 1.5 (1)", "day 1.5 (2)"] and twice.places == [0, 1.5, 1.5]


def test_how_it_is_reckoned_names_the_errors_and_what_they_leave_out() -> None:
    said = reckoning(course())
    assert "1.0 (extent) and 0.7 (opacity)" in said and "exposure" in said and said.endswith(NEVER_VALIDATED)


def test_the_text_beside_the_curves_has_every_number() -> None:
    assert severity_words(course()) == (
        "Extent of 8, each ± 1.0: day 0 1.0, day 3 7.0, day 14 2.0. The truth: day 0 2.0. Opacity of 6, each "
        "± 0.7: day 0 0.5, day 3 3.5, day 14 1.0. The truth: day 0 1.0. No answer: day 7."
    )
    said = probability_words(course())
    assert (
        "VGG16, threshold 0.50: day 0 0.20, day 3 0.80, day 14 0.20." in said and "No answer: day 7." in said
    )


def test_the_finding_that_moves_most_comes_first() -> None:
    rows = finding_rows(course())
    assert [row["Finding"] for row in rows] == ["Mass", "Nodule", "Effusion"]
    assert list(rows[0].values()) == ["Mass", "0.12", "0.25", "0.12–0.88"]
    assert list(rows[0])[1:3] == ["Day 0", "Day 14"] and finding_rows(course(film("b", 1, REFUSED))) == []


def test_the_table_has_a_row_for_what_could_not_be_read() -> None:
    assert "Why not" not in number_rows(course(film("a", 0, kept(2.0, 0.3))))[0]
    rows = number_rows(course(film("a", 0, kept(2.0, 0.3)), film("b", 1, None, "The file is empty.")))
    assert [row["Why not"] for row in rows] == ["", "The file is empty."]
    assert (rows[0]["Extent"], rows[0]["VGG16"]) == ("2.0", "0.20")
    assert list(rows[1].values())[2:-1] == ["–"] * 5


def test_names_of_strangers_are_no_markup() -> None:
    said = strangers_words(["<b>x</b>.dcm"], ["y.dcm", "z.dcm"])
    assert "\\<b\\>" in said and "names another patient than y.dcm and z.dcm" in said and "untick it" in said
    assert "name another" in strangers_words(["x", "w"], ["y"])


def test_a_course_whose_truth_is_known_says_where_the_ensemble_is_wrong() -> None:
    days = [replace(each, label="covid") for each in course().films]
    assert judged(course(*days)) == (
        "**Truth: COVID-19.** The ensemble is wrong on day 0 and day 14; of 6 answers of backbones, "
        "4 are wrong."
    )
    assert judged(course(replace(days[1], day=1), replace(days[0], label="normal"))) == (
        "**Truth: COVID-19 and normal.** The ensemble is right on all of them; of 4 answers of backbones, "
        "0 are wrong."
    )
    assert judged(course()) is None
