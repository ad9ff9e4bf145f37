"""Copy link in a real browser: what lands on the clipboard opens the same view, and a refusal is said."""

from __future__ import annotations

from core.phantom.samples import SAMPLES
from tests.browser.chromium import PAGE_MS, SCROLLED, UPLOADER, settled

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
WIDTHS = (
    "() => [document.documentElement, document.querySelector('[data-testid=stMain]')].map(e => e.scrollWidth)"
)


def opened(context, address: str, path: str):
    page = context.new_page()
    page.goto(f"{address}/{path}")
    page.get_by_role("button", name="Copy link").wait_for(timeout=PAGE_MS)
    settled(page)
    return page


def status(page) -> str:
    said = page.get_by_role("status").filter(has_text=".")
    said.first.wait_for(timeout=PAGE_MS)
    return str(said.first.inner_text())


def test_the_copied_link_opens_what_was_on_screen(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = opened(context, address, "")
    page.get_by_text("Normal chest", exact=True).click()
    page.wait_for_selector("h2:has-text('Normal chest')", timeout=PAGE_MS)
    page.locator("label").filter(has_text="Each model's own threshold").click()
    page.wait_for_selector("text=One threshold for all", timeout=PAGE_MS)
    settled(page)
    page.get_by_role("button", name="Copy link").click()
    assert status(page) == "Copied. It opens this sample as you see it."
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url == f"{address}/?own_thresholds=false&sample=normal"
    other = browser.new_context().new_page()
    other.goto(link)
    other.wait_for_selector("h2:has-text('Normal chest')", timeout=PAGE_MS)
    other.wait_for_selector("text=One threshold for all", timeout=PAGE_MS)
    page.go_back()  # to the address that said nothing
    page.wait_for_selector("h2:has-text('bedside')", timeout=PAGE_MS)
    page.wait_for_selector("text=One threshold for all", state="detached", timeout=PAGE_MS)
    other.context.close()
    context.close()


def test_where_the_clipboard_is_refused_the_address_is_there_to_copy(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.add_init_script(NO_CLIPBOARD)
    page = opened(context, address, "compare?images=external")
    page.get_by_role("button", name="Copy link").click()
    assert "does not let this page copy" in status(page)
    assert page.get_by_label("The address of this view").input_value() == page.url
    assert max(page.evaluate(WIDTHS)) <= 390
    context.close()


def test_the_picture_of_an_upload_does_not_travel(browser, address: str) -> None:
    context = browser.new_context()
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = opened(context, address, "?sample=normal&error_rate=5")
    page.set_input_files(UPLOADER, SAMPLES / "covid-severe.png")
    page.wait_for_selector("h2:has-text('covid-severe.png: ')", timeout=PAGE_MS)
    settled(page)
    page.get_by_role("button", name="Copy link").click()
    assert "your picture does not travel" in status(page)
    assert page.evaluate("navigator.clipboard.readText()") == f"{address}/?error_rate=5"
    context.close()


def test_a_click_on_a_mark_of_a_patients_curve_opens_its_radiograph(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = opened(context, address, "?sample=over-time-day-07")
    marks = page.locator(".st-key-severity-over-time .points path")
    marks.first.wait_for(timeout=PAGE_MS)
    settled(page)
    assert max(page.evaluate(WIDTHS)) <= 390
    marks.nth(3).scroll_into_view_if_needed()
    marks.nth(3).click(force=True)  # Plotly listens on a layer above it
    page.wait_for_selector("h2:has-text('day 14')", timeout=PAGE_MS)
    assert page.url == f"{address}/?sample=over-time-day-14"
    page.set_input_files(UPLOADER, [SAMPLES / f"over-time-day-{day}.png" for day in ("00", "07")])
    page.get_by_text("The files in hand are radiographs of one patient").click(timeout=PAGE_MS)
    page.get_by_role("button", name="No. 2 earlier").wait_for(timeout=PAGE_MS)
    settled(page)
    assert max(page.evaluate(WIDTHS)) <= 390
    context.close()


def test_a_click_on_a_mark_of_compare_opens_the_images_behind_it(browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = opened(context, address, "compare?chart=Confusion")
    for chart, trace, said in (
        ("confusion", 0, "VGG16: COVID-19, found: "),
        ("shortcuts", 1, "DenseNet121: wrong on clinics never seen: "),  # worst there: no mark lies on it
    ):
        mark = page.locator(f".st-key-chart-{chart} .trace").nth(trace).locator(".points path").first
        mark.scroll_into_view_if_needed()
        mark.click(force=True)  # Plotly listens on a layer above it
        page.get_by_text(said).wait_for(timeout=PAGE_MS)
        settled(page)
    assert page.evaluate(SCROLLED) > 0
    page.get_by_role("link", name="Cards").click()
    page.wait_for_selector(".st-key-documents summary", timeout=PAGE_MS)
    page.wait_for_function(f"{SCROLLED} === 0", timeout=PAGE_MS)  # another page begins at its head
    context.close()


def test_what_does_not_exist_is_said_and_each_tab_keeps_what_it_chose_when_loaded_anew(
    browser, address: str
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    first = context.new_page()
    assert first.goto(f"{address}/nowhere?sample=2").status == 404
    assert first.locator("h1").inner_text() == "ThoraxLens has no page “/nowhere”"
    first.get_by_role("link", name="Analyse").click()
    first.locator(".viewer figure canvas").first.wait_for(timeout=PAGE_MS)
    settled(first)
    first.get_by_text("Normal chest", exact=True).click()
    first.wait_for_selector("h2:has-text('Normal chest')", timeout=PAGE_MS)
    second = opened(context, address, "?sample=nonsense&models=nonsense")
    said = second.get_by_text("A part of this link could not be read")
    assert said.inner_text().endswith("was ignored: the models and the sample.")
    second.get_by_text("Lobar pneumonia", exact=True).click()
    second.wait_for_selector("h2:has-text('Lobar pneumonia')", timeout=PAGE_MS)
    for page, chosen in ((first, "Normal chest"), (second, "Lobar pneumonia")):
        settled(page)
        page.reload()
        page.wait_for_selector(f"h2:has-text('{chosen}')", timeout=PAGE_MS)
    context.close()
