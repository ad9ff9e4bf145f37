"""Many files in a real browser: the table fills, stops, goes on, opens what is clicked, and is downloaded."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
from PIL import Image

from core.phantom.samples import SAMPLES
from tests.browser.chromium import PAGE_MS, UPLOADER, opened, settled

CHESTS = 9


def dropped(folder: Path) -> list[Path]:
    """Some chests that differ, and a file that is none, with a name that is neither markup nor a formula."""
    grey = np.asarray(Image.open(SAMPLES / "normal.png").convert("L")) // 2
    for number in range(CHESTS):
        Image.fromarray(grey + 4 * number).save(folder / f"chest{number}.png")
    (folder / "=<b>bad<b>.png").write_bytes(b"no picture")
    return sorted(folder.iterdir())


def test_the_table_fills_stops_goes_on_opens_a_row_and_is_taken_along(
    browser, address: str, tmp_path: Path
) -> None:
    page = opened(browser, address)
    files = dropped(tmp_path)
    page.set_input_files(UPLOADER, files)
    rows = page.locator(".worklist tbody tr")
    page.get_by_role("button", name="Stop the table").click(timeout=PAGE_MS)
    resume = page.get_by_role("button", name="Resume the table")
    resume.wait_for(timeout=PAGE_MS)
    assert rows.count() == len(files) and page.locator(".worklist tr.waiting").count() > 0
    settled(page)
    resume.click()
    page.get_by_text("10 files: 9 answered, 1 not readable as a radiograph").wait_for(timeout=PAGE_MS)
    settled(page)
    bad = rows.filter(has_text="=<b>bad<b>.png")
    assert "not readable" in bad.inner_text() and page.locator(".worklist td b").count() >= CHESTS

    page.get_by_label("Filter by name").fill("chest")
    table = page.locator(".worklist")
    table.get_by_role("button", name="Ensemble").click()
    order = table.locator("tbody .open").all_inner_texts()
    assert len(order) == CHESTS and order != sorted(order)
    rows.nth(3).click()
    page.get_by_role("heading", name=f"{order[3]}: ").wait_for(timeout=PAGE_MS)
    table.get_by_role("button", name="Next").click()
    case = page.get_by_role("heading", name=f"{order[4]}: ")
    case.wait_for(timeout=PAGE_MS)
    settled(page)
    assert case.bounding_box()["y"] < page.viewport_size["height"], "the case is in sight"
    assert re.search(r"5 of 9", table.locator(".place").inner_text())

    page.get_by_role("button", name="Download the table", exact=True).click()
    with page.expect_download(timeout=PAGE_MS) as coming:
        page.get_by_role("button", name="CSV", exact=True).click()
    with Path(coming.value.path()).open(newline="", encoding="utf-8") as file:
        taken = {row["file"]: row["status"] for row in csv.DictReader(file)}
    assert taken.pop("'=<b>bad<b>.png") == "unreadable"
    assert set(taken.values()) == {"answered"} and len(taken) == CHESTS
    page.close()
