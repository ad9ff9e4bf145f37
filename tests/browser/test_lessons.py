"""Lessons in a real browser: a phrase drives a page in the same session, by hand and by keyboard alone."""

from __future__ import annotations

from core.lessons.files import list_lessons
from core.phantom.samples import SAMPLES
from tests.browser.chromium import PAGE_MS, UPLOADER, settled
from tests.browser.test_link import WIDTHS
from tests.shipped_counts import count_images

LESSON = list_lessons().lessons["disagree"]
BAR = ".st-key-lesson-bar summary"


def test_files_stay_in_hand_while_a_phrase_drives_the_pages(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address)
    page.locator(".viewer canvas").first.wait_for(timeout=PAGE_MS)
    page.set_input_files(UPLOADER, SAMPLES / "covid-severe.png")
    page.wait_for_selector("h2:has-text('covid-severe.png: ')", timeout=PAGE_MS)
    settled(page)
    page.locator("[data-testid=stTopNavLink]").get_by_text("Lessons").click()
    page.get_by_role("button", name="4. Disease or data set").click(timeout=PAGE_MS)
    page.get_by_role("link", name="Compare begins with that figure").click(timeout=PAGE_MS)
    page.get_by_text("First: does it last? Read").wait_for(timeout=PAGE_MS)
    settled(page)
    assert "/compare" in page.url and page.get_by_text("covid-severe.png").count()
    page.get_by_role("button", name="Back to the lesson").click()
    page.wait_for_selector("h3:has-text('At home')", timeout=PAGE_MS)
    page.get_by_role("button", name="All lessons").click()
    page.get_by_role("button", name="5. Five that disagree").click(timeout=PAGE_MS)
    page.get_by_role("link", name="a faint disease of the kind").click(timeout=PAGE_MS)
    page.wait_for_selector("h2:has-text('-like, bedside')", timeout=PAGE_MS)
    settled(page)
    page.locator(BAR).click()
    page.get_by_role("link", name="the same kind of disease").click()  # on the page that is open
    page.wait_for_selector("h2:has-text('-like, severe')", timeout=PAGE_MS)
    settled(page)
    assert page.url == f"{address}/?sample=covid-severe"
    page.get_by_role("radio", name="covid-severe.png").click()
    page.wait_for_selector("h2:has-text('covid-severe.png: ')", timeout=PAGE_MS)
    page.get_by_role("button", name="Leave it").click()
    page.locator(BAR).wait_for(state="detached", timeout=PAGE_MS)
    page.close()


def test_a_phrase_changes_settings_of_the_page_that_is_open(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{address}/lessons?lesson=a-figure-of-0.99&step=2")
    page.get_by_role("link", name="The chart shows the band").wait_for(timeout=PAGE_MS)
    settled(page)
    page.get_by_role("link", name="The chart shows the band").click()
    page.locator(BAR).wait_for(timeout=PAGE_MS)
    settled(page)
    assert max(page.evaluate(WIDTHS)) <= 390
    page.get_by_role("button", name="Back to the lesson").click()
    page.get_by_role("button", name="Next").click(timeout=PAGE_MS)
    page.get_by_text("Where do the images of the test come from?").click(timeout=PAGE_MS)
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("Right. Where do the images").wait_for(timeout=PAGE_MS)
    page.get_by_role("button", name="Next").click()
    page.get_by_role("link", name="Against other pneumonias, too").click(timeout=PAGE_MS)
    page.wait_for_url("**/compare?against=pneumonia", timeout=PAGE_MS)
    settled(page)
    page.locator(BAR).click()
    page.get_by_role("link", name="At clinics never seen").click()
    page.wait_for_url("**/compare?images=external", timeout=PAGE_MS)
    page.get_by_text(f"{count_images('external')} images").first.wait_for(state="attached", timeout=PAGE_MS)
    page.close()


def test_the_answer_is_sent_after_the_question_and_all_goes_by_keyboard(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    frames: list[bytes] = []

    def take(frame: str | bytes) -> None:
        frames.append(frame if isinstance(frame, bytes) else frame.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", take))
    page.goto(f"{address}/lessons?lesson={LESSON.key}&step={len(LESSON.steps)}")
    page.get_by_text("Your answer").wait_for(timeout=PAGE_MS)
    settled(page)
    after, home = LESSON.after[0].heading.encode(), LESSON.take_home.text[:30].encode()
    whole = b"".join(frames)
    assert LESSON.question.text[:20].encode() in whole and after not in whole and home not in whole
    page.locator("input[type=radio]").first.focus()
    page.keyboard.press("Space")
    page.locator("button:enabled", has_text="Answer").wait_for(timeout=PAGE_MS)
    page.get_by_role("button", name="Answer").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Right is “").wait_for(timeout=PAGE_MS)
    for heading in (*(each.heading for each in LESSON.after), "Take home"):
        page.get_by_role("button", name="Next").focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f"h3:has-text('{heading}')", timeout=PAGE_MS)
        settled(page)
    whole = b"".join(frames)
    assert after in whole and home in whole
    page.get_by_role("button", name="Back", exact=True).focus()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Which pairs err together")
    link.focus(timeout=PAGE_MS)
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?images=external&chart=Agreement", timeout=PAGE_MS)
    page.close()


def test_arrow_keys_turn_the_steps_in_a_lecture(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.goto(f"{address}/lessons?lesson=letters&lecture=1")
    page.wait_for_selector("h3:has-text('A healthy patient, twice')", timeout=PAGE_MS)
    settled(page)
    page.wait_for_timeout(1000)  # until the keys are listened to
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("h3:has-text('Why letters come with disease')", timeout=PAGE_MS)
    settled(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("h3:has-text('A healthy patient, twice')", timeout=PAGE_MS)
    page.close()
