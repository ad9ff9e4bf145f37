"""Explain in a real browser: the maps of all findings, the one that is pointed at shown large."""

from __future__ import annotations

from core.vocabulary import FINDINGS
from tests.browser.chromium import PAGE_MS, settled
from tests.browser.test_link import WIDTHS

ASK = "Ask for the maps of all findings"


def test_the_finding_that_is_pointed_at_is_large_and_the_one_that_is_clicked_stays(
    browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(f"{address}/explain?lab=findings&finding=nodule")
    page.get_by_role("button", name=ASK).click(timeout=PAGE_MS)
    page.get_by_role("button", name=ASK).wait_for(state="detached", timeout=10 * PAGE_MS)
    page.locator("[data-testid=stProgress]").wait_for(state="detached", timeout=10 * PAGE_MS)
    settled(page)
    tiles, large = page.locator(".gallery .tile"), page.locator(".gallery .one [role=status]")
    assert tiles.count() == len(FINDINGS) and large.inner_text().startswith("Nodule: ")
    names = [each.split("\n")[0].strip() for each in tiles.all_inner_texts()]
    tiles.nth(0).hover()
    large.get_by_text(f"{names[0]}: ").wait_for()
    page.mouse.move(1, 1)
    large.get_by_text("Nodule: ").wait_for()
    page.locator(".gallery .tile[aria-pressed=true]").focus()
    page.keyboard.press("ArrowRight")
    after = names[names.index("Nodule") + 1]
    large.get_by_text(f"{after}: ").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**finding={after.lower().replace(' ', '+')}*", timeout=PAGE_MS)
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    assert max(page.evaluate(WIDTHS)) <= 390
    page.close()
