"""The viewer in a real browser: what hands and keys do, what it keeps, and what is sent."""

from __future__ import annotations

import io
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser.chromium import (
    NAMES,
    PAGE_MS,
    SCROLLED,
    free_port,
    go_to,
    healthy,
    opened,
    serving,
    settled,
)
from tests.inflated import inflated
from tests.replicas import NGINX

SENT_AGAIN_BYTES = (
    60_000  # by a threshold, which every answer on the page follows; a picture is five times that
)
MEDIA = re.compile(r"http://[^/]+/media/\w+\.(gz|png)")
# A number that stands for all pixels of a pane: read twice, it differs where the pane was drawn otherwise.
PIXELS = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return data.reduce((sum, each, i) => (31 * sum + each + i) >>> 0, 0)
}"""
# How many greys stand side by side in the middle row of a pane, black and white left out.
GREYS = """canvas => {
  const row = canvas.getContext('2d').getImageData(0, canvas.height >> 1, canvas.width, 1).data
  return new Set(row.filter((each, i) => i % 4 === 0 && each > 0 && each < 255)).size
}"""
# As `location /lens/ { proxy_pass http://app/; }` in somebody's nginx, and what WebSockets need.
STRIPPING = """daemon off; pid %(folder)s/pid; error_log %(folder)s/errors; events {}
http {
  client_body_temp_path %(folder)s; proxy_temp_path %(folder)s; fastcgi_temp_path %(folder)s;
  uwsgi_temp_path %(folder)s; scgi_temp_path %(folder)s; access_log off;
  server {
    listen 127.0.0.1:%(port)d;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection upgrade;
    location /lens/ { proxy_pass %(app)s/; }
  }
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
    """The sizes of messages and media that a page receives meanwhile; it has to be loaded anew in there."""
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sizes.append(len(frame))))
    page.on("response", lambda got: sizes.append(len(got.body())) if MEDIA.match(got.url) else None)
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


def test_marks_and_zoom_ask_nobody_and_a_click_sends_no_picture_again_and_leaves_the_view(page) -> None:
    with received(page) as sizes:
        page.reload()
        page.wait_for_selector("text=How far to trust it", timeout=PAGE_MS)
        shown(page)
        assert 300_000 < sum(sizes) < 700_000
        page.locator("figure canvas").nth(1).evaluate("canvas => { canvas.dataset.same = 'yes' }")
        page.locator("figure canvas").nth(1).focus()
        sizes.clear()
        page.get_by_role("button", name="Mark a box").click()
        x, y = middle(page, 1)
        dragged(page, (x - 60, y - 60), (x + 40, y + 60))
        told = page.locator(".findings").inner_text()
        for _ in range(12):  # the picture is shown whole: there is none to ask for
            page.keyboard.press("+")
        page.wait_for_timeout(400)
        page.mouse.move(1, 400)
        view = readout(page)
        assert sizes == [] and "zoom 14.6" in view
        page.get_by_text("Each model's own threshold").click()
        page.get_by_text("One threshold for all").wait_for(timeout=PAGE_MS)
        settled(page)
        assert 0 < sum(sizes) < SENT_AGAIN_BYTES
    assert readout(page) == view and page.locator(".findings").inner_text() == told
    assert re.match(r"Marked: [\d.]+ % of what the networks saw; mean grey \d+ of 255\.", told)
    for name in NAMES:
        assert re.search(rf"{name}\s+[\d.]+ %\s+[\d.]+ times", told)
    assert "Heat is no segmentation" in told
    assert page.locator(".viewer .said").inner_text().startswith("Box set. 1 of them now. Marked: ")
    assert page.locator("figure canvas[data-same]").count() == 1  # nothing flickers


def chosen(page, sample: str, word: str) -> None:
    """Clicks a sample, until its decision is the page's."""
    page.get_by_text(sample).first.click()
    page.wait_for_selector(f"h2:has-text('{word}')", timeout=PAGE_MS)


