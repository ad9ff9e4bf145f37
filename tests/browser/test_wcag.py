"""Every page, dark and light: the rules of WCAG that a program can check (axe-core), console and paper."""

from __future__ import annotations

import pytest

from tests.browser.chromium import PAGE_MS, opened, settled
from tests.browser.paper import wrong_on_paper
from tests.node_tools import node_modules

SHOWN = {  # what a page has shown when it is whole
    "": ".viewer canvas",
    "?guess=1": ".viewer canvas",
    "compare": ".js-plotly-plot",
    "explain": ".viewer canvas",
    "explain?lab=cell": ".cells button",
    "explain?lab=whatif": ".swipe img",
    "phantoms": ".viewer canvas",
    "lessons": "text=How to read a figure of 0.99",
    "lessons?lesson=heatmap&step=3": "text=Your answer",
    "shortcuts": "text=Plant it, and let a head learn",
    "shortcuts?experiment=mystery": "text=Make the model",
    "cards": ".st-key-documents summary",
    "about": "text=About ThoraxLens",
}
SCREEN = {"width": 1440, "height": 900}
# What axe-core leaves alone: the contrast of a chart's text (4.5), names that tell controls apart, headings
# that begin with the only h1 and skip no level, and room for a finger (WCAG 2.5.8). A switch is hit by its
# words, and the link past the menu is seen with focus only.
UNCLEAR = """() => {
  const shown = (each) => each.getClientRects().length && getComputedStyle(each).visibility !== 'hidden'
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown)
  const levels = all('h1, h2, h3, h4, h5, h6').map((each) => Number(each.tagName[1]))
  const wrong = levels.filter((level, at) => (at ? level > levels[at - 1] + 1 || level === 1 : level !== 1))
  const names = all('button[aria-label], [role=progressbar]').map((each) => each.getAttribute('aria-label'))
  const alike = names.filter((name, at) => names.indexOf(name) !== at)
  const small = all('button, summary, select, input[type=range]').filter((each) => {
    const hit = each.closest('.stSlider [data-orientation]') ?? each // a slider's whole track takes a finger
    const { width, height } = hit.getBoundingClientRect()
    return width < 23.5 || height < 23.5 // a fraction of a pixel is rounding
  })
  const channels = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((each) => {
    const part = each / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  const luminance = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue
  const page = getComputedStyle(document.querySelector('.stApp'))
  const ground = luminance(channels(page.backgroundColor)) + 0.05
  const texts = ':is([class$=tick] text, [class$=title], .annotation-text, .legendtext)'
  const faint = all(`.js-plotly-plot ${texts}`).filter((each) => {
    const text = luminance(channels(getComputedStyle(each).fill)) + 0.05
    return Math.max(text, ground) / Math.min(text, ground) < 4.5
  })
  const start = (each) => each.outerHTML.slice(0, 200)
  return { wrong, alike, faint: faint.map((each) => each.textContent), small: small.map(start) }
}"""
# The page's ground is light or dark, as the system is said to be.
LIES_ON = """(scheme) => {
  const [red, green, blue] = getComputedStyle(document.querySelector('.stApp')).backgroundColor.match(/\\d+/g)
  return (Number(red) + Number(green) + Number(blue) > 382) === (scheme === 'light')
}"""
RULES = "axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations)"


@pytest.fixture(scope="module", autouse=True)
def start_page_was_seen(browser, address: str) -> None:
    """Else Streamlit leads the first visitor of another page there."""
    opened(browser, address).close()


@pytest.mark.parametrize("path", SHOWN)
def test_nothing_serious_keeps_anybody_out_and_nothing_fails(browser, address: str, path: str) -> None:
    """Light and dark on the same page, which changes its colours as the system does; then both on paper."""
    rules = (node_modules() / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    page = browser.new_page(viewport=SCREEN, color_scheme="light")
    failed: list[str] = []
    page.on("console", lambda message: failed.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(f"{address}/{path}")
    page.locator(SHOWN[path]).first.wait_for(timeout=PAGE_MS)
    settled(page)
    page.evaluate(rules)
    found, on_paper = {}, {}
    for scheme in ("light", "dark"):
        shown_in(page, scheme)
        unclear = {name: each for name, each in settled_to_nothing(page).items() if each}
        found[scheme] = (serious(page), unclear)
    for scheme in ("dark", "light"):
        shown_in(page, scheme)
        on_paper[scheme] = wrong_on_paper(page)
    title = page.title()
    page.close()
    assert found == {"light": ([], {}), "dark": ([], {})} and not failed
    assert on_paper == {"dark": [], "light": []} and title.endswith(" · ThoraxLens")


def shown_in(page, scheme: str) -> None:
    """Shows a page on the screen, light or dark, and waits until it is so."""
    page.set_viewport_size(SCREEN)
    page.emulate_media(media="screen", color_scheme=scheme)
    page.wait_for_function(LIES_ON, arg=scheme, timeout=PAGE_MS)
    settled(page)


def serious(page) -> list[tuple[str, list[str]]]:
    """What axe-core finds serious, or worse."""
    return [
        (each["id"], [node["html"][:200] for node in each["nodes"]])
        for each in page.evaluate(RULES)
        if each["impact"] in ("serious", "critical")
    ]


def settled_to_nothing(page) -> dict[str, list[object]]:
    """What is unclear on a page, for which its style and its names have a moment to arrive."""
    for _ in range(50):
        if not any((found := page.evaluate(UNCLEAR)).values()):
            break
        page.wait_for_timeout(100)
    return found
