"""The viewer in a real browser: what hands and keys do, what it keeps, and what is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.browser.test_upload import (
    NAMES,
    PAGE_MS,
    SCROLLED,
    address,
    browser,
    go_to,
    opened,
    pytestmark,
    settled,
)

__all__ = ["address", "browser", "pytestmark"]  # fixtures and marks that pytest finds here

SENT_AGAIN_BYTES = 20_000
# A number that stands for all pixels of a pane: read twice, it differs where the pane was drawn otherwise.
PIXELS = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return data.reduce((sum, each, i) => (31 * sum + each + i) >>> 0, 0)
}"""
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def shown(page) -> None:
    page.locator("figure canvas").first.wait_for(timeout=PAGE_MS)
    settled(page)


def pixels(page, pane: int) -> int:
    page.evaluate(DRAWN)
    return int(page.locator("figure canvas").nth(pane).evaluate(PIXELS))


def readout(page) -> str:
    page.evaluate(DRAWN)
    return str(page.locator(".readout").inner_text())


def middle(page, pane: int) -> tuple[float, float]:
    """The middle of a pane that is in sight, once nothing above it grows or moves any more."""
    canvas = page.locator("figure canvas").nth(pane)
    before, box = None, {}
    while before != box:
        before = box
        canvas.evaluate("canvas => canvas.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(300)
        box = canvas.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.fixture
def page(browser, address: str) -> Iterator:
    page = opened(browser, address)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    shown(page)
    yield page
    page.close()
    assert not errors


@contextmanager
def received(page) -> Iterator[list[int]]:
    """The sizes of the messages that a page receives meanwhile; it has to be loaded anew in there."""
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    yield sizes


def test_a_plain_pane_and_one_for_each_backbone_say_in_words_what_they_show(page) -> None:
    told = [each.get_attribute("aria-label") for each in page.locator("figure canvas").all()]
    assert told[0] == "The radiograph without heat."
    assert [each.split(":")[0] for each in told[1:]] == list(NAMES)
    assert page.get_by_text("View changes never alter what the networks saw.").count() == 1


def test_a_drag_sets_the_window_and_the_wheel_zooms_in_all_panes(page) -> None:
    before = [pixels(page, pane) for pane in range(6)]
    x, y = middle(page, 1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 60, y + 40, steps=3)
    page.mouse.up()
    assert "window 80 %, level 60 %" in readout(page)
    after = [pixels(page, pane) for pane in range(6)]
    assert all(one != other for one, other in zip(before, after, strict=True))
    page.wait_for_timeout(400)  # by then the wheel no longer scrolls the page
    page.mouse.wheel(0, -500)
    assert "zoom 2.1" in readout(page)
    page.mouse.dblclick(x, y)
    assert "window 100 %, level 50 %" in readout(page) and "zoom 1.0" in readout(page)


def test_key_h_switches_the_heat_off_in_the_browser_alone(page) -> None:
    page.mouse.move(1, 400)
    plain, heat = pixels(page, 0), pixels(page, 1)
    page.keyboard.press("h")
    assert pixels(page, 1) != heat and pixels(page, 0) == plain
    page.keyboard.press("h")
    assert pixels(page, 1) == heat


def test_keys_alone_zoom_set_the_window_and_measure(page) -> None:
    page.locator("figure canvas").nth(1).focus()
    for key in ("+", "ArrowRight", "3", "Shift+ArrowDown", "i"):
        page.keyboard.press(key)
    assert "window 50 %, level 32 %" in readout(page) and "zoom 1.3" in readout(page)
    page.keyboard.press("r")
    page.keyboard.press("d")
    before = pixels(page, 0)
    for key in ("ArrowUp", "Enter", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("d")
    assert pixels(page, 0) != before  # the ruler lies in all panes
    assert readout(page).endswith(" px")
    page.keyboard.press("Enter")
    assert page.locator("figure.chosen").count() == 1


def test_a_click_sends_no_picture_again_and_leaves_the_view(page) -> None:
    with received(page) as sizes:
        page.reload()
        page.wait_for_selector("text=How far to trust it", timeout=PAGE_MS)
        shown(page)
        assert 100_000 < max(sizes) < 700_000
        page.locator("figure canvas").nth(1).evaluate("canvas => { canvas.dataset.same = 'yes' }")
        page.locator("figure canvas").nth(1).focus()
        page.keyboard.press("+")
        view = readout(page)
        sizes.clear()
        page.get_by_text("Each model's own threshold").click()
        page.get_by_text("One threshold for all").wait_for(timeout=PAGE_MS)
        settled(page)
        assert 0 < sum(sizes) < SENT_AGAIN_BYTES
    assert readout(page) == view
    assert page.locator("figure canvas[data-same]").count() == 1  # nothing flickers


def test_the_view_outlives_another_page_and_a_new_picture_keeps_but_the_heat(page) -> None:
    page.get_by_label("Opacity of the heat").fill("30")
    page.locator("figure canvas").nth(1).focus()
    page.keyboard.press("+")
    view = readout(page)
    go_to(page, "About")
    page.wait_for_selector("text=About ThoraxLens", timeout=PAGE_MS)
    go_to(page, "Analyse")
    shown(page)
    assert readout(page) == view
    page.get_by_text("COVID-19-like, severe").first.click()
    page.wait_for_selector("h4:has-text('severe')", timeout=PAGE_MS)
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(each => each.shadowRoot"
        "?.querySelector('.readout')?.textContent.includes('zoom 1.0'))",
        timeout=PAGE_MS,
    )
    assert page.get_by_label("Opacity of the heat").input_value() == "30"


def test_one_finger_scrolls_the_page_over_the_viewer_and_two_zoom(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("text=How far to trust it", timeout=PAGE_MS)
    shown(page)
    touch = context.new_cdp_session(page)

    def move(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    x, y = middle(page, 2)
    before = page.evaluate(SCROLLED)
    move("touchStart", (x, y))
    for step in range(1, 16):
        move("touchMove", (x, y - 10 * step))
    move("touchEnd")
    page.wait_for_function(f"{SCROLLED} > {before} + 50")
    assert "zoom 1.0" in readout(page)
    page.wait_for_timeout(500)  # by then the page no longer glides
    x, y = middle(page, 2)
    move("touchStart", (x - 10, y))
    move("touchStart", (x - 10, y), (x + 10, y))
    for step in range(1, 11):
        move("touchMove", (x - 10 - step, y), (x + 10 + step, y))
    move("touchEnd")
    assert "zoom 2.0" in readout(page)
    context.close()
