"""Guess first: nothing that the models say reaches the browser before, everything does after."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.display import truth
from core.display.guess import NOTHING_TO_GUESS
from core.models.backbones import BACKBONES
from core.phantom.samples import list_samples
from tests.pages.test_case_in_hand import by_link, control, link_of, missed
from tests.pages.test_gate import button
from tests.pages.test_pages import bars, bundles, headline, markdown, sample, scene_of

__all__ = ["bundles"]

TELLING = (
    *(each.name for each in BACKBONES),
    *(each.title for each in list_samples()),
    *(each.description for each in list_samples()),
    *(each.path.name for each in list_samples()),
    "ensemble",
    'class="bars"',
    "Truth",
    "P(COVID-19)",
    "Extent",
)
KINDS = ("plotly_chart", "download_button", "progress", "table", "arrow_data_frame", "imgs")


def sent(page: AppTest) -> str:
    """All that the browser gets of what stands on the page, but tooltips and styles, which are of no case."""
    return "\n".join(
        line
        for each in page.main
        if (proto := getattr(each, "proto", None)) is not None
        for line in str(proto).splitlines()
        if not line.strip().startswith("help:")
    )


def leaks(page: AppTest) -> list[str]:
    said = sent(page)
    return [word for word in TELLING if word in said] + [kind for kind in KINDS if page.get(kind)]


def guess(page: AppTest, name: str) -> AppTest:
    button(page, name).click().run()
    assert not page.exception
    return page


@pytest.mark.parametrize("key", [each.key for each in list_samples() if each.key != "lateral"])
def test_no_word_of_a_sample_is_sent_before_the_guess(bundles: Path, key: str) -> None:
    page = by_link(guess="1", sample=key)
    assert not leaks(page) and "what does this radiograph show?" in headline(page)
    scene = scene_of(page)
    assert [each["name"] for each in scene["panes"]] == ["Radiograph"] and scene["lungs"] == []
    number = [each.key for each in list_samples()].index(key) + 1
    assert link_of(page) == ({"guess": "1"} if number == 1 else {"guess": "1", "sample": str(number)})
    assert scene_of(by_link(**link_of(page))) == scene


def test_there_is_nothing_to_guess_where_the_networks_were_not_asked(bundles: Path) -> None:
    page = by_link(guess="1", sample="lateral")
    assert not any("what does this radiograph show?" in text for text in markdown(page))
    assert any(each.value == NOTHING_TO_GUESS for each in page.caption)
    assert any(each.value.startswith("A healthy chest seen from its side") for each in page.caption)
    turned = by_link(sample="normal", laid="half")
    assert turned.error and not any(each.value.startswith("Upright") for each in turned.caption)


def test_no_answer_to_what_was_refused_is_right_or_wrong(bundles: Path) -> None:
    page = guess(by_link(guess="1", sample="lateral", insist="true"), "Normal")
    said = "\n".join(markdown(page))
    assert "refused by the gate; asked all the same" in headline(page)
    assert "You said **normal**; " in said and "ruth" not in said and "So far" not in said
    assert not any(str(mark) in said for mark in (truth.RIGHT, truth.WRONG, truth.MISSED))


def test_after_the_guess_everything_is_there_with_who_agrees_and_a_tally(bundles: Path) -> None:
    page = guess(by_link(guess="1", sample="5"), "COVID-19")
    assert headline(page).startswith("Sample “COVID-19-like, severe”: ") and len(bars(page)) == 3
    said = markdown(page)
    assert any(text.startswith("You said **COVID-19**; the truth is **COVID-19**; ") for text in said)
    assert any(text.startswith("So far: you 1 of 1, the ensemble ") for text in said)
    page.button_group[0].set_value("Sample 2").run()
    assert not leaks(page) or leaks(page) == ["ensemble"]  # of the tally
    guess(page, "Something else, or cannot tell")
    assert any(text.startswith("So far: you 1 of 2, the ensemble ") for text in markdown(page))
    page.button_group[0].set_value("Sample 5").run()
    assert headline(page).startswith("Sample “COVID-19-like, severe”: "), "one guesses once"


def test_the_switch_hides_and_shows_the_answers_and_stands_in_the_link(bundles: Path) -> None:
    page = by_link()
    assert not any("You said" in text for text in markdown(page)) and len(leaks(page)) > 15
    control(page, "toggle", "Guess first").set_value(True).run()
    assert not leaks(page) and link_of(page) == {"guess": "1"}
    control(page, "toggle", "Guess first").set_value(False).run()
    assert headline(page).startswith("Sample “COVID-19-like, bedside”: ") and link_of(page) == {}
    assert len(missed(by_link(guess="maybe"))) == 1


def test_of_a_file_nobody_knows_the_truth_and_the_pinned_case_waits(bundles: Path) -> None:
    page = by_link(sample="normal")
    button(page, "Pin this case").click().run()
    control(page, "toggle", "Guess first").set_value(True).run()
    page.file_uploader[0].set_value([("mine.png", sample(), "image/png")]).run()
    assert not leaks(page) and headline(page).startswith("mine.png: what does")
    assert not any("pinned" in text for text in markdown(page)) and link_of(page) == {"guess": "1"}
    guess(page, "Normal")
    assert headline(page).startswith("mine.png: ") and page.table
    assert any(text.startswith("You said **normal**; ") and "truth" not in text for text in markdown(page))
    assert not any("So far" in text for text in markdown(page))


def test_the_curves_of_a_patient_wait_for_a_guess_at_every_day(bundles: Path) -> None:
    page = by_link(guess="1", sample="8")
    for day in ("Day 3", "Day 7", "Day 14"):
        guess(page, "COVID-19")
        assert any("after a guess at each" in each.value for each in page.caption)
        assert not any("over time" in str(each.proto.id) for each in page.get("plotly_chart"))
        control(page, "button_group", "Radiograph of").set_value(day).run()
    guess(page, "COVID-19")
    assert any("**Truth: COVID-19.** The ensemble is" in text for text in markdown(page))
