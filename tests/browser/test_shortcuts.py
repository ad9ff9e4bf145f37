"""Shortcuts in a browser: a mark is planted by keyboard, a head learns, and no frame betrays a hidden "
"flaw."""

from __future__ import annotations

import pytest

from core.shortcuts.mystery import Mystery
from tests.browser.chromium import PAGE_MS, opened, settled
from tests.browser.test_link import WIDTHS

LEARNING_MS = 400_000
TELLING = ("so it takes", "would have shown it", "seen through", "No mark was planted")


@pytest.fixture(scope="module", autouse=True)
def start_page_was_seen(browser, address: str) -> None:
    """Else Streamlit leads the first visitor of another page there."""
    opened(browser, address).close()


def test_a_head_learns_a_mark_and_loses_when_it_changes_sides(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}/shortcuts?mark=border")
    button = page.get_by_role("button", name="Plant it, and let a head learn")
    button.wait_for(timeout=PAGE_MS)
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Stop", exact=True).last.wait_for(timeout=PAGE_MS)
    page.locator(".js-plotly-plot").first.wait_for(timeout=LEARNING_MS)
    page.wait_for_selector("h2:has-text('changed sides')", timeout=LEARNING_MS)
    settled(page)
    bars = page.locator("table.bars tbody tr")
    areas = [float(bars.nth(at).locator(".number").inner_text().split()[0]) for at in range(6)]
    assert areas[0] > 0.95 and areas[4] <= 0.5 < areas[5], areas  # as written, in two digits
    assert page.locator("h1").count() == 1 and max(page.evaluate(WIDTHS)) <= 1440
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    assert max(page.evaluate(WIDTHS)) <= 390
    try_the_head(browser, page, address)
    page.close()


def try_the_head(browser, page, address: str) -> None:
    """The head answers on Analyse in this session, in no other, and not once the trial is stopped."""
    name = "taught a border on 100 % of the ill"
    page.get_by_role("button", name="Try it on Analyse").click()
    page.get_by_text("On trial in this session alone").wait_for(timeout=PAGE_MS)
    page.locator(".st-key-card-densenet121", has_text=name).wait_for(state="attached", timeout=PAGE_MS)
    settled(page)
    assert page.url == f"{address}/" and max(page.evaluate(WIDTHS)) <= 390
    assert name in page.locator("h2").first.inner_text()
    other = opened(browser, address)
    other.wait_for_selector(".st-key-card-densenet121", timeout=PAGE_MS)
    settled(other)
    assert other.get_by_text(name).count() == 0
    other.close()
    page.get_by_role("button", name="Stop the trial").click()
    page.get_by_text("On trial in this session alone").wait_for(state="detached", timeout=PAGE_MS)
    settled(page)
    assert page.get_by_text(name).count() == 0


def test_no_frame_tells_the_flaw_before_the_answer(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    frames: list[bytes] = []

    def take(frame: str | bytes) -> None:
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", take))
    page.goto(f"{address}/shortcuts?experiment=mystery&mystery=7&question=twin")
    page.get_by_role("button", name="Make the model").click(timeout=PAGE_MS)
    page.wait_for_selector("h2:has-text('What does it read?')", timeout=LEARNING_MS)
    settled(page)
    before = b"".join(frames)
    assert len(before) > 1000 and not [word for word in TELLING if word.encode() in before]
    assert max(page.evaluate(WIDTHS)) <= 390
    page.get_by_text("None of these", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Answer, and be told").click()
    page.wait_for_selector("text=seen through", timeout=PAGE_MS)
    right = Mystery(7).flaw == "none"
    assert page.get_by_text("Right: you said" if right else "No: you said").count() == 1
    assert page.url == f"{address}/shortcuts?experiment=mystery&mystery=7"
    page.close()
