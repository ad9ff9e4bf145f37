"""Markdown from outside: what must not become markup does not."""

import re

import pytest

from core.display.markdown import harmless, lower_headings, plain, split_sections, table, unbroken

HOSTILE = "<img onerror=alert(1)> ![x](http://x.io/p.png) [l](javascript:1) www.x.io a@x.io :red[hot] $x$"


def live(text: str) -> str:
    """What is left of a text for Markdown to interpret."""
    return re.sub(r"\\.", "", text)


@pytest.mark.parametrize("escape", [plain, harmless])
def test_no_html_link_picture_or_formula_survives(escape) -> None:
    found = escape(HOSTILE)
    assert not set("<>[]$") & set(live(found))
    assert not any(link in found.replace("\\", "") for link in ("://", "www.", "@x"))


def test_headings_lists_tables_and_emphasis_of_a_document_stay() -> None:
    document = "# Card\n\n- one **bold**\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert harmless(document) == document


def test_what_is_escaped_is_not_escaped_again() -> None:
    once = plain(HOSTILE)
    assert harmless(once) == once


def test_an_escaped_backslash_frees_no_bracket() -> None:
    assert live(harmless(r"\\[link](x)")) == "link(x)"


def test_a_cell_cannot_break_its_table() -> None:
    found = table([{"a": plain("x|y"), "b": "1"}, {"a": "z", "b": "2"}])
    assert live(found).splitlines() == ["| a | b |", "| --- | --- |", "| xy | 1 |", "| z | 2 |"]
    assert table([]) == ""


def test_headings_stand_below_those_of_a_page() -> None:
    assert lower_headings("# A\n\n## B\n#c\n", 3) == "#### A\n\n##### B\n#c\n"


def test_a_document_comes_apart_at_its_second_headings() -> None:
    document = "# A\n\nbefore\n\n## B\n\n### C\n\n## D\n##e\n"
    assert split_sections(document) == ("# A\n\nbefore", (("B", "### C"), ("D", "##e")))
    assert split_sections("nothing") == ("nothing", ())


def test_a_disease_is_not_cut_at_its_hyphen() -> None:
    assert unbroken(f"{plain('COVID-19-like')}, COVID-19") == "COVID\\-\u206019\\-like, COVID-\u206019"
