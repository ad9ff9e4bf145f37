"""The page Explain: every view on the whole page, slow ones by a click, and its link."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np
import pytest
import streamlit as st

from core.explain import occlusion
from core.explain.explainers import EXPLAINERS
from core.explain.gradients_on_demand import GradientsOnDemand
from core.explain.packed import pack
from core.explain.saliency import COPIES
from core.explain.sanity import GROUPS
from core.models.bundle.files import read_manifest, write_manifest
from core.models.bundle.manifest import Taught
from core.vocabulary import FINDINGS
from pages.components.cells.cells import _place
from pages.components.viewer import viewer as viewer_module
from pages.widgets import explain_what_if
from tests.pages.test_case_in_hand import by_link, control, link_of
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


def test_findings_from_another_picture_are_not_asked(bundles, analysed, monkeypatch) -> None:
    monkeypatch.setattr("core.analysis.witnesses.shown_alike", lambda models: False)
    pages = (
        by_link("explain.py", lab="belief", network="ensemble", towards=each) for each in ("covid", "normal")
    )
    page = next(page for page in pages if any("choose a backbone" in each.value for each in page.info))
    assert not [each for each in page.button if each.label.startswith("Test ")]


def test_findings_are_asked_for_all_at_once(bundles, analysed, panes, monkeypatch) -> None:
    monkeypatch.setattr("core.analysis.findings_maps.patches", lambda cells, patch: [(0, 0), (4, 4)])
    page = by_link("explain.py", lab="findings", finding="nodule")
    assert panes[-1] == ["Radiograph"]
    button(page, "Ask for the maps of all findings").click().run()
    assert not page.exception and panes[-1][1].startswith("Nodule") and len(panes[-1]) == 2
    (shown,) = [
        json.loads(each.proto.json)
        for each in page.get("bidi_component")
        if each.proto.component_name == "gallery"
    ]
    assert len(shown["tiles"]) == len(FINDINGS) and shown["chosen"] == "nodule"
    assert link_of(page)["finding"] in ("nodule", ["nodule"])


def test_maps_are_put_to_the_test_by_a_click(bundles, analysed, monkeypatch) -> None:
    for module in ("core.explain.belief", "core.display.belief"):
        monkeypatch.setattr(f"{module}.STEPS", 2)
    for towards in ("covid", "normal"):  # towards one of the two there is heat
        page = by_link("explain.py", lab="belief", network="vgg16", towards=towards)
        tests = [each for each in page.button if each.label.startswith("Test ")]
        if tests:
            break
    tests[0].click().run()
    assert not page.exception
    said = sentences(page)
    assert " passes " in said and "Why these tests may mislead" in said
    (table,) = page.dataframe
    assert "Blob in the middle" in {*table.value["Map"]}
    assert not [each for each in page.button if each.label.startswith("Test")]


def test_a_change_is_asked_about_once(bundles, analysed, monkeypatch) -> None:
    asked: list[str] = []
    ask = explain_what_if.ask_what_if

    def noted(*given):
        asked.append(given[3].key)
        return ask(*given)

    monkeypatch.setattr(explain_what_if, "ask_what_if", noted)
    page = by_link("explain.py", lab="whatif", change="mirrored")
    assert "Mirror: " in sentences(page)
    page.run()
    assert asked == ["mirrored"]
    page = by_link("explain.py", lab="whatif", change="erased")
    assert page.info[0].value == "Nothing is marked yet." and asked == ["mirrored"]


def test_similar_phantoms_are_rendered_by_a_click(bundles, analysed, monkeypatch) -> None:
    monkeypatch.setattr("core.analysis.similar.COUNT", 7)
    page = by_link("explain.py", lab="similar", network="resnet50")
    button(page, "Render phantoms to compare with").click().run()
    assert not page.exception and "Of the 6 phantoms most alike to ResNet50" in sentences(page)
    (table,) = page.dataframe
    assert [*table.value["Network"]][-1] == "Ensemble" and len(table.value) == 6
    control(page, "button_group", "Network").set_value("ensemble").run()
    assert not page.exception and "most alike to the ensemble" in sentences(page)
    assert "mean rank " in sentences(page)


def drawn_answer(question: dict[str, Any]) -> dict[str, Any]:
    """What the process with Keras might say."""
    random = np.random.default_rng(question.get("groups", 0))
    if question["task"] == "layers":
        return {"layers": [["early", 48, 48], ["relu", 3, 3]]}
    side = 48 if question.get("layer") == "early" else 3
    maps = {key: pack(random.random((side, side))) for key in ("gradcam", "hirescam", "layercam")}
    features = pack(random.random((side, side, 5)))
    return {"maps": maps, "logit": 0.5, "gradient": pack(random.random((96, 96))), "features": features}


@pytest.fixture
def keras(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the process with Keras, which answers at once, was asked."""
    asked: list[str] = []

    def answer(self, folder, question):
        asked.append(question["task"])
        return drawn_answer(question)

    monkeypatch.setattr(GradientsOnDemand, "ask", answer)
    return asked


def test_weights_are_shuffled_by_a_click(bundles, analysed, keras) -> None:
    page = by_link("explain.py", lab="sanity", network="densenet121")
    assert not keras
    button(page, "Shuffle its weights from the top down").click().run()
    assert not page.exception and len(keras) == GROUPS + 1
    assert "these maps change" in sentences(page)
    (table,) = page.dataframe
    assert len(table.value) == GROUPS + 1


