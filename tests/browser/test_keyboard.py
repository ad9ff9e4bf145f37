"""Analyse by keyboard alone: where the Tab key stops, that one sees where, and the next case from there."""

from tests.browser.chromium import PAGE_MS, opened, settled

STOPS = 24  # as far as the viewer's first tools
BETWEEN = 5  # stops from a case to its answer, at most
FOCUSED = """() => {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  const style = getComputedStyle(at), inside = at.closest('[data-testid=stElementContainer]')
  return {
    name: (at.getAttribute('aria-label') || at.textContent).trim().slice(0, 80),
    seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    chosen: at.getAttribute('aria-checked') === 'true',
    answer: Boolean(inside?.textContent.includes('probabilities spread')),
  }
}"""


def test_every_stop_is_seen_and_few_stand_between_a_case_and_its_answer(browser, address: str) -> None:
    page = opened(browser, address)
    settled(page)
    stops = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
    names = [each["name"] for each in stops]
    unseen = [each["name"] for each in stops if not each["seen"]]
    (case,) = [at for at, each in enumerate(stops) if each["chosen"]]
    answer = next(at for at, each in enumerate(stops) if each["answer"])
    page.close()
    assert "Skip to main content" in names[0] and not unseen
    assert case < answer <= case + BETWEEN, names


def test_the_next_case_by_arrow_and_space(browser, address: str) -> None:
    page = opened(browser, address)
    settled(page)  # or it may be drawn anew between two keys
    while not page.evaluate(FOCUSED)["chosen"]:
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"({FOCUSED})().name === 'Normal chest'", timeout=PAGE_MS)
    page.keyboard.press("Space")
    page.wait_for_selector("h2:has-text('Normal chest')", timeout=PAGE_MS)
    settled(page)
    assert page.evaluate(FOCUSED)["name"] == "Normal chest"
    page.close()
