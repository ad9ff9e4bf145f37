"""Bars as HTML: where they begin and end, what is read out, and that names stay text."""

import xml.etree.ElementTree as ElementTree

import pytest

from core.display import figures
from core.display.bars import Axis, Bar, bars_html, surface
from core.models.backbones import BACKBONES
from tests.drawn_analysis import drawn_analysis

BOTH = Axis(-0.5, 1.5, line=0, beside=("<left", "right>"), ticks=(-0.5, 1.5))
BARS = (
    Bar("Up", 1.0, "+1.00", "#123456", "/", threshold=0.5, hint="as it should"),
    Bar("<b>Down</b>", -0.25, "-0.25", "#654321"),
    Bar("Beyond", 9.0, "9.00", "#222222", "."),
)


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html)  # noqa: S314, for it was made here


def rows(html: str) -> list[ElementTree.Element]:
    """What HTML this is, a parser of XML reads, too."""
    return parsed(html).findall("tbody/tr")


def style(element: ElementTree.Element | None) -> dict[str, str]:
    assert element is not None
    return dict(part.split(":", 1) for part in element.attrib["style"].split(";"))


def test_an_outline_says_where_a_bar_ended_before() -> None:
    moved, still = rows(bars_html([Bar("Moved", 0.5, "0.50", "#123456", before=-0.25), BARS[0]], BOTH))
    outline = style(moved.find("td/s"))
    assert (outline["left"], outline["width"]) == ("12.50%", "12.50%")
    assert style(moved.find("td/i"))["width"] == "25.00%" and still.find("td/s") is None


def test_a_bar_goes_from_zero_to_its_value_and_stays_on_the_axis() -> None:
    up, down, beyond = (style(row.find("td/i")) for row in rows(bars_html(BARS, BOTH)))
    assert (up["left"], up["width"]) == ("25.00%", "50.00%")
    assert (down["left"], down["width"]) == ("12.50%", "12.50%")
    assert (beyond["left"], beyond["width"]) == ("25.00%", "75.00%")


def test_marks_lines_and_what_they_mean() -> None:
    html = bars_html(BARS, BOTH)
    found = rows(html)
    assert [style(row.find("td/b"))["left"] for row in found[:1]] == ["50.00%"]
    assert found[1].find("td/b") is None and style(found[1].find("td/u"))["left"] == "25.00%"
    head, foot = (parsed(html).findall(f"{part}//span") for part in ("thead", "tfoot"))
    assert [each.text for each in head] == ["<left", "right>"] and [each.text for each in foot] == [
        "−0.5",
        "1.5",
    ]
    assert parsed(bars_html(BARS, Axis(0, 1))).find("thead") is None


def test_what_is_read_out_and_that_names_are_text() -> None:
    up, down, _ = rows(bars_html(BARS, BOTH))
    assert ["".join(each.itertext()) for each in up] == ["Up", "+1.00 (as it should)", ""]
    assert "".join(down.itertext()) == "<b>Down</b>-0.25" and up.attrib["title"] == "as it should"


@pytest.mark.parametrize("pattern", ["", "/", "\\", "x", "-", "|", "+", "."])
def test_a_surface_holds_its_colour(pattern: str) -> None:
    assert "#abcdef" in surface("#abcdef", pattern)


def test_surfaces_of_backbones_differ_without_their_colours() -> None:
    assert len({surface("red", each.pattern) for each in BACKBONES}) == len(BACKBONES)


def test_bars_of_an_analysis_in_their_order() -> None:
    analysis = drawn_analysis()
    names = [["".join(next(iter(row)).itertext()) for row in rows(draw(analysis))] for draw in DRAWS]
    assert names[0] == [*(each.name for each in BACKBONES), "Ensemble"]
    assert len(names[1]) == 18 and names[2][-1] == "an average radiograph"
    scores = [row.findall("td")[0].text for row in rows(figures.findings(analysis))]
    assert scores == sorted(scores, reverse=True)
    thresholds = [row.attrib["title"] for row in rows(figures.probabilities(analysis))]
    assert thresholds[0] == f"threshold {analysis.readings[0].threshold:.2f}"


DRAWS = (figures.probabilities, figures.findings, figures.contributions)
