"""A few users at once, and what a click costs: bytes exactly, time with much room for a busy machine."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from core.project import PROJECT
from tests.load.clicks import (
    ANALYSE,
    COMPARE,
    INTERVALS,
    Click,
    Made,
    analyse_clicks,
    compare_clicks,
    course_clicks,
    make,
    percentile,
    timed,
    use,
)
from tests.replicas import app, free_port
from tests.visitor import Visitor

KB = 1000
FIRST_VIEW_BYTES = 700 * KB
SENT_BYTES = {ANALYSE: 150 * KB, COMPARE: 100 * KB}  # with a case, or a question, that was shown before
ROUNDS = {ANALYSE: 20, COMPARE: 22}  # clicks, of which the first half shows everything once
USERS, SECONDS, PAUSE_S = 4, 10.0, 1.0
SLOW_MS = 5000  # ten times what it takes on two busy cores

Clicks = Callable[[Visitor], Iterator[Click]]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of its own, whose models are loaded."""
    command = [sys.executable, "-m", "core.models.engine.derive", "--all"]  # on a fresh machine takes a while
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
    port = free_port()
    with app(port):
        address = f"http://127.0.0.1:{port}"
        with Visitor(address) as visitor:
            for page in (ANALYSE, COMPARE):
                visitor.run(page)
        yield address


def opened(visitor: Visitor, page: str) -> Made:
    return timed(visitor, "opened", lambda: visitor.run(page))


def pictures_bytes(visitor: Visitor) -> int:
    """Of what the viewer fetches by itself, where the page has one."""
    elements = [each.bidi_component for each in visitor.elements.values()]
    scenes = [json.loads(each.json) for each in elements if each.component_name == "viewer"]
    urls = [url for scene in scenes for url in (scene["picture"]["url"], scene["seen"])]
    return sum(len(visitor.fetch(f"/{url}")[1]) for url in urls)


@pytest.mark.parametrize(
    ("page", "clicks"), [(ANALYSE, analyse_clicks), (ANALYSE, course_clicks), (COMPARE, compare_clicks)]
)
def test_a_click_sends_little(url: str, page: str, clicks: Clicks) -> None:
    with Visitor(url) as visitor:
        first = opened(visitor, page)
        pictures = pictures_bytes(visitor)
        made = [make(visitor, click) for _, click in zip(range(ROUNDS[page]), clicks(visitor), strict=False)]
    assert first.sent_bytes + pictures <= FIRST_VIEW_BYTES and (pictures > 0) == (page == ANALYSE)
    again = made[len(made) // 2 :]
    assert len({each.name for each in again}) >= 2
    assert {each.name: each.sent_bytes for each in again if each.sent_bytes > SENT_BYTES[page]} == {}
    assert statistics.median(each.ms for each in again) < SLOW_MS / 5


def test_a_new_threshold_or_question_sends_little_at_once(url: str) -> None:
    with Visitor(url) as visitor:
        opened(visitor, COMPARE)
        made = [make(visitor, click) for _, click in zip(range(11), compare_clicks(visitor), strict=False)]
    assert {each.name for each in made} >= {"Compare: question", "Compare: slider"}
    assert max(each.sent_bytes for each in made) <= SENT_BYTES[COMPARE]


def test_files_are_written_when_somebody_asks(url: str) -> None:
    with Visitor(url) as visitor:
        opened(visitor, COMPARE)
        table = visitor.download("CSV, all digits").decode()
        assert table.startswith("model,measure,value") and "ROC AUC" in table
        visitor.click(visitor.widget("checkbox", INTERVALS).id, bool_value=False)
        assert visitor.download("LaTeX").decode().startswith("% Needs ")


def test_a_few_users_wait_for_nothing_and_meet_no_error(url: str) -> None:
    made, errors = use(lambda: Visitor(url), USERS, SECONDS, PAUSE_S)
    assert not errors
    assert len(made) >= 3 * USERS
    assert percentile(made, 95) < SLOW_MS
