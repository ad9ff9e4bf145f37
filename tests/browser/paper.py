"""What is wrong with a page on paper: controls, or what reaches beyond the paper's edge."""

from __future__ import annotations

from core.display.wording import DISCLAIMER

WIDTH_PX = 710  # of A4 between its margins
CONTROLS = (
    "button:not([role=tab]), input, select, [role=switch], [role=combobox], [role=slider], "
    "[data-testid=stDataFrame], [data-testid=stFileUploader]"
)
VISIBLE = "all => all.filter(each => each.checkVisibility()).map(each => each.outerHTML.slice(0, 90))"
BEYOND = """() => [...document.querySelectorAll('table, .stMarkdown, .stPlotlyChart svg text')]
  .filter(each => each.checkVisibility() && each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.textContent.slice(0, 60))"""
# As it is printed from a wide window: paper is narrow, and charts keep the size that they had on screen.
CUT = """width => {
  const page = document.querySelector('.stMainBlockContainer')
  page.style.width = `${width}px`
  dispatchEvent(new Event('beforeprint'))
  const edge = page.getBoundingClientRect().left + width
  const cut = [...document.querySelectorAll('.stPlotlyChart svg text')]
    .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > edge + 1)
    .map((each) => `cut off: ${each.textContent}`)
  dispatchEvent(new Event('afterprint'))
  page.style.width = ''
  return cut
}"""
GROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
RULES = "[...document.querySelectorAll('style')].map(each => each.textContent).join()"


def wrong_on_paper(page) -> list[str]:
    """What of a page does not belong on paper; the page stays as on paper."""
    controls = page.locator(CONTROLS)
    assert controls.evaluate_all(VISIBLE), "on screen there are some"
    page.emulate_media(media="print")
    cut = page.evaluate(CUT, WIDTH_PX)
    page.set_viewport_size({"width": WIDTH_PX, "height": 1000})
    wrong = [*cut, *controls.evaluate_all(VISIBLE), *beyond_the_edge(page)]
    if page.evaluate(GROUND) != "rgba(0, 0, 0, 0)":
        wrong.append("a ground")
    if f'@bottom-center {{ content: "{DISCLAIMER}"' not in page.evaluate(RULES):
        wrong.append("no disclaimer in the margin")
    return wrong


def beyond_the_edge(page) -> list[str]:
    """What reaches beyond the paper, once charts have had time to take their new size."""
    for _ in range(50):
        page.wait_for_timeout(100)
        if not (beyond := page.evaluate(BEYOND)):
            break
    return beyond
