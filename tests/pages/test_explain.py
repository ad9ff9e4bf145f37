"""The page Explain: every view on the whole page, slow ones by a click, and its link."""

from __future__ import annotations

import pytest
import streamlit as st

from core.explain import occlusion
from core.explain.explainers import EXPLAINERS
from pages.components.cells.cells import _place
from pages.components.viewer import viewer as viewer_module
from tests.pages.test_case_in_hand import by_link, link_of
from tests.pages.test_gate import button
from tests.pages.test_pages import analysed, bundles, markdown, open_page

__all__ = ["analysed", "bundles"]


@pytest.fixture
def panes(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Names of the panes of each viewer that is drawn, with what stands beside them."""
    drawn: list[list[str]] = []
    build = viewer_module.build_maps_scene

    def noted(*given, **options):
        scene = build(*given, **options)
        drawn.append([f"{each['name']} {each['detail']}".strip() for each in scene["panes"]])
        assert scene["own_scale"]
        return scene

    monkeypatch.setattr(viewer_module, "build_maps_scene", noted)
    return drawn


def sentences(page) -> str:
    return " ".join(markdown(page))


def test_methods_stand_side_by_side_and_only_the_radiograph_was_analysed(bundles, analysed, panes) -> None:
    page = open_page("explain.py")
    assert len(analysed) == 1 and "answers" in sentences(page)
    names = [name.rpartition(" ")[0] if " in lungs" not in name else name for name in panes[-1]]
    assert len(names) == 1 + len(EXPLAINERS) and panes[-1][0] == "Radiograph"
    assert all(name.startswith(each.name) for name, each in zip(panes[-1][1:], EXPLAINERS, strict=True))
    table = sentences(page)
    assert "Why it may mislead" in table and "RISE" in table


def test_a_slow_method_starts_by_a_click_and_is_asked_once(bundles, analysed, panes, monkeypatch) -> None:
    monkeypatch.setattr(occlusion, "CELLS", 4)
    page = by_link("explain.py", network="densenet121")
    button(page, "Occlusion").click().run()
    assert not page.exception
    assert panes[-1][-1].startswith("Occlusion") and "asked" not in panes[-1][-1]
    assert not [each for each in page.button if each.label == "Occlusion"]
    again = by_link("explain.py", network="densenet121")  # another session has it at once
    assert panes[-1][-1].startswith("Occlusion") and not again.exception
    by_link("explain.py", network="densenet121", towards="normal")
    assert not panes[-1][-1].startswith("Occlusion")


def test_the_ensemble_says_whose_maps_make_up_its_own(bundles, analysed, panes) -> None:
    page = by_link("explain.py", network="ensemble")
    said = sentences(page)
    assert "weighted by what it added" in said or "the ensemble's map is empty" in said
    assert len(panes[-1]) == 1 + len(EXPLAINERS)
    assert link_of(page)["network"] in ("ensemble", ["ensemble"])


def test_one_place_is_taken_apart_as_the_link_says(bundles, analysed) -> None:
    page = by_link("explain.py", lab="cell", network="xception", cell="2-3")
    said = sentences(page)
    assert "Row 2, column 3: what raises it adds" in said and "hidden units" in said
    assert any(r"\max" in each.value for each in page.latex)
    assert link_of(page)["cell"] in ("2-3", ["2-3"])
    beyond = by_link("explain.py", lab="cell", network="xception", cell="99-1")
    assert "Row " in sentences(beyond) and "Row 99" not in sentences(beyond)


def test_findings_are_asked_for_all_at_once(bundles, analysed, panes, monkeypatch) -> None:
    monkeypatch.setattr("core.analysis.findings_maps.patches", lambda cells, patch: [(0, 0), (4, 4)])
    page = by_link("explain.py", lab="findings", finding="nodule")
    assert panes[-1] == ["Radiograph"]
    button(page, "Ask for the maps of all findings").click().run()
    assert not page.exception and panes[-1][1].startswith("Nodule") and len(panes[-1]) == 4


@pytest.mark.parametrize(
    "told", [None, "x", [1], [1, 2, 3], [0.5, 1], [True, 1], [-1, 0], [0, 9], {"row": 1}]
)
def test_a_place_that_cannot_be_one_is_none(told) -> None:
    assert _place(told, (3, 4)) is None
    assert _place([2, 3], (3, 4)) == (2, 3)


def test_with_a_guess_due_nothing_is_given_away(bundles, analysed) -> None:
    page = by_link("explain.py", guess="1")
    assert "answers" not in sentences(page) and "waits" in page.info[0].value
    st.cache_resource.clear()
