"""Lessons: those that ship, their figures, and what a file that is none is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.display.link import SAMPLE, SETTINGS
from core.errors import LessonError
from core.evaluation.record import read_record
from core.lessons import words
from core.lessons.figures import ARGUMENTS, FIGURES, NOT_MEASURED, Measured, problem
from core.lessons.files import MAX_FILE_BYTES, list_lessons
from core.lessons.files import SHIPPED as FOLDER
from core.lessons.lesson import Lesson, filled, lesson_key, read_lesson
from core.models.bundle.files import read_manifest
from core.project import PROJECT, SHIPPED
from tests.shipped_counts import count_images

FILES = sorted(FOLDER.glob("*.md"))
LESSONS = list_lessons().lessons
WHOLE = """+++
title = "One"
about = "What it is about"
minutes = 5
+++

## Look

See [a sample](analyse?sample=normal "at its lungs") and {auc.ensemble.test}.

## Question

Which?

- [ ] This.
      It is not,
      whatever {images.test} say.
- [x] That.
      It is.

## Why

Because.

## Take home

That it is.

## Sources

- Somebody 2020, [a paper](https://example.org/paper)
"""


@pytest.fixture(scope="module")
def measured() -> Measured:
    """The figures of the bundle that ships."""
    folder = PROJECT / "assets" / "bundles" / SHIPPED
    manifest = read_manifest(folder)
    return Measured(read_record(folder, manifest), manifest)


def texts(lesson: Lesson) -> Iterator[str]:
    yield from (step.text for step in (*lesson.steps, lesson.sources))
    for each in lesson.choices:
        yield from (each.text, each.why)


def test_the_eight_lessons_ship_in_their_order() -> None:
    assert list_lessons().problems == ()
    assert [each.title for each in LESSONS.values()] == [
        "What a heatmap is",
        "0.5 is not a probability",
        "The letters",
        "Disease or data set",
        "Five that disagree",
        "The picture that is no chest",
        "Prevalence",
        "How to read a figure of 0.99",
    ]


@pytest.mark.parametrize("key", LESSONS)
def test_a_lesson_is_whole_and_its_figures_are_those_of_the_bundle(key: str, measured: Measured) -> None:
    lesson = LESSONS[key]
    assert lesson.key == key and lesson.links and lesson.after
    for text in texts(lesson):
        shown = filled(text, measured)
        assert NOT_MEASURED not in shown and "{" not in shown
    answers = [filled(each.text, measured) for each in lesson.choices]
    assert len(set(answers)) == len(answers), "two answers read alike with this bundle's figures"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_lesson_types_no_figure_that_it_should_name(path: Path, measured: Measured) -> None:
    """Three digits behind a point, or "N of N", are figures of a bundle; 0.500 is a coin."""
    body = path.read_text("utf-8").partition("## Sources")[0]
    body = re.sub(r"\]\([^)]*\)|\{[^}]*\}", "", body)
    assert set(re.findall(r"\b0\.\d{3,}\b|\b\d+ of \d+\b", body)) <= {"0.500"}


@pytest.mark.parametrize("key", FIGURES)
def test_every_figure_has_a_value_and_stands_in_the_documentation(key: str, measured: Measured) -> None:
    kinds = FIGURES[key].arguments
    samples = {"pictures": "a-lateral-chest-radiograph", "images": "test", "model": "ensemble"}
    name = ".".join((key, *(samples.get(kind) or ARGUMENTS[kind][0] for kind in kinds)))
    assert problem(name) == ""
    assert re.search(r"\d", measured.figure(name)), name
    assert f"| `{{{'.'.join((key, *map(str.upper, kinds)))}}}` |" in (PROJECT / "docs/lessons.md").read_text()


def test_what_was_not_measured_is_said(measured: Measured) -> None:
    assert measured.figure("refused.a-teapot") == NOT_MEASURED


def test_the_claims_of_the_lessons_hold_for_the_bundle_that_ships(measured: Measured) -> None:
    """What a text says in words, where the figures could come out otherwise with another bundle."""

    def number(name: str) -> float:
        return float(measured.figure(name))

    assert 0.5 < number("covered.ensemble.test") < number("auc.ensemble.test")
    assert number("auc.ensemble.external") < number("auc.ensemble.test")
    assert number("all_wrong.external") > 3 * number("all_wrong_by_chance.external")
    ranks = [number(f"right_of_100.ensemble.test.{share}") for share in (1, 10, 50)]
    assert ranks == sorted(ranks) and ranks[0] < 50
    knees, lateral, rendered = (
        int(refused) / int(images)
        for refused, _, images in (
            measured.figure(name).split()
            for name in (
                "refused_untaught.a-radiograph-of-a-knee",
                "refused_untaught.a-lateral-chest-radiograph",
                "refused_rendered.a-lateral-chest-radiograph",
            )
        )
    )
    assert knees > 0.9 > lateral and rendered > lateral


def test_a_file_is_read_as_it_is_written(measured: Measured) -> None:
    lesson = read_lesson(WHOLE, "07-one.md")
    assert (lesson.key, lesson.title, lesson.minutes, lesson.asks_at) == ("one", "One", 5, 2)
    assert [step.heading for step in lesson.steps] == ["Look", "Question", "Why", "Take home"]
    (link,) = lesson.links
    assert (link.page, link.params, link.hint) == ("analyse", ((SAMPLE, "normal"),), "at its lungs")
    assert (
        f"[a sample]({link.address})" in lesson.before[0].text and "at its lungs" not in lesson.before[0].text
    )
    (at,) = read_lesson(WHOLE.replace("=normal", "=normal#findings"), "07-one.md").links
    assert (link.section, at.section, at.address) == ("", "findings", "./?sample=normal#findings")
    assert filled(lesson.choices[0].why, measured) == f"It is not, whatever {count_images('test')} say."
    assert [each.right for each in lesson.choices] == [False, True]
    assert len(words.judged(lesson.choices[1], lesson.choices[0])) == 2
    assert words.judged(lesson.choices[1], lesson.choices[1]) == ("**Right. That.** It is.",)


@pytest.mark.parametrize(
    ("found", "put", "line", "said"),
    [
        ("+++\ntitle", "title", 1, "has to begin with a line “+++”"),
        ("5\n+++", "5", 1, "never ends"),
        ('"One"', '"One', 2, "is no TOML"),
        ("minutes = 5", 'minutes = "5"', 1, "minutes has to be a whole number"),
        ("minutes = 5", "minutes = 500", 1, "minutes lie between"),
        ('"One"', f'"{"x" * 61}"', 1, "a title has at most 60"),
        ("minutes = 5", "minutes = 5\nlevel = 3", 1, "nothing is known of “level”"),
        ("\n## Look", "\nHello\n\n## Look", 7, "stands before any"),
        ("See [a", "# See [a", 9, "no headings of its own"),
        ("{auc.ensemble.test}", "{auc.ensemble.home}", 9, "knows no images “home”"),
        ("{auc.ensemble.test}", "{auc.ensemble}", 9, "is written {auc.MODEL.IMAGES}"),
        ("{auc.ensemble.test}", "{magic}", 9, "no figure called “magic”"),
        ("{auc.ensemble.test}", "{left_out.test}", 9, "is written {left_out}"),
        ("analyse?sample=normal", "somewhere?sample=normal", 9, "neither https:// nor a page"),
        ("analyse?sample=normal", "http://example.org", 9, "neither https:// nor a page"),
        ("analyse?sample=normal", "analyse?pupil=3", 9, "has no setting “pupil”"),
        ("analyse?sample=normal", "analyse?sample=nobody", 9, "cannot be “nobody”"),
        ("analyse?sample=normal", "phantoms?phantom=extent_900", 9, "cannot be “extent_900”"),
        ("analyse?sample=normal", "analyse?sample", 9, "are not written NAME=VALUE"),
        ("analyse?sample=normal", "analyse?sample=normal#lungs", 9, "no section “lungs” to open at; it has"),
        ("analyse?sample=normal", "phantoms#findings", 9, "the page phantoms has no section “findings” to"),
        ("See [a sample]", "See ![a sample]", 9, "holds no pictures"),
        ("      It is not,", "It is not,", 16, "stands below no answer"),
        ("- [ ] This.", "- [x] This.", 11, "one answer has to be right"),
        ("This.", "That.", 11, "two answers are the same"),
        ("      It is.\n", "", 11, "why it is right or not"),
        ("It is.", "[It](analyse) is.", 19, "an answer holds no links"),
        ("## Why\n\nBecause.", "## Why\n", 21, "is empty"),
        ("That it is.", "That it is. And this.", 25, "holds one sentence"),
        ("- Somebody", "Somebody", 29, "holds a list"),
        ("## Question", "## Quest", 31, "needs one section “## Question”, and has 0"),
        ("## Look", "## Question", 33, "needs one section “## Question”, and has 2"),
        ("## Take home", "## Take home\n\nFirst.\n\n## More", 11, "stand in another order"),
    ],
)  # fmt: skip
def test_a_bad_file_gets_one_sentence_that_says_what_and_where(
    found: str, put: str, line: int, said: str
) -> None:
    assert WHOLE.count(found) >= 1
    with pytest.raises(LessonError) as refused:
        read_lesson(WHOLE.replace(found, put, 1), "07-one.md")
    sentence = str(refused.value)
    assert sentence.startswith("The lesson 07-one.md, line ") and sentence.endswith(".")
    assert said in sentence, sentence
    if "needs one section" not in said:
        assert f"line {line}:" in sentence, sentence


def test_a_folder_of_own_lessons_adds_to_those_that_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_LESSONS", str(tmp_path))
    (tmp_path / "2-own.md").write_text(WHOLE, "utf-8")
    (tmp_path / "letters.md").write_text(WHOLE.replace('"One"', '"Mine"'), "utf-8")
    (tmp_path / "bad.md").write_text("Hello", "utf-8")
    (tmp_path / "bytes.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "long.md").write_text("x" * (MAX_FILE_BYTES + 1), "utf-8")
    found = list_lessons()
    assert list(found.lessons) == [*LESSONS, "own"]
    assert found.lessons["letters"].title == "Mine"
    assert len(found.problems) == 3 and all(each.count(".md") == 1 for each in found.problems)
    monkeypatch.setenv("THORAXLENS_LESSONS", str(tmp_path / "nowhere"))
    assert "no folder of lessons" in list_lessons().problems[0]


def test_keys_come_from_the_names_of_files() -> None:
    assert lesson_key("03-letters.md") == "letters" and lesson_key("letters.md") == "letters"
    assert lesson_key("a-b.md") == "a-b"


def test_all_pages_that_lessons_link_are_pages() -> None:
    pages = {path.stem for path in (PROJECT / "pages").glob("*.py")}
    assert set(SETTINGS) <= pages
