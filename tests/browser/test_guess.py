"""Guess first on a telephone, by keyboard: what the server sends before holds no answer."""

from __future__ import annotations

from tests.browser.chromium import NAMES, PAGE_MS, settled
from tests.browser.test_link import WIDTHS

TELLING = (*NAMES, "P(COVID-19)", "Normal chest", "COVID-19-like", "Truth")


def test_no_answer_is_sent_before_the_guess_and_all_after(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    frames: list[bytes] = []

    def take(frame: str | bytes) -> None:
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", take))
    page.goto(f"{address}/?guess=1&sample=2")
    page.locator(".viewer figure canvas").first.wait_for(timeout=PAGE_MS)
    settled(page)
    before = b"".join(frames)
    assert len(before) > 1000 and not [word for word in TELLING if word.encode() in before]
    assert page.locator(".viewer figure").count() == 1
    assert not page.locator(".viewer .legend").is_visible() and max(page.evaluate(WIDTHS)) <= 390
    picture, button = page.locator(".viewer figure"), page.get_by_role("button", name="Normal", exact=True)
    box, lies = button.bounding_box(), picture.bounding_box()
    assert box["y"] + box["height"] <= 844, "the buttons stand on the first screen"
    assert box["y"] > lies["y"] + 0.9 * lies["height"], "and leave the picture to be looked at"
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("text=You said normal; the truth is normal", timeout=PAGE_MS)
    page.wait_for_selector("text=So far: you 1 of 1, the ensemble 1 of 1.", timeout=PAGE_MS)
    page.locator(".viewer figure canvas").nth(len(NAMES)).wait_for(timeout=PAGE_MS)
    settled(page)
    after = b"".join(frames)
    assert all(word.encode() in after for word in (*NAMES, "P(COVID-19)", "Truth"))
    assert page.url == f"{address}/?guess=1&sample=2" and max(page.evaluate(WIDTHS)) <= 390
    page.close()
