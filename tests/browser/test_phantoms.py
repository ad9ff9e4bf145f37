"""Phantoms in a browser: twins are looked at together, and a phone shows all views without pulling."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_link import WIDTHS
from tests.browser.test_upload import PAGE_MS, address, browser, opened, pytestmark, settled

__all__ = ["address", "browser", "pytestmark"]  # fixtures and marks that pytest finds here

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
    assert readouts.count() == 2 and all("zoom 1.0" in each for each in readouts.all_inner_texts())
    box = page.locator("figure canvas").first.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 140)
    page.wait_for_timeout(400)  # by then the wheel no longer scrolls the page
    page.mouse.wheel(0, -500)
    page.wait_for_timeout(400)
    first, second = (re.search(r"zoom [\d.]+", each) for each in readouts.all_inner_texts())
    assert first and second and first.group() == second.group() != "zoom 1.0"
    page.close()


def test_a_phone_shows_all_views_and_networks(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    for path in ("phantoms?view=maps", "explain"):
        page.goto(f"{address}/{path}")
        page.wait_for_selector(".stButtonGroup", timeout=PAGE_MS)
        settled(page)
        assert page.evaluate(CUT) == 0 and max(page.evaluate(WIDTHS)) <= 390
    page.close()