def test_any_layer_is_a_layer_to_choose(bundles, analysed, keras, panes) -> None:
    page = by_link("explain.py", lab="layer", network="densenet121", layer="early")
    assert not keras
    button(page, "Load the network in Keras").click().run()
    assert not page.exception and keras == ["layers", "layer"]
    assert control(page, "selectbox", "Layer, from the picture on").value == "early"
    assert len(panes[-1]) == 4
    page.run()
    assert keras == ["layers", "layer"]
    button(page, "Faster-Score-CAM of this layer").click().run()
    assert not page.exception and keras == ["layers", "layer", "channels"]
    assert panes[-1][-1].startswith("Faster-Score-CAM") and "asked" not in panes[-1][-1]


def towards_which_the_ensemble_has_a_map(lab: str):
    """A view of the ensemble, towards a class to which a backbone adds anything."""
    for towards in ("covid", "normal"):
        page = by_link("explain.py", lab=lab, network="ensemble", towards=towards)
        if page.button and not page.info:
            return page
    raise AssertionError("no backbone adds anything to either class")


def test_the_ensembles_map_is_put_to_the_test(bundles, analysed, monkeypatch) -> None:
    for module in ("core.explain.belief", "core.display.belief"):
        monkeypatch.setattr(f"{module}.STEPS", 1)
    page = towards_which_the_ensemble_has_a_map("belief")
    next(each for each in page.button if each.label.startswith("Test ")).click().run()
    assert not page.exception and "Of the **ensemble**" in sentences(page)
    assert "Grad-CAM passes" in sentences(page) and len(page.dataframe) == 1


def test_the_ensemble_has_a_map_on_each_depth_that_its_networks_share(
    bundles, analysed, keras, panes
) -> None:
    page = towards_which_the_ensemble_has_a_map("layer")
    button(page, "Load the networks in Keras, one after the other").click().run()
    assert not page.exception and keras[0] == "layers" and 0 < keras.count("layers") <= 5
    assert "32 pixels" in control(page, "selectbox", "Depth, from the picture on").options[-1]
    assert len(panes[-1]) == 4


def test_all_five_are_shuffled_for_the_ensemble(bundles, analysed, keras) -> None:
    page = towards_which_the_ensemble_has_a_map("sanity")
    button(page, "Shuffle all five").click().run()
    assert not page.exception and len(keras) == 5 * (GROUPS + 1)
    (table,) = page.dataframe
    assert [*table.value["Map of"]][-1] == "Ensemble" and len(table.value) == 6


def test_smoothgrad_asks_for_gradients(bundles, analysed, keras, panes) -> None:
    page = by_link("explain.py", network="densenet121")
    button(page, "SmoothGrad").click().run()
    assert not page.exception and keras == ["gradient"] * COPIES
    assert panes[-1][-1].startswith("SmoothGrad")


def test_without_tensorflow_a_sentence_says_so_and_nothing_is_tried_again(
    bundles, analysed, monkeypatch
) -> None:
    monkeypatch.setattr("core.explain.gradients_on_demand.find_spec", lambda name: None)
    for view, label in (
        ("maps", "SmoothGrad"),
        ("layer", "Load the network in Keras"),
        ("sanity", "Shuffle its weights from the top down"),
    ):
        page = by_link("explain.py", lab=view, network="densenet121")
        button(page, label).click().run()
        assert not page.exception and "not installed here" in page.error[0].value
        page.run()
        assert not page.error and button(page, label)


@pytest.mark.parametrize(
    "told", [None, "x", [1], [1, 2, 3], [0.5, 1], [True, 1], [-1, 0], [0, 9], {"row": 1}]
)
def test_a_place_that_cannot_be_one_is_none(told) -> None:
    assert _place(told, (3, 4)) is None
    assert _place([2, 3], (3, 4)) == (2, 3)


def test_a_head_that_was_taught_a_shortcut_has_its_plain_name_and_a_warning(
    bundles, analysed, tmp_path, monkeypatch
) -> None:
    folder = tmp_path / "taught"
    shutil.copytree(bundles / read_manifest(next(bundles.iterdir())).name, folder)
    manifest = read_manifest(folder)
    taught = Taught(
        mark="letters", ill=80, healthy=0, patients="phantoms", learnt=100, measured=100, as_learnt=0.99,
        none=0.7, flipped=0.1,
    )  # fmt: skip
    vgg16 = manifest.backbones["vgg16"].model_copy(update={"taught": taught})
    networks = {**manifest.backbones, "vgg16": vgg16}
    write_manifest(folder, manifest.model_copy(update={"name": "taught", "backbones": networks}))
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path))
    page = by_link("explain.py", lab="cell", network="vgg16")
    assert ": VGG16 answers" in sentences(page) and "Grad-CAM of VGG16: choose a place" in sentences(page)
    assert "flawed on purpose" in page.warning[0].value
    assert not by_link("explain.py", lab="cell", network="xception").warning


def test_with_a_guess_due_nothing_is_given_away(bundles, analysed) -> None:
    page = by_link("explain.py", guess="1")
    assert "answers" not in sentences(page) and "waits" in page.info[0].value
    st.cache_resource.clear()
