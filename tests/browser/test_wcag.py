"""Every page, dark and light: the rules of WCAG that a program can check (axe-core), console and paper."""

from __future__ import annotations

import pytest

from tests.browser.paper import wrong_on_paper
from tests.browser.test_upload import PAGE_MS, address, browser, opened, pytestmark, settled
from tests.node_tools import node_modules

__all__ = ["address", "browser", "pytestmark"]  # fixtures and marks that pytest finds here

SHOWN = {  # what a page has shown when it is whole
    "": ".viewer canvas",
    "?guess=1": ".viewer canvas",
    "?sample=over-time-day-07": ".st-key-probabilities-over-time .points path",
    "compare": ".js-plotly-plot",
    "cards": ".st-key-documents summary",
    "about": "text=About ThoraxLens",
}
RULES = "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations)"


@pytest.fixture(scope="module", autouse=True)
def start_page_was_seen(browser, address: str) -> None:
    """Else Streamlit leads the first visitor of another page there."""
    opened(browser, address).close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("path", SHOWN)
def test_nothing_serious_keeps_anybody_out_and_nothing_fails(
    browser, address: str, path: str, scheme: str
) -> None:
    rules = (node_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    failed: list[str] = []
    page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{address}/{path}")
    page.locator(SHOWN[path]).first.wait_for(timeout=PAGE_MS)
    settled(page)
    page.evaluate(rules)
    serious = [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in page.evaluate(RULES)
        if each["impact"] in ("serious", "critical")
    ]
    wrong = wrong_on_paper(page)
    page.close()
    assert not serious and not failed and not wrong
