"""What a link holds, and that nothing in it is trusted."""

import pytest

from core.display import link
from core.gate.way import AS_IT_IS, Way

HOSTILE = (
    "",
    "nan",
    "inf",
    "1e999",
    "-1",
    "7",
    "<script>alert(1)</script>",
    "x" * 100_000,
    "true\x00",
    "\u202e0.5",
)
EVERY_WAY = [
    Way(mirrored, quarters, inverted)
    for mirrored in (False, True)
    for quarters in range(4)
    for inverted in (False, True)
]


@pytest.mark.parametrize("way", EVERY_WAY)
def test_every_way_to_lay_a_picture_comes_back(way: Way) -> None:
    word = link.laid_word(way)
    assert (word is None) == (way == AS_IT_IS)
    assert link.laid_way(word or "") == way
    assert word is None or set(word) <= set("abcdefghijklmnopqrstuvwxyz-")


def test_each_way_has_a_word_of_its_own() -> None:
    assert len({link.laid_word(way) for way in EVERY_WAY}) == len(EVERY_WAY)


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_can_be_read_as_nothing(word: str) -> None:
    for name in (*link.CHOICES, *link.SHARES, link.PHANTOM):
        assert not link.is_readable(name, [word])
    assert link.is_readable(link.LAID, [word]) == (word == "")


def test_whole_words_can_be_read() -> None:
    assert link.is_readable(link.THRESHOLD, ["0.7"]) and link.is_readable(link.POINT, ["0.01", "0.99"])
    assert link.is_readable(link.RATE, ["5"]) and not link.is_readable(link.RATE, ["5", "6"])
    assert link.is_readable(link.ONE_POINT, ["TRUE"]) and link.is_readable(link.MARGINS, ["cut"])
    assert link.is_readable(link.SAMPLE, ["whatever"])  # which samples there are, the page knows


def test_what_could_not_be_read_is_named_in_one_sentence_without_its_value() -> None:
    params = {"sample": ["normal"], "threshold": ["<b>"], "error_rate": ["11"], "utm_source": ["x"]}
    names = link.unreadable("analyse", params)
    assert names == ["threshold", "error_rate"]
    said = link.ignored("analyse", names)
    assert "the error rate and the threshold" in said and "<b>" not in said and said.count(".") == 1
    assert link.ignored("analyse", []) == "" and link.ignored("compare", ["nothing of ours"]) == ""


def test_a_link_says_what_it_takes_along() -> None:
    assert "picture does not travel" in link.carries("analyse", upload=True)
    assert "images do not travel" in link.carries("compare", upload=True)
    assert "sample" in link.carries("analyse", upload=False)
    assert "comparison" in link.carries("compare", upload=False)


def test_every_setting_that_is_checked_belongs_to_a_page() -> None:
    named = {name for names in link.SETTINGS.values() for name in names}
    assert {*link.CHOICES, *link.SHARES, link.LAID, link.PHANTOM} <= named


def test_what_restores_the_settings_says_nothing_else() -> None:
    params = {"sample": ["a b"], "margins": ["left"], "evil": ["<script>"], "chart": ["ROC"]}
    assert (
        link.restoring("http://a.example/", "analyse", params) == "http://a.example/?sample=a+b&margins=left"
    )
    assert link.restoring("http://a.example", "cards", params) == "http://a.example/"
    assert link.restoring("http://a.example/x/analyse", "cards", {}) == "http://a.example/x/analyse"


def test_a_link_leads_to_the_section_that_shows_what_it_says() -> None:
    assert link.section("compare", ["images", "chart"]) == "fold-curves"
    assert link.section("compare", ["pairs"]) == "fold-tests"
    assert link.section("compare", ["images"]) == link.section("about", ["lecture"]) == ""
    assert all(name in link.SETTINGS[page] for page, names in link.SHOWN_AT.items() for name in names)
