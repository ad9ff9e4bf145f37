"""A link restores a view, whatever else stands in it; and a pinned case stays beside the next one."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.project import PROJECT
from tests.pages.test_gate import NOISE, button, grey, png, refusals
from tests.pages.test_pages import (
    SECONDS,
    analysed,
    bundles,
    headline,
    markdown,
    sample,
    scene_of,
    upload,
)
from tests.shipped_counts import count_images

__all__ = ["analysed", "bundles"]

HOSTILE = (
    "",
    "nan",
    "1e999",
    "-7",
    "x" * 20_000,
    "<img src=x onerror=alert(1)>",
    "../../etc/passwd",
    "train",
    "none\x00",
    ["true", "<b>", "0.5"],
)


def by_link(name: str = "analyse.py", **params: Any) -> AppTest:
    """A page that somebody opens by a link, in a session of their own."""
    page = AppTest.from_file(PROJECT / "pages" / name, default_timeout=SECONDS)
    page.session_state["entered"] = True
    page.query_params.update(params)
    page.run()
    assert not page.exception
    return page


def control(page: AppTest, kind: str, label: str) -> Any:
    (found,) = [each for each in page.get(kind) if each.label == label]
    return found


def link_of(page: AppTest) -> dict[str, Any]:
    return dict(page.query_params)


def offered(page: AppTest) -> str:
    """What the button says that a link takes along."""
    (sent,) = [
        each.proto.json for each in page.get("bidi_component") if each.proto.component_name == "copy_link"
    ]
    return str(json.loads(sent)["carries"])


def missed(page: AppTest) -> list[str]:
    return [each.value for each in page.caption if "of this link could not be read" in each.value]


def test_a_link_opens_the_sample_as_it_was_seen(bundles: Path) -> None:
    link = {"sample": "covid-severe", "own_thresholds": "false", "threshold": "0.93", "error_rate": "5"}
    page = by_link(**link)
    assert headline(page).startswith("Sample “COVID-19-like, severe”: ")
    assert any("threshold 0.93" in each.value for each in page.caption)
    assert page.button_group[-1].value == "5" and not missed(page)
    assert link_of(page) == link and "opens this sample" in offered(page)


def test_what_is_as_usual_is_not_in_the_link(bundles: Path) -> None:
    page = by_link()
    assert link_of(page) == {} and not missed(page)


def test_what_is_chosen_goes_into_the_link_and_opens_the_same_view(bundles: Path) -> None:
    page = by_link()
    page.button_group[0].set_value("Normal chest").run()
    control(page, "toggle", "Each model's own threshold").set_value(False).run()
    page.slider[0].set_value(0.25).run()
    control(page, "button_group", "Wrong on at most").set_value("20").run()
    link = link_of(page)
    assert link["sample"] == "normal" and link["error_rate"] == "20"
    other = by_link(**link, own_thresholds="false", threshold="0.25")
    assert headline(other) == headline(page) and scene_of(other) == scene_of(page)
    control(page, "button_group", "Wrong on at most").set_value("10").run()
    page.button_group[0].set_value("COVID-19-like, bedside").run()
    assert not {"sample", "error_rate"} & set(link_of(page)) and not page.exception


def test_how_a_sample_is_laid_travels_with_the_link(bundles: Path) -> None:
    page = by_link(sample="normal", laid="half", insist="true")
    assert "upside down" in refusals(page)[0]
    assert headline(page).startswith("Sample “Normal chest”: refused by the gate; asked all the same, ")
    assert link_of(page) == {"sample": "normal", "laid": "half", "insist": "true"}
    page.button_group[0].set_value("COVID-19-like, bedside").run()
    assert link_of(page) == {} and not page.error  # another picture lies as its file has it
    page.button_group[0].set_value("Normal chest").run()
    assert link_of(page)["laid"] == "half"
    button(page, "As the file has it").click().run()
    assert "laid" not in link_of(page) and not page.error


def test_an_upload_leaves_only_settings_in_the_link(bundles: Path) -> None:
    page = upload(("turned.png", png(np.ascontiguousarray(np.rot90(grey(), 2)))))
    button(page, "Turn it").click().run()
    control(page, "button_group", "Wrong on at most").set_value("5").run()
    assert link_of(page) == {"error_rate": "5"} and "does not travel" in offered(page)


@pytest.mark.parametrize("value", HOSTILE, ids=lambda each: str(each)[:12])
def test_hostile_words_in_a_link_change_nothing_and_are_named_in_one_sentence(
    bundles: Path, value: Any
) -> None:
    names = ("models", "sample", "margins", "laid", "insist", "error_rate", "own_thresholds", "threshold")
    page = by_link(**dict.fromkeys(names, value), anything=value)
    assert headline(page).startswith("Sample “COVID-19-like, bedside”: ") and not page.error
    assert len(missed(page)) == 1
    assert not any("onerror" in text or "passwd" in text for text in markdown(page))
    assert not set(names) & set(link_of(page))


@pytest.mark.parametrize("value", HOSTILE, ids=lambda each: str(each)[:12])
def test_hostile_words_leave_the_comparison_as_it_is(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THORAXLENS_BUNDLES", raising=False)
    names = ("images", "sources", "against", "one_point", "point", "intervals", "study", "phantoms")
    more = ("scores", "mistakes", "first", "second", "pairs", "prevalence", "chart", "models")
    page = by_link("compare.py", **dict.fromkeys((*names, *more), value))
    assert control(page, "selectbox", "Images").value == "test" and not page.error
    assert control(page, "multiselect", "Sources").value == []
    assert len(missed(page)) == 1
    assert not any("onerror" in text or "passwd" in text for text in markdown(page))


def test_a_link_opens_the_comparison_as_it_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THORAXLENS_BUNDLES", raising=False)
    link = {
        "images": "external",
        "against": "normal",
        "one_point": "true",
        "point": "0.9",
        "scores": "vgg16",
        "mistakes": "resnet50",
        "prevalence": "20.0",
        "chart": "Reliability",
        "study": "true",
    }
    page = by_link("compare.py", **link)
    captions = "\n".join(each.value for each in page.caption)
    assert f"{count_images('external')} images" in captions and not missed(page)
    table = next(each.value for each in page.dataframe if "Balanced accuracy" in each.value.columns)
    assert "0.900" in set(table["Threshold"])
    assert control(page, "selectbox", "The mistakes of").value == "resnet50"
    assert control(page, "selectbox", "Show the interval and the scores of").value == "vgg16"
    usual = {"against"}
    assert set(link_of(page)) == set(link) - usual and "comparison" in offered(page)
    control(page, "selectbox", "Images").set_value("test").run()
    assert "images" not in link_of(page) and not page.exception


@pytest.mark.parametrize("chart", ["Prevalence", "Reliability"])
def test_what_a_link_says_of_a_closed_tab_waits_for_it(chart: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THORAXLENS_BUNDLES", raising=False)
    page = by_link("compare.py", chart=chart, prevalence="20.0", first="vgg16", second="xception")
    assert not missed(page) and not page.exception
    page.query_params["chart"] = "Prevalence"
    page.run()
    assert page.select_slider[0].value == 20.0
    page.query_params["chart"] = "Agreement"
    page.run()
    pair = [control(page, "selectbox", label).value for label in ("Images on which", "differs from")]
    assert pair == ["vgg16", "xception"]


def test_a_link_that_names_nobody_says_so_while_the_tab_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THORAXLENS_BUNDLES", raising=False)
    page = by_link("compare.py", first="nobody")
    assert len(missed(page)) == 1 and "the first of two models" in missed(page)[0]


def pinned_table(page: AppTest) -> list[dict[str, str]]:
    found = [each.value for each in page.table if any("Pinned" in str(name) for name in each.value.columns)]
    return [dict(row) for _, row in found[0].iterrows()] if found else []


def test_a_pinned_case_stands_beside_the_next_one_until_it_is_unpinned(bundles: Path) -> None:
    page = by_link(sample="normal")
    button(page, "Pin this case").click().run()
    assert any("choose another case, and both" in each.value for each in page.caption)
    assert not pinned_table(page) and not any(each.label.startswith("Pin") for each in page.button)
    scene = scene_of(page)
    page.button_group[0].set_value("COVID-19-like, severe").run()
    assert headline(page).startswith("Sample “COVID-19-like, severe”: ")
    rows = pinned_table(page)
    assert "Normal chest" in list(rows[0])[1] and "severe" in list(rows[0])[2]
    assert any("Normal chest" in text and "is pinned; now" in text for text in markdown(page))
    page.button_group[0].set_value("Normal chest").run()
    assert scene_of(page) == scene and not pinned_table(page)
    button(page, "Unpin").click().run()
    assert not any("is pinned" in text for text in markdown(page)) and not page.exception
    assert "pinned case" not in page.session_state


def test_a_pin_is_no_part_of_the_link(bundles: Path) -> None:
    page = by_link()
    button(page, "Pin this case").click().run()
    assert link_of(page) == {}


def test_a_refused_case_can_be_pinned_and_says_so(bundles: Path) -> None:
    page = upload(("noise.png", png(NOISE)))
    button(page, "Pin this case").click().run()
    assert any("is pinned (refused by the gate, not asked)" in each.value for each in page.caption)
    page.file_uploader[0].set_value([("good.png", sample(), "image/png")]).run()
    assert headline(page).startswith("good.png: ") and not page.error
    rows = pinned_table(page)
    assert list(rows[0].values())[1] == "refused by the gate, not asked"
    said = [text.replace("\\", "") for text in markdown(page)]
    assert any("The gate refuses noise.png and lets good.png pass" in text for text in said)
    assert any(text.startswith("noise.png: This") for text in said)


def test_beside_a_file_that_cannot_be_read_the_pinned_case_only_waits(bundles: Path) -> None:
    page = by_link(sample="normal")
    button(page, "Pin this case").click().run()
    page.file_uploader[0].set_value([("broken.png", b"no image", "image/png")]).run()
    assert len(page.error) == 1 and not pinned_table(page) and not page.exception
    assert any("choose another case, and both" in each.value for each in page.caption)


def test_the_same_picture_laid_otherwise_is_another_case(bundles: Path) -> None:
    page = by_link(sample="normal")
    button(page, "Pin this case").click().run()
    other = AppTest.from_file(PROJECT / "pages" / "analyse.py", default_timeout=SECONDS)
    other.session_state["entered"] = True
    other.session_state["pinned case"] = page.session_state["pinned case"]
    other.query_params.update(sample="normal", laid="mirrored")
    other.run()
    assert not other.exception
    assert "mirrored" in list(pinned_table(other)[0])[2] and "mirrored" not in list(pinned_table(other)[0])[1]
    button(other, "Pin this one instead").click().run()
    assert "mirrored" in other.session_state["pinned case"].name


def test_the_table_of_a_pinned_case_follows_the_error_rate(bundles: Path) -> None:
    page = by_link(sample="normal")
    button(page, "Pin this case").click().run()
    page.button_group[0].set_value("COVID-19-like, severe").run()
    assert any("wrong on at most 10 %." in each.value for each in page.caption)
    control(page, "button_group", "Wrong on at most").set_value("5").run()
    assert any("wrong on at most 5 %." in each.value for each in page.caption) and not page.exception


def test_the_pin_and_the_settings_survive_a_switch_of_pages(bundles: Path) -> None:
    app = AppTest.from_file(PROJECT / "app.py", default_timeout=SECONDS)
    app.query_params.update(sample="normal", error_rate="5")
    app.run()
    button(app, "Pin this case").click().run()
    app.switch_page("pages/compare.py").run()
    control(app, "selectbox", "Images").set_value("val").run()
    app.query_params.clear()
    app.switch_page("pages/analyse.py").run()
    assert any("choose another case, and both" in each.value for each in app.caption)
    assert headline(app).startswith("Sample “Normal chest”: ")
    assert link_of(app) == {"sample": "normal", "error_rate": "5"}
    app.query_params.clear()
    app.switch_page("pages/compare.py").run()
    assert control(app, "selectbox", "Images").value == "val" and not app.exception
    assert link_of(app) == {"images": "val"}


def test_a_link_names_the_models_where_there_are_several(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        shutil.copytree(random_bundle, tmp_path / "bundles" / name)
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path / "bundles"))
    page = by_link("cards.py", models="second")
    assert control(page, "selectbox", "Models").value == "second" and not missed(page)
    control(page, "selectbox", "Models").set_value("first").run()
    assert link_of(page) == {}
    control(page, "selectbox", "Models").set_value("second").run()
    assert link_of(page) == {"models": "second"} and not page.exception
    page = by_link("cards.py", models="third")
    assert control(page, "selectbox", "Models").value == "first" and len(missed(page)) == 1
