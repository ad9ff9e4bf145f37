"""Lecture mode on every page: what an address says of it, what is larger, and how keys turn cases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.display.drawn import LECTURE_PX
from core.phantom.samples import list_samples
from pages.widgets import lecture
from tests.pages.test_case_in_hand import by_link, control, link_of
from tests.pages.test_pages import PAGES, analysed, bundles, headline, sample, upload

__all__ = ["analysed", "bundles"]


def sizes(description: Any, name: str = "") -> Iterator[float]:
    """The sizes of all fonts in a chart's description."""
    if isinstance(description, dict):
        if name.endswith("font") and "size" in description:
            yield description["size"]
        for key, value in description.items():
            yield from sizes(value, key)
    elif isinstance(description, list):
        for each in description:
            yield from sizes(each)


def is_on(page: AppTest) -> bool:
    return any("--lens-tools: none" in each.proto.body for each in page.get("html"))


def charts(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(each.proto.spec) for each in page.get("plotly_chart")]


@pytest.mark.parametrize("name", PAGES)
def test_a_link_opens_any_page_for_a_lecture_and_the_switch_ends_it(name: str, bundles: Path) -> None:
    page = by_link(name, lecture="1")
    assert is_on(page) and list(link_of(page)["lecture"]) == ["1"]
    assert any("Arrow keys" in each.value for each in page.caption)
    control(page, "toggle", "Lecture mode").set_value(False).run()
    assert not page.exception
    assert not is_on(page) and "lecture" not in link_of(page)


def test_charts_are_readable_from_the_last_row_and_grow_for_it(bundles: Path) -> None:
    plain, large = (charts(by_link("compare.py", **params)) for params in ({}, {"lecture": "1"}))
    assert len(plain) == len(large) >= 2
    for before, after in zip(plain, large, strict=True):
        found = list(sizes(after))
        assert len(found) >= 3 and min(found) >= LECTURE_PX
        assert after["layout"]["height"] > before["layout"]["height"]


def test_keys_go_through_the_samples_and_round(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, samples = by_link(lecture="1"), [each.key for each in list_samples()]
    pressed: list[int] = []
    monkeypatch.setattr(lecture, "page_watch", lambda *_, **__: pressed.pop() if pressed else 0)
    for by, wanted in ((1, samples[1]), (-1, samples[0]), (-1, samples[-1])):
        pressed.append(by)
        page.run()
        assert not page.exception
        assert link_of(page).get("sample", samples[0]) == wanted


def test_keys_go_through_the_files_in_hand(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = upload(("a.png", sample()), ("b.png", sample()[:100]))
    before = [each.label for each in page.get("button") if each.label == "Put away"]
    assert before
    chosen = page.session_state["tray"].chosen
    monkeypatch.setattr(lecture, "page_watch", lambda *_, **__: 1)
    page.run()
    assert page.session_state["tray"].chosen != chosen
    page.run()
    assert page.session_state["tray"].chosen == chosen and headline(page)
