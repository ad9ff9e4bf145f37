"""The page Lessons: the answer stays hidden until somebody answers, and every link opens what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.display.link import BUNDLE, SECTIONS, SETTINGS
from core.display.markdown import plain
from core.lessons.files import list_lessons
from core.lessons.lesson import Lesson, Link
from core.project import PROJECT, SHIPPED
from pages.widgets.lesson_bar import Place
from tests.pages.test_case_in_hand import by_link, link_of, missed
from tests.pages.test_gate import button
from tests.pages.test_pages import SECONDS, bundles, markdown

__all__ = ["bundles"]

LESSONS = list_lessons().lessons
LINKS = [(key, link) for key, lesson in LESSONS.items() for link in lesson.links]
AS_USUAL = {  # what an address need not say
    ("analyse", "sample", "covid-bedside"),
    ("compare", "images", "test"),
    ("compare", "chart", "ROC"),
    ("analyse", "threshold", "0.5"),
    ("shortcuts", "mark", "letters"),
}


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> str:
    """The bundle that ships, which the lessons are true of."""
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(PROJECT / "assets" / "bundles"))
    return SHIPPED


def said(page: AppTest) -> str:
    return "\n".join((*markdown(page), *(str(each.value) for each in page.success)))


def headings(page: AppTest) -> list[str]:
    return [text[4:] for text in markdown(page) if text.startswith("### ")]


def test_the_list_opens_a_lesson_and_its_address_opens_it_again(shipped: str) -> None:
    page = by_link("lessons.py")
    assert sum(each.label.startswith("**") for each in page.button) == len(LESSONS)
    button(page, "**1. What a heatmap is**").click().run()
    assert "heatmap" in link_of(page)["lesson"] and headings(page) == ["Five maps of one picture"]
    again = by_link("lessons.py", lesson="heatmap", step="2")
    assert headings(again) == ["How a map is made"]
    page = by_link("lessons.py", lesson="teapot", step="x")
    assert "the lesson and the step" in missed(page)[0]


@pytest.mark.parametrize("key", LESSONS)
def test_nothing_behind_the_question_is_sent_before_an_answer(key: str, shipped: str) -> None:
    lesson = LESSONS[key]
    hidden = [each.heading for each in lesson.after] + [lesson.take_home.heading]
    page = by_link("lessons.py", lesson=key, step=str(len(lesson.steps)))
    assert headings(page) == ["Question"] and button(page, "Next").disabled
    assert not any(each in said(page) for each in hidden)
    reasons = [each.why[:20] for each in lesson.choices if "{" not in each.why[:20]]
    assert reasons and not any(reason in said(page) for reason in reasons)
    assert button(page, "Answer").disabled
    wrong = next(at for at, each in enumerate(lesson.choices) if not each.right)
    page.radio[0].set_value(wrong).run()
    assert not any(reason in said(page) for reason in reasons)
    button(page, "Answer").click().run()
    assert " is not so.**" in said(page) and "**Right is “" in said(page) and not page.radio
    for heading in hidden:
        button(page, "Next").click().run()
        assert headings(page)[0] == heading
    assert "### Sources" in said(page) and "](https://" in said(page)
    assert not any(each.label == "Next" for each in page.button)
    following = list(LESSONS)[list(LESSONS).index(key) + 1 :][:1]
    offered = [each.label for each in page.button if each.label.startswith("Next lesson")]
    assert offered == [f"Next lesson: {plain(LESSONS[each].title)}" for each in following]
    button(page, "All lessons").click().run()
    assert any(each.value.endswith("answered.") for each in page.caption)


def test_a_right_answer_is_called_right(shipped: str) -> None:
    page = by_link("lessons.py", lesson="prevalence", step="3")
    right = next(at for at, each in enumerate(LESSONS["prevalence"].choices) if each.right)
    page.radio[0].set_value(right).run()
    button(page, "Answer").click().run()
    text = LESSONS["prevalence"].choices[right].text
    assert "{" in text and page.success[0].value.startswith(f"**Right. {text.partition('{')[0]}")
    assert "{" not in page.success[0].value and not page.warning


@pytest.mark.parametrize(("key", "link"), LINKS, ids=[f"{key}-{link.line}" for key, link in LINKS])
def test_every_link_opens_a_page_and_sets_what_it_says(
    key: str, link: Link, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if link.page == "compare":  # which needs the images that the lessons speak of, and loads no network
        monkeypatch.setenv("THORAXLENS_BUNDLES", str(PROJECT / "assets" / "bundles"))
    page = by_link(f"{link.page}.py", **dict(link.params))
    assert not missed(page)
    params = dict(link.params)  # what the gate refuses is what that lesson shows
    refused = "laid" in params or params.get("sample") == "lateral"
    assert bool(page.error) == refused
    address = link_of(page)
    for name, value in link.params:
        if (link.page, name, value) not in AS_USUAL:
            assert value in address[name], (name, address)


def test_the_sections_that_links_open_at_are_there() -> None:
    written = "".join(path.read_text("utf-8") for path in (PROJECT / "pages").rglob("*.py"))
    for key in {key for sections in SECTIONS.values() for key in sections.values()}:
        assert f'folded("{key.removeprefix("fold-")}"' in written or f'"{key}"' in written, key


def at_hand(lesson: Lesson, page_name: str) -> AppTest:
    """A page that somebody has come to from a lesson."""
    step = lesson.before[0]
    page = AppTest.from_file(PROJECT / "pages" / page_name, default_timeout=SECONDS)
    page.session_state["entered"] = True
    page.session_state["lesson at hand"] = Place(
        lesson.key, lesson.title, 1, "Step 1 of 5", step.heading, step.text, step.links, "Look at the hint"
    )
    page.run()
    assert not page.exception
    return page


@pytest.mark.parametrize("name", [f"{page}.py" for page in SETTINGS if page != "lessons"])
def test_the_lesson_stays_at_hand_on_every_page_until_it_is_left(name: str, bundles: Path) -> None:
    page = at_hand(LESSONS["heatmap"], name)
    (bar,) = [each for each in page.expander if "What a heatmap is" in each.label]
    assert "step 1 of 5: Look at the hint" in bar.label and "Open [a radiograph" in bar.markdown[0].value
    button(page, "Leave it").click().run()
    assert not any("What a heatmap is" in each.label for each in page.expander)


def test_a_bad_file_is_named_and_the_other_lessons_stay(
    shipped: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_LESSONS", str(tmp_path))
    (tmp_path / "bad.md").write_text("+++\n", "utf-8")
    page = by_link("lessons.py")
    assert "bad" in page.warning[0].value and "line 1" in page.warning[0].value
    assert any("What a heatmap is" in each.label for each in page.button)


def test_following_a_link_keeps_the_models_and_puts_the_rest_as_usual(bundles: Path) -> None:
    page: Any = AppTest.from_file(PROJECT / "pages" / "phantoms.py", default_timeout=SECONDS)
    page.session_state["entered"] = True
    page.session_state["page that was followed to"] = "phantoms", ""
    page.session_state["truth"], page.session_state["lecture"] = "1", "1"
    page.query_params["view"] = "twins"
    page.run()
    address = link_of(page)
    assert "truth" not in address and "1" in address["lecture"] and BUNDLE not in address
    assert "twins" in address["view"]
