"""What there is room for: all panes on a projector's screen, one on a phone's; and a lecture by arrows."""

from __future__ import annotations

import pytest

from tests.browser.chromium import NAMES, PAGE_MS, SCROLLED, settled
from tests.browser.paper import WIDTH_PX
from tests.browser.test_link import WIDTHS
from tests.browser.test_viewer import shown

PROJECTOR = {"width": 1920, "height": 1080}
PHONE = {"width": 390, "height": 844}
LETTER_PX = 949  # the height of the lower of both papers between its margins
LONGEST_PX = 3200  # of the page on a phone; it was 7,029
LOOKED_AT = "document.querySelector('.stMarkdown h2').textContent"
HIDDEN = """() => {
  const bar = document.querySelector('[data-testid=stHeader]').getBoundingClientRect()
  const heads = [...document.querySelectorAll('.stMarkdown h2, .stHeading h2')]
  return heads.map((each) => each.getBoundingClientRect())
    .filter((head) => head.top < bar.bottom - 1 && head.bottom > bar.top).length
}"""
TEXTS = ".stMarkdown p, .stTable td, label p, table.bars :is(th, td, span)"
SMALLEST = f"""() => Math.min(...[...document.querySelectorAll('{TEXTS}')]
  .filter((each) => each.checkVisibility())
  .map((each) => parseFloat(getComputedStyle(each).fontSize)))"""


def opened(browser, url: str, **options):
    page = browser.new_page(**options)
    page.goto(url)
    shown(page)
    return page


def test_all_panes_alike_stand_on_the_first_screen_of_a_projector(browser, address: str) -> None:
    page = opened(browser, address, viewport=PROJECTOR)
    boxes = [each.bounding_box() for each in page.locator(".viewer figure").all()]
    assert len(boxes) == 1 + len(NAMES)
    assert len({(round(box["width"]), round(box["height"])) for box in boxes}) == 1
    assert max(box["y"] + box["height"] for box in boxes) <= PROJECTOR["height"]
    assert page.get_by_text("COVID-19 or normal? Five networks answer").bounding_box()["y"] < 200
    page.close()


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1366, 768), (1024, 768)])
def test_a_laptop_shows_words_beside_panes_on_its_first_screen(
    browser, address: str, width: int, height: int
) -> None:
    page = opened(browser, address, viewport={"width": width, "height": height})
    boxes = [each.bounding_box() for each in page.locator(".viewer figure > div").all()]
    assert len(boxes) == 1 + len(NAMES)
    assert len({round(box["y"]) for box in boxes}) == 2, "two rows of three"
    assert max(box["y"] + box["height"] for box in boxes[:3]) <= height
    assert max(box["y"] for box in boxes) < height - 30, "and of the others enough to see that they are there"
    said = page.locator(".st-key-said h2").bounding_box()
    assert said["y"] + said["height"] < height and said["x"] + said["width"] <= boxes[0]["x"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_phone_shows_one_pane_to_swipe_and_the_rest_folded(browser, address: str) -> None:
    page = opened(browser, address, viewport=PHONE, has_touch=True, is_mobile=True)
    assert page.locator("[data-testid=stPageLink]").last.is_visible()
    assert (
        page.get_by_text("Mouse and keys").is_hidden()
        and page.get_by_text("Fingers and buttons").is_visible()
    )
    chips = page.locator(".chips button")
    assert chips.count() == 1 + len(NAMES)
    assert page.locator(".chips [aria-pressed=true]").inner_text().startswith(NAMES[0])
    chips.nth(3).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".chips [aria-pressed=true]").inner_text().startswith(NAMES[1])
    middle = page.locator(".viewer figure").nth(2).bounding_box()
    assert abs(middle["x"] + middle["width"] / 2 - PHONE["width"] / 2) < 2
    page.locator(".panes").evaluate(
        "panes => panes.scrollTo({ left: 0, behavior: 'instant' })"
    )  # as a swipe does
    page.wait_for_function("() => true")
    page.locator(".chips [aria-pressed=true]").get_by_text("Radiograph").wait_for(timeout=PAGE_MS)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("main => main.scrollHeight") < LONGEST_PX
    bars = page.locator(".st-key-fold-findings table.bars").first
    assert bars.is_hidden()
    page.get_by_text("Findings, extent, and the ensemble's reasons").click()
    bars.wait_for(timeout=PAGE_MS)
    assert max(page.evaluate(WIDTHS)) <= PHONE["width"]
    page.set_viewport_size(PROJECTOR)
    page.get_by_role("heading", name="How far to trust it").wait_for(timeout=PAGE_MS)
    page.close()


def test_a_lecture_is_large_and_goes_by_arrow_keys_that_leave_a_moved_picture_alone(
    browser, address: str
) -> None:
    page = opened(browser, f"{address}/?lecture=1", viewport=PROJECTOR)
    assert page.evaluate(SMALLEST) >= 16 and page.locator("[data-testid=stFileUploader]").is_hidden()
    assert page.get_by_role("button", name="Invert black and white").is_hidden()
    first = page.evaluate(LOOKED_AT)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"{LOOKED_AT} !== {first!r}", timeout=PAGE_MS)
    settled(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"{LOOKED_AT} === {first!r}", timeout=PAGE_MS)
    settled(page)
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"{SCROLLED} > 0", timeout=PAGE_MS)
    assert page.evaluate(HIDDEN) == 0, "no head begins behind the bar at the top"
    page.keyboard.press("ArrowUp")
    page.wait_for_function(f"{SCROLLED} === 0", timeout=PAGE_MS)
    page.locator("figure canvas").nth(1).focus()
    for key in ("+", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_timeout(500)
    assert page.evaluate(LOOKED_AT) == first and page.evaluate(SCROLLED) == 0
    page.close()


@pytest.mark.parametrize("where", ["", "compare", "phantoms", "shortcuts", "explain", "?lecture=1"])
def test_title_and_disclaimer_never_lie_over_each_other(browser, address: str, where: str) -> None:
    page = browser.new_page(viewport={"width": 1360, "height": 768})
    page.goto(f"{address}/{where}")
    page.get_by_text("Lecture mode").wait_for(timeout=PAGE_MS)
    words = page.locator(".stMarkdown h1 .stMarkdownColoredText, .stMarkdown h1 span").last.bounding_box()
    line = page.get_by_text("For teaching and demonstration only").first.bounding_box()
    assert words["x"] + words["width"] < line["x"] or words["y"] + words["height"] <= line["y"]
    page.close()


def test_the_first_printed_sheet_holds_all_pictures(browser, address: str) -> None:
    page = opened(browser, address, viewport={"width": 1440, "height": 900})
    page.emulate_media(media="print")
    page.set_viewport_size({"width": WIDTH_PX, "height": 1000})
    page.wait_for_timeout(400)
    boxes = [each.bounding_box() for each in page.locator(".viewer figure").all()]
    assert len(boxes) == 1 + len(NAMES)
    assert max(box["y"] + box["height"] for box in boxes) <= LETTER_PX
    page.close()