def test_a_picture_that_does_not_come_takes_the_one_before_it_away_and_says_so(page) -> None:
    page.locator("figure canvas").nth(1).focus()
    for key in ("b", "Enter", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    findings, larger = page.locator(".findings"), page.get_by_role("button", name="Larger")
    findings.wait_for(timeout=PAGE_MS)
    page.route("**/media/**", lambda route: route.abort())
    chosen(page, "COVID-19-like, severe", "severe")
    sentence = page.get_by_text("The picture could not be shown; load the page again.")
    sentence.wait_for(timeout=PAGE_MS)
    box = sentence.bounding_box()
    for step in (2, 4):
        page.mouse.move(box["x"] + step, box["y"] + step)
    for key in ("h", "x", "y", "3", "Escape"):
        page.keyboard.press(key)
    page.evaluate(DRAWN)
    assert sentence.is_visible() and page.locator("figure").count() == 0
    assert findings.is_hidden() and larger.is_hidden()
    page.unroute("**/media/**")
    chosen(page, "COVID-19-like, bedside", "bedside")
    shown(page)
    assert sentence.count() == 0 and larger.is_visible() and findings.is_visible()


@pytest.fixture
def below(address: str, tmp_path: Path) -> Iterator[str]:
    """The app below a path that a proxy takes away."""
    if NGINX is None:
        pytest.skip("needs nginx: apt-get install nginx-light")
    port, settings = free_port(), tmp_path / "nginx.conf"
    settings.write_text(STRIPPING % {"port": port, "app": address, "folder": tmp_path})
    proxy = subprocess.Popen([NGINX, "-c", settings, "-p", tmp_path], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/lens"
    while not healthy(url):
        assert proxy.poll() is None, "the proxy did not start"
        time.sleep(0.1)
    yield f"{url}/"
    proxy.terminate()
    proxy.wait(30)


def test_the_picture_comes_through_a_proxy_that_takes_a_path_away(browser, below: str) -> None:
    page = opened(browser, below)
    shown(page)
    assert "bits of grey" in readout(page)
    page.close()


def test_the_view_outlives_another_page_and_a_new_picture_keeps_but_the_heat(page) -> None:
    page.get_by_label("Opacity of the heat").fill("30")
    page.locator("figure canvas").nth(1).focus()
    for key in ("+", "x", "Enter"):
        page.keyboard.press(key)
    told = page.locator(".findings").inner_text()
    assert "Heat at the point" in told
    go_to(page, "About")
    page.wait_for_selector("text=About ThoraxLens", timeout=PAGE_MS)
    go_to(page, "Analyse")
    shown(page)
    assert page.locator(".findings").inner_text() == told and "zoom 1.3" in readout(page)
    chosen(page, "COVID-19-like, severe", "severe")
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(each => each.shadowRoot"
        "?.querySelector('.readout')?.textContent.includes('zoom 1.0'))",
        timeout=PAGE_MS,
    )
    assert page.get_by_label("Opacity of the heat").input_value() == "30"
    assert page.locator(".findings").is_hidden()  # marks go with their case
    chosen(page, "COVID-19-like, bedside", "bedside")
    page.locator(".findings").get_by_text("Heat at the point").wait_for(timeout=PAGE_MS)
    assert page.locator(".findings").inner_text() == told  # and come with it again


@pytest.fixture(scope="module")
def asking() -> Iterator[str]:
    """A page that asks for marks, served."""
    port = free_port()
    options = ("--server.address=127.0.0.1", f"--server.port={port}", "--server.headless=true")
    with serving(port, "-m", "streamlit", "run", "tests/browser/asking.py", *options) as url:
        yield url


@pytest.fixture
def asked(browser, asking: str) -> Iterator:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(asking)
    shown(page)
    yield page
    page.close()


def told(page, run: int) -> dict[str, Any]:
    """What the page was given, once its fragment has run so often; the rest of it never runs again."""
    line = page.locator(f"[data-testid=stCode]:has-text('\"fragments\": {run},')")
    line.wait_for(timeout=PAGE_MS)
    found = dict(json.loads(line.inner_text()))
    assert found["runs"] == 1
    return found


def dragged(page, *points: tuple[float, float]) -> None:
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def turned(page, scale: float, *points: tuple[float, float]) -> list[list[float]]:
    """Shares of the picture, turned by a quarter and then mirrored, of places around the middle of a pane.

    Args:
        page: Of `asking`.
        scale: CSS pixels of a pixel of the radiograph.
        points: Across and down from the middle, in CSS pixels.
    """
    return [[0.5 + down / scale / 1900, 0.5 + across / scale / 1600] for across, down in points]


def scale_of(page) -> float:
    """Of the view that `turn_and_zoom` makes."""
    box = page.locator("figure canvas").nth(1).bounding_box()
    return 1.25**2 * min(box["width"] / 1600, box["height"] / 1900)


def turn_and_zoom(page) -> None:
    page.locator("figure canvas").nth(1).focus()
    for key in ("+", "+", "t", "m"):
        page.keyboard.press(key)


def assert_marks(found: list[dict[str, Any]], **kinds: list[list[float]]) -> None:
    assert [each["kind"] for each in found] == list(kinds)
    for mark, points in zip(found, kinds.values(), strict=True):
        assert mark["points"] == [pytest.approx(point, abs=0.01) for point in points]


def test_marks_drawn_by_hand_are_given_back_as_shares_of_the_picture(asked) -> None:
    turn_and_zoom(asked)
    x, y = middle(asked, 1)
    scale = scale_of(asked)
    point, box, line = [(30, -20)], [(-50, -40), (60, 30)], [(-80, 50), (80, 50)]
    triangle = [(-40, -60), (50, -60), (0, 60)]

    def on_page(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + across, y + down) for across, down in places]

    asked.keyboard.press("x")
    asked.mouse.click(*on_page(point)[0])
    for key, places in (("b", box), ("g", triangle), ("k", line)):
        asked.keyboard.press(key)
        dragged(asked, *on_page(places))
    asked.keyboard.press("y")
    marks = told(asked, 2)["marks"]
    kinds = {"point": point, "box": box, "region": triangle, "stroke": line}
    assert_marks(marks, **{kind: turned(asked, scale, *places) for kind, places in kinds.items()})
    assert (marks[3]["width"], marks[3]["erases"]) == (0.03, False)
    assert asked.get_by_label("Width of the brush").is_hidden()  # the tool is put away


def test_marks_set_by_keys_alone_are_given_back_and_taken_back(asked) -> None:
    turn_and_zoom(asked)
    box = asked.locator("figure canvas").nth(1).bounding_box()
    step, scale = min(box["width"], box["height"]) / 40, scale_of(asked)
    right, down = ["ArrowRight"] * 4, ["ArrowDown"] * 4
    keys = ["x", "Enter", "b", "Enter", *right, *down, "Enter"]
    keys += ["g", "Enter", *right, "Enter", *down, "Enter", "Enter"]
    keys += ["k", "Enter", *down, "Enter", "Enter", "e", "Enter", "Enter", "y"]
    for key in keys:
        asked.keyboard.press(key)
    marks = told(asked, 2)["marks"]
    far = 4 * step
    kinds = {
        "point": [(0, 0)],
        "box": [(0, 0), (far, far)],
        "region": [(far, far), (2 * far, far), (2 * far, 2 * far)],
        "stroke": [(2 * far, 2 * far), (2 * far, 3 * far)],
    }
    wanted = {kind: turned(asked, scale, *places) for kind, places in kinds.items()}
    assert_marks(marks[:4], **wanted)
    assert_marks(marks[4:], stroke=wanted["stroke"][1:])
    assert marks[4]["erases"] and asked.locator(".viewer .said").inner_text() == "Handed over: 5 marks."
    asked.keyboard.press("u")
    asked.keyboard.press("y")
    assert told(asked, 3)["marks"] == marks[:4]
    asked.keyboard.press("c")
    asked.keyboard.press("y")
    assert told(asked, 4)["marks"] == []


def test_one_mark_too_many_is_refused_in_a_sentence(asked) -> None:
    asked.locator("figure canvas").nth(1).focus()
    for key in ("x", *["Enter"] * 100):
        asked.keyboard.press(key)
    assert asked.locator(".viewer .said").inner_text().startswith("Point set. 100 of them now.")
    refused = "There can be 100 marks and no more; take some back first."
    assert asked.locator(".notice").inner_text() == ""
    asked.keyboard.press("Enter")
    assert asked.locator(".notice").inner_text() == refused
    asked.keyboard.press("u")
    assert asked.locator(".notice").inner_text() == ""


def test_a_ramp_of_12_bits_shows_its_greys_in_a_narrow_window(asked) -> None:
    asked.locator("figure canvas").nth(0).focus()
    for key in ("Enter", "l", *["Shift+ArrowLeft"] * 35):
        asked.keyboard.press(key)
    assert "12 bits of grey" in readout(asked) and "window 30 %" in readout(asked)
    greys = asked.locator("figure canvas").nth(0).evaluate(GREYS)
    assert greys > 160  # of 256 on the screen; 8 bits have 77 in such a window, and 256 in three of them
    middle(asked, 0)
    asked.mouse.move(*middle(asked, 0))
    assert "of 4095" in readout(asked)


def test_a_large_picture_gets_sharp_once_after_zooming_in(asked) -> None:
    media: list[str] = []
    asked.on("response", lambda got: media.append(got.url) if MEDIA.match(got.url) else None)
    assert "1900 x 1600 px, shown at 1400 x 1179" in readout(asked)
    asked.locator("figure canvas").nth(1).evaluate("canvas => { canvas.dataset.same = 'yes' }")
    asked.locator("figure canvas").nth(1).focus()
    for key in ("b", "Enter", "ArrowDown", "ArrowRight", "Enter"):
        asked.keyboard.press(key)
    findings = asked.locator(".findings")
    assert re.search(r"mean grey about \d+ of 4095\.", findings.inner_text())
    for key in ("b", *["+"] * 8):
        asked.keyboard.press(key)
    assert told(asked, 2)["sharp"]
    findings.get_by_text(re.compile(r"mean grey \d+ of 4095\.")).wait_for(timeout=PAGE_MS)
    asked.mouse.move(*middle(asked, 1))
    asked.mouse.move(1, 1)
    assert "1900 x 1600 px, 12 bits" in readout(asked)
    for key in ("r", *["+"] * 9):
        asked.keyboard.press(key)
    asked.wait_for_timeout(500)
    assert len(media) == 1 and told(asked, 2)
    assert asked.locator("figure canvas[data-same]").count() == 1  # nothing flickers


def test_one_finger_scrolls_the_page_over_the_viewer_and_two_zoom(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("text=JSON, everything", timeout=PAGE_MS)
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
    page.get_by_role("button", name="More tools").tap()
    page.get_by_role("button", name="Mark a region").tap()
    x, y = middle(page, 2)
    before = page.evaluate(SCROLLED)
    move("touchStart", (x - 30, y - 30))
    for point in ((x + 40, y - 30), (x + 40, y + 40), (x - 30, y + 40)):
        move("touchMove", point)
    move("touchEnd")
    page.locator(".findings").get_by_text("Marked: ").wait_for(timeout=PAGE_MS)
    assert page.evaluate(SCROLLED) == before  # with a marker in hand one finger draws
    context.close()


def saved(page, act: Callable[[], None]) -> bytes:
    """The file that the browser is given."""
    with page.expect_download(timeout=PAGE_MS) as download:
        act()
    return Path(download.value.path()).read_bytes()


def colours(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_the_view_is_saved_by_button_and_by_key_and_the_report_on_a_click(page) -> None:
    picture = colours(saved(page, page.get_by_role("button", name="Save picture").click))
    canvas = page.locator("figure canvas").nth(1)
    box = canvas.bounding_box()
    assert picture.shape[1] > 3 * box["width"] and picture.shape[0] > 2 * box["height"]
    assert (np.ptp(picture, axis=2) > 60).mean() > 0.02, "the heat is in it"
    assert (picture[-60:] > 200).any(), "words stand at its foot"
    canvas.focus()
    page.keyboard.press("h")
    without = colours(saved(page, lambda: page.keyboard.press("v")))
    assert without.shape == picture.shape and (np.ptp(without, axis=2) > 60).mean() < 0.01
    page.get_by_text("Each model's own threshold").click()
    page.wait_for_url(re.compile("own_thresholds=false"), timeout=PAGE_MS)
    settled(page)
    report = inflated(saved(page, page.get_by_text("PDF, one page to print").click))
    assert report.startswith(b"%PDF") and b"<pdfuaid:part>1</pdfuaid:part>" in report
    links = re.findall(rb"/URI\s*\(([^)]*)\)", report)
    assert links == [page.url.encode()], "the link restores what a fragment changed"
