"""Phantoms in a browser: twins are looked at together, and a phone shows all views without pulling."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.browser.chromium import PAGE_MS, opened, settled
from tests.browser.test_link import WIDTHS

CUT = """() => [...document.querySelectorAll(".stButtonGroup [role=radio]")]
  .filter((each) => each.getBoundingClientRect().right > innerWidth).length"""


@pytest.fixture(scope="module", autouse=True)
def start_page_was_seen(browser, address: str) -> None:
    """Else Streamlit leads the first visitor of another page there."""
    opened(browser, address).close()


def test_who_zooms_into_one_twin_sees_the_same_place_of_the_other(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}/phantoms?view=twins")
    page.wait_for_selector("h2:has-text('What the disease alone does')", timeout=PAGE_MS)
    settled(page)
    readouts = page.locator(".readout")
    zooms = zooms_of(readouts, lambda found: found == ["zoom 1.0"] * 2)
    assert zooms == ["zoom 1.0"] * 2
    box = page.locator("figure canvas").first.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 140)
    page.wait_for_timeout(400)  # by then the wheel no longer scrolls the page
    page.mouse.wheel(0, -500)
    first, second = zooms_of(readouts, lambda found: found[0] == found[1] != "zoom 1.0")
    assert first == second != "zoom 1.0"
    page.close()


def zooms_of(readouts, wanted: Callable[[list[str]], bool]) -> list[str]:
    """Of each viewer, once they are as they should be, or as they are after ten seconds."""
    for _ in range(100):
        texts = readouts.all_inner_texts()
        found = [match.group() for each in texts if (match := re.search(r"zoom [\d.]+", each))]
        if len(found) == 2 and wanted(found):
            break
        readouts.page.wait_for_timeout(100)
    return found


def test_a_phone_shows_all_views_and_networks(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for path in ("phantoms?view=maps", "explain"):
        page.goto(f"{address}/{path}")
        page.wait_for_selector(".stButtonGroup", timeout=PAGE_MS)
        settled(page)
        assert page.evaluate(CUT) == 0 and max(page.evaluate(WIDTHS)) <= 390
    page.close()
