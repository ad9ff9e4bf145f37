"""The real server in a real browser: files in, five probabilities and five heatmaps out."""

import re
from pathlib import Path

import pytest
from PIL import Image

from core.phantom.samples import SAMPLES
from tests.browser.chromium import (
    NAMES,
    PAGE_MS,
    SCROLLED,
    UPLOADER,
    free_port,
    go_to,
    opened,
    serving,
    settled,
)
from tests.shipped_counts import count_images

SWIPES = 5


def test_the_first_visitor_may_come_by_a_link_to_another_page(browser) -> None:
    """On a server of its own: once anybody has seen the start page, Streamlit knows the other pages."""
    with serving(free_port()) as address:
        page = browser.new_page()
        page.goto(f"{address}/compare?images=external")
        page.wait_for_selector(f"text={count_images('external')} images of", timeout=PAGE_MS)
        assert page.url == f"{address}/compare?images=external"
        page.locator("[data-testid=stTopNavLink]").get_by_text("About").click(timeout=PAGE_MS)
        page.wait_for_selector("text=About ThoraxLens", timeout=PAGE_MS)
        assert page.title() == "About · ThoraxLens" and page.get_by_role("dialog").count() == 0
        page.close()


@pytest.mark.parametrize("name", ["covid-severe.png", "covid-moderate.dcm"])
def test_an_upload_is_answered_by_five_backbones(browser, address: str, name: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.wait_for_selector("text=How far to trust it", timeout=PAGE_MS)
    page.set_input_files(UPLOADER, SAMPLES / name)
    page.wait_for_selector(f"h2:has-text('{name}: ')", timeout=PAGE_MS)
    settled(page)
    for backbone in NAMES:
        card = page.locator(f".st-key-card-{backbone.lower()}")
        card.filter(has_text=re.compile(rf"{backbone}\s+[01]\.\d\d\s")).wait_for(timeout=PAGE_MS)
    for backbone in NAMES:
        pane = page.locator("figure").filter(has_text=re.compile(rf"{backbone}\s*[01]\.\d\d"))
        pane.locator("canvas").wait_for(timeout=PAGE_MS)
    page.close()


def headline(page):
    return page.locator("h2:has-text(': ')").first


def test_a_file_stays_in_hand_from_page_to_page(browser, address: str) -> None:
    page = opened(browser, address)
    assert "Sample" in headline(page).inner_text()
    page.set_input_files(UPLOADER, SAMPLES / "normal.png")
    page.wait_for_selector("h2:has-text('normal.png: ')", timeout=PAGE_MS)
    go_to(page, "Compare")
    page.wait_for_selector("text=First: does it last?", timeout=PAGE_MS)
    settled(page)
    assert page.locator(".st-key-tray").get_by_text("normal.png").first.is_visible()
    go_to(page, "Analyse")
    page.wait_for_selector("h2:has-text('normal.png: ')", timeout=PAGE_MS)
    settled(page)
    page.get_by_role("button", name="Put away").first.click()
    page.wait_for_selector("h2:has-text('Sample')", timeout=PAGE_MS)
    settled(page)
    assert page.locator(".st-key-tray").get_by_role("button").count() == 0
    page.close()


def test_whatever_one_clicks_the_answer_stays_with_the_file_in_hand(
    browser, address: str, tmp_path: Path
) -> None:
    """A page runs again with each click, and a widget that is out of sight may answer for itself."""
    pages = [Image.open(SAMPLES / name).convert("L") for name in ("normal.png", "covid-severe.png")]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    page = opened(browser, address)
    page.set_input_files(UPLOADER, tmp_path / "pages.tif")
    page.get_by_role("button", name="Read picture 2").click(timeout=PAGE_MS)
    page.wait_for_selector("h2:has-text('pages.tif: ')", timeout=PAGE_MS)
    settled(page)
    page.get_by_text("Each model's own threshold").click(timeout=PAGE_MS)
    settled(page)
    page.get_by_text("Choose another picture of this file").click()
    page.get_by_role("button", name="Read picture 1").click(timeout=PAGE_MS)
    page.wait_for_selector("h2:has-text('pages.tif: ')", timeout=PAGE_MS)
    settled(page)
    page.get_by_text("Look at a sample instead").click()
    page.get_by_role("radio", name="Normal chest", exact=True).or_(
        page.get_by_role("button", name="Normal chest", exact=True)
    ).click()
    page.wait_for_selector("h2:has-text('Sample “Normal chest”: ')", timeout=PAGE_MS)
    settled(page)
    page.locator(".st-key-tray").get_by_text("pages.tif").first.click()
    page.wait_for_selector("h2:has-text('pages.tif: ')", timeout=PAGE_MS)
    page.close()


def test_what_the_uploader_itself_refuses_stands_in_place_of_the_answer(
    browser, address: str, tmp_path: Path
) -> None:
    huge = tmp_path / "huge.png"
    huge.write_bytes(bytes(53_000_000))
    page = opened(browser, address)
    page.set_input_files(UPLOADER, huge)
    page.wait_for_selector(
        "[role=alert]:has-text('huge.png: The file is larger than 50 MB')", timeout=PAGE_MS
    )
    settled(page)
    assert page.locator("h2:has-text(': ')").count() == 0
    page.close()


def test_after_a_restart_the_page_says_what_it_lost_and_reads_the_next_file(browser, address: str) -> None:
    port = free_port()
    with serving(port) as url:
        page = opened(browser, url)
        page.set_input_files(UPLOADER, SAMPLES / "normal.png")
        page.wait_for_selector("h2:has-text('normal.png: ')", timeout=PAGE_MS)
    page.wait_for_selector("text=The connection to the server is lost", timeout=PAGE_MS)
    with serving(port):
        page.wait_for_selector("[role=alert]:has-text('normal.png: The connection')", timeout=PAGE_MS)
        settled(page)
        assert page.locator("h2:has-text(': ')").count() == 0
        page.set_input_files(UPLOADER, SAMPLES / "covid-severe.png")
        page.wait_for_selector("h2:has-text('covid-severe.png: ')", timeout=PAGE_MS)
        page.close()


def test_the_page_asks_nobody_but_its_own_server(browser, address: str) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_selector("text=How far to trust it", timeout=PAGE_MS)
    own = (f"{address}/", "data:", "blob:")
    page.wait_for_selector("link[rel~=icon][href^='data:']", state="attached")  # the tab's icon comes last
    assert [url for url in asked if not url.startswith(own)] == []
    page.close()


def test_nothing_scrolls_sideways_on_a_phone(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.wait_for_selector("text=JSON, everything", timeout=PAGE_MS)
    settled(page)
    width = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert width <= 390
    page.close()


def swipe_up(touch, x: float, y: float) -> None:
    """A finger that goes up by 150 px."""
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 16):
        moved = [{"x": x, "y": y - 10 * step}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": moved})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_on_a_chart_scrolls_the_page(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{address}/compare")
    chart = page.locator(".stPlotlyChart").first
    chart.locator(".draglayer").wait_for(state="attached", timeout=PAGE_MS)
    settled(page)
    touch = context.new_cdp_session(page)
    for _ in range(SWIPES):  # a page that is busy drops some
        chart.evaluate("chart => chart.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(500)  # by then nothing above it grows any more
        box, before = chart.bounding_box(), page.evaluate(SCROLLED)
        swipe_up(touch, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(1000)
        if page.evaluate(SCROLLED) > before + 50:
            break
    else:
        pytest.fail(f"{SWIPES} fingers on a chart did not scroll the page")
    context.close()
