"""What a page is given by the viewer: marks of the picture that it shows, and nothing that cannot be one."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.display.picture import Picture
from core.display.wavelet import pack
from core.gate.way import AS_IT_IS
from core.marks import KINDS
from core.service import Case
from pages.components.viewer import viewer as module
from tests.drawn_analysis import drawn_analysis

POINT = {"kind": "point", "points": [[0.5, 0.25]], "width": 0, "erases": False}
sent: list[dict[str, Any]] = []


def drawn_case(grey: int) -> Case:
    picture = Picture(pack(np.full((200, 300), grey, np.uint8), 8, 10_000), own=True)
    return Case("x.png", picture, None, None, AS_IT_IS, (), drawn_analysis())


def page() -> None:
    import streamlit as st

    from core.marks import KINDS
    from pages.components.viewer.viewer import viewer

    case, options = st.session_state.case, st.session_state.options
    marks = viewer(case, case.analysis, "viewer", asks=KINDS, **options)
    st.text(repr([mark.points for mark in marks]))


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A page that asks for marks; what the browser tells it stands in its session under "told"."""

    def tells(**given: Any) -> SimpleNamespace:
        sent.append(given)
        return SimpleNamespace(given=st.session_state.get("told"))

    monkeypatch.setattr(module, "_viewer", tells)
    app = AppTest.from_function(page)
    app.session_state.case, app.session_state.options = drawn_case(1), {"gives_back": True}
    return app


def told(app: AppTest, marks: Any, case: Case | None = None) -> str:
    """What the page is given when the browser tells it of marks on a case."""
    of = (case or app.session_state.case).picture.identity
    app.session_state.told = {"id": of, "marks": marks}
    return given(app)


def given(app: AppTest) -> str:
    app.run()
    assert not app.exception
    return str(app.text[0].value)


def test_marks_are_given_for_the_case_that_is_shown_and_kept_while_another_page_is_open(app: AppTest) -> None:
    assert given(app) == "[]"
    assert told(app, [POINT]) == "[((0.5, 0.25),)]"
    del app.session_state["told"]  # as Streamlit does where the viewer is not shown
    assert given(app) == "[((0.5, 0.25),)]"
    first, app.session_state.case = app.session_state.case, drawn_case(2)
    assert given(app) == "[]"
    assert told(app, [POINT], first) == "[]"
    assert told(app, []) == "[]"


@pytest.mark.parametrize("marks", [None, [{**POINT, "points": [[2, 0]]}], "x" * 1000, [[]]])
def test_what_cannot_be_marks_is_refused_in_a_sentence_and_changes_nothing(app: AppTest, marks: Any) -> None:
    told(app, [POINT])
    assert told(app, marks) == "[((0.5, 0.25),)]"
    assert [each.value for each in app.error] == ["The marks could not be read; draw them again."]


@pytest.mark.parametrize("state", ["x", 7, [1], {"id": 3}])
def test_a_state_of_another_shape_is_nothing(app: AppTest, state: Any) -> None:
    app.session_state.told = state
    assert given(app) == "[]" and not app.error


def test_a_page_that_does_not_want_them_is_given_none(app: AppTest) -> None:
    app.session_state.options = {}
    assert told(app, [POINT]) == "[]"


def test_the_browser_is_told_which_tools_to_offer(app: AppTest) -> None:
    given(app)
    data = sent[-1]["data"]
    assert data["asks"] == list(KINDS) and data["gives"]
    assert re.match(r"(mock/)?media/", data["picture"]["url"]) and data["seen"] is None


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (None, False),
        ({"sharper": "other"}, False),
        ({}, False),
        ({"sharper": None}, False),
        ("its own", True),
    ],
)
def test_a_sharp_picture_is_wanted_where_somebody_zoomed_into_this_one(
    monkeypatch: pytest.MonkeyPatch, state: Any, wanted: bool
) -> None:
    picture = drawn_case(1).picture
    kept = {"sharper": picture.identity} if state == "its own" else state
    monkeypatch.setattr(module.st, "session_state", {"viewer": kept})
    assert module.wants_sharp(picture, "viewer") is wanted
