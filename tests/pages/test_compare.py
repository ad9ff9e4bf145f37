"""The comparison page through Streamlit's AppTest, on the bundle that ships: its table needs no network."""

import io
import shutil
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.display.behind import MAX_ROWS
from core.display.link import CHART, ONE_POINT
from core.display.markdown import plain
from core.display.wording import count_word
from core.evaluation.comparison import OTHERS
from core.evaluation.predictions import read_predictions
from core.models.backbones import BACKBONES
from core.models.bundle.files import file_sha256, read_manifest, write_manifest
from core.project import PROJECT, SHIPPED, bundles_folder
from core.vocabulary import TASK
from pages.widgets.compare import kept, sets
from tests.shipped_counts import count_images

BUNDLE = PROJECT / "assets" / "bundles" / SHIPPED
SECONDS = 120


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.delenv("THORAXLENS_BUNDLES", raising=False)
    monkeypatch.delenv("THORAXLENS_DATA", raising=False)
    assert BUNDLE.parent == bundles_folder()
    return opened()


def opened() -> AppTest:
    page = AppTest.from_file(PROJECT / "pages" / "compare.py", default_timeout=SECONDS)
    page.session_state["entered"] = True  # as app.py leaves it
    page.run()
    assert not page.exception
    return page


def few_phantoms(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """So many instead of all, of which nobody asked before."""
    monkeypatch.setattr("core.evaluation.sets.phantoms.PhantomSet.__init__.__defaults__", (count,))
    sets._measured_phantoms.clear()


def choose(page: AppTest, label: str, value: object) -> None:
    (box,) = [each for each in page.selectbox if each.label == label]
    box.set_value(value).run()
    assert not page.exception


def switch(page: AppTest, label: str) -> None:
    (toggle,) = [each for each in page.toggle if each.label == label]
    toggle.set_value(not toggle.value).run()
    assert not page.exception


def open_tab(page: AppTest, name: str) -> None:
    page.session_state[CHART] = name
    page.run()
    assert not page.exception


def captions(page: AppTest) -> str:
    return "\n".join(each.value for each in page.caption)


def measures(page: AppTest):
    return next(each.value for each in page.dataframe if "Balanced accuracy" in each.value.columns)


def test_the_fall_comes_before_any_other_figure(page: AppTest) -> None:
    heads = [each.value for each in page.header]
    assert heads[0] == "First: does it last?" and heads[-2] == "The study, reproduced"
    first = page.dataframe[0].value
    assert {"Known sources", "Known sources, lungs covered", "Clinics never seen"} <= set(first.columns)
    asks_a_backbone = first["Model"] != OTHERS["svm_findings"]  # phantoms taught the findings, not sources
    falls = first["Known sources"].astype(float) > first["Clinics never seen"].astype(float)
    assert falls[asks_a_backbone].all() and asks_a_backbone.sum() > len(OTHERS)
    assert any("two sources of one class" in each.value for each in page.caption)


def test_the_story_is_told_in_four_figures(page: AppTest) -> None:
    steps = [(each.label, each.value) for each in page.metric]
    assert [name for name, _ in steps] == [
        "Known sources",
        "Known sources, lungs covered",
        "Sources left out whole",
        "Clinics never seen",
    ]
    assert all(0.5 < float(value) < 1 for _, value in steps)
    assert all("against always the same answer" in each.delta for each in page.metric)
    assert "Always answering COVID-19 would be wrong on" in captions(page)


def test_a_checklist_is_sent_once_it_is_opened(page: AppTest) -> None:
    (claim,) = [each for each in page.expander if each.label.startswith("CLAIM 2024: ")]
    assert "missing" in claim.label and not any("Asks for" in each.value for each in page.dataframe)


def test_every_model_of_the_bundle_stands_in_the_table_with_its_record(page: AppTest) -> None:
    table = measures(page)
    manifest = read_manifest(BUNDLE)
    predictions = read_predictions(BUNDLE, manifest)
    own = (predictions.split == "test") & np.isin(predictions.label, TASK)
    assert len(table) == len(manifest.backbones) + len(OTHERS)
    assert f"{own.sum()} images of {len(set(predictions.group[own]))} patients" in captions(page)
    assert "seed 0" in captions(page)


def test_the_question_is_followed(page: AppTest) -> None:
    choose(page, "Images", "external")
    assert f"{count_images('external')} images" in captions(page)
    before = measures(page)
    choose(page, "Images", "test")
    choose(page, "COVID-19 against", "both")
    predictions = read_predictions(BUNDLE, read_manifest(BUNDLE))
    measured = int(((predictions.split == "test") & (predictions.label != "other")).sum())
    assert f"{measured} images" in captions(page) and measured > 500
    switch(page, "One threshold for all")
    (slider,) = [each for each in page.slider if each.label == "Threshold"]
    assert set(measures(page)["Threshold"]) == {"0.500"}
    slider.set_value(0.9).run()
    assert set(measures(page)["Threshold"]) == {"0.900"}
    assert (measures(page)["Model"] == before["Model"]).all()


def test_validation_images_carry_a_warning(page: AppTest) -> None:
    assert not page.warning
    choose(page, "Images", "val")
    assert "flatter" in page.warning[0].value


def test_images_of_one_class_leave_what_can_be_said(page: AppTest) -> None:
    (sources,) = [each for each in page.multiselect if each.label == "Sources"]
    sources.set_value(["cohen"]).run()
    assert not page.exception and not page.error
    predictions = read_predictions(BUNDLE, read_manifest(BUNDLE))
    there = (predictions.split == "test") & (predictions.source == "cohen") & np.isin(predictions.label, TASK)
    assert f"{there.sum()} images" in captions(page) and set(predictions.label[there]) == {"covid"}
    assert (measures(page)["ROC AUC"] == "not measured").all()
    assert any("all of one class" in each.value for each in page.info)


def test_a_slider_answers_at_once(page: AppTest) -> None:
    """What does not depend on the operating point is not computed again."""
    switch(page, "One threshold for all")
    (slider,) = [each for each in page.slider if each.label == "Threshold"]
    slider.set_value(0.6).run()
    start = time.perf_counter()
    slider.set_value(0.7).run()
    assert time.perf_counter() - start < 20  # of a busy machine; the figure itself is a benchmark's


def test_pairs_are_tested(page: AppTest) -> None:
    pairs = next(each.value for each in page.dataframe if "DeLong p" in each.value.columns)
    assert len(pairs) == 15 and ((pairs["DeLong p, Holm"] >= pairs["DeLong p"]).all())
    assert "Holm (1979)" in captions(page)


def test_mistakes_name_the_image_and_show_it_where_the_user_has_it(
    page: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backbones = count_word(len(read_manifest(BUNDLE).backbones))
    assert f"of {backbones} backbones err" in captions(page) and not page.get("image")
    path = next(each.value for each in page.caption if "backbones err" in each.value).split(",")[0]
    path = path.replace("\\", "")
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    sample = PROJECT / "assets" / "samples" / "normal.png"
    (tmp_path / path).write_bytes(sample.read_bytes())
    monkeypatch.setenv("THORAXLENS_DATA", str(tmp_path))
    assert len(opened().get("image")) == 1


def test_phantoms_are_measured_and_their_mistakes_shown(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    monkeypatch.delenv("THORAXLENS_DATA", raising=False)
    few_phantoms(monkeypatch, 9)
    page = opened()
    switch(page, "Measure them on phantoms")
    assert not page.error and page.success[0].value.startswith(
        "Phantoms: 9 images used, 0 left out. Results count the 6 of"
    )
    assert usual_images(page) == "phantoms" and "6 images of 6 patients" in captions(page)
    assert "Phantoms" in page.dataframe[0].value.columns and page.metric[-1].label == "Phantoms"
    assert any(each.value.startswith("Phantoms: the ensemble classifies") for each in page.markdown)
    switch(page, "One threshold for all")
    assert page.get("image") and "phantom 20000" in captions(page)  # of random networks, some err
    choose(page, "Images", "test")
    assert page.get("image") and "phantom 20000" in captions(page)  # whose own images have no pictures
    switch(page, "Time on this machine")
    times = measures(page).set_index("Model")["ms an image"].astype(float)
    assert len(times) >= 6 and (times > 0).all()
    switch(page, "Measure them on phantoms")
    assert usual_images(page) != "phantoms"
    assert not page.get("image") and "the project ships none" in captions(page)


def usual_images(page: AppTest) -> str:
    return str(next(each.value for each in page.selectbox if each.label == "Images"))


def test_what_was_measured_before_a_stop_is_shown_as_such_and_goes_on(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    few_phantoms(monkeypatch, 6)
    whole = sets.analyse_set

    def stopped(*arguments, places, **options):
        """As if somebody clicked on Stop after four of them."""
        yield from whole(*arguments, places=places[:4], **options)
        sets._stop("phantoms", on=True)

    page = opened()
    with monkeypatch.context() as patch:
        patch.setattr(sets, "analyse_set", stopped)
        switch(page, "Measure them on phantoms")
    assert page.warning[0].value == (
        "Phantoms: 4 images used, 0 left out. Results count the 3 of COVID-19 or normal; for the other 1 the "
        "models were taught no answer. Stopped: 2 of 6 were not measured."
    )
    assert usual_images(page) == "phantoms" and "Phantoms" in page.dataframe[0].value.columns
    next(each for each in page.button if each.label == "Measure the other 2").click().run()
    assert not page.exception and page.success[0].value.startswith("Phantoms: 6 images used, 0 left out. ")


def test_an_image_opens_in_analyse_and_its_set_is_there_afterwards(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    monkeypatch.delenv("THORAXLENS_DATA", raising=False)
    app = AppTest.from_file(PROJECT / "app.py", default_timeout=SECONDS).run()
    app.switch_page("pages/compare.py").run()
    app.file_uploader[0].set_value([("set.zip", own_zip(), "application/zip")]).run()
    switch(app, "One threshold for all")  # of random networks, some err
    app.query_params[ONE_POINT] = "true"  # as the browser has it then
    next(each for each in app.button if each.label == "Open in Analyse").click().run()
    assert not app.exception
    (held,) = app.session_state["tray"].held.values()
    assert not held.refusal and any(plain(held.name) in each.value for each in app.markdown)
    app.switch_page("pages/compare.py").run()
    assert usual_images(app) == "own" and not app.exception
    next(each for each in app.button if each.label == "Put your set away").click().run()
    assert usual_images(app) != "own"


def own_zip(files: dict[str, bytes] | None = None) -> bytes:
    """A set of three samples, and of other files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, sample in enumerate(sorted((PROJECT / "assets" / "samples").glob("*.png"))[:3]):
            archive.write(sample, f"{('covid', 'normal')[number % 2]}/{sample.name}")
        for name, data in (files or {}).items():
            archive.writestr(name, data)
    return packed.getvalue()


TABS = {
    "ROC": "ROC curves of",
    "Precision-recall": "Precision-recall curves",
    "Confusion": "Confusion matrices",
    "Reliability": "Reliability:",
    "Scores": "Ensemble, by source",
    "Agreement": "Agreement beyond chance",
    "Decision curve": "Decision curves at",
    "Prevalence": "Where 5.0\u00a0%",
}


def test_only_the_open_tab_is_drawn(page: AppTest) -> None:
    assert [tab.label for tab in page.tabs] == list(TABS)
    for name, words in TABS.items():
        open_tab(page, name)
        assert len(page.get("plotly_chart")) == 3  # with the two above
        said = [text.value.replace("\\", "") for text in page.markdown]
        assert [each for each in TABS.values() if any(text.startswith(each) for text in said)] == [words]


def test_what_was_chosen_in_a_tab_is_there_when_one_comes_back(page: AppTest) -> None:
    open_tab(page, "Agreement")
    choose(page, "Images on which", "xception")
    open_tab(page, "Prevalence")
    page.select_slider[0].set_value(20.0).run()
    open_tab(page, "ROC")
    open_tab(page, "Agreement")
    assert next(each.value for each in page.selectbox if each.label == "Images on which") == "xception"
    open_tab(page, "Prevalence")
    assert page.select_slider[0].value == 20.0


def test_a_question_that_was_asked_before_computes_nothing(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(page, "Images", "external")
    choose(page, "Images", "test")
    made = []
    monkeypatch.setattr(kept, "_shared", watched(kept._shared, made))
    choose(page, "Images", "external")
    choose(page, "Images", "test")
    assert not made
    switch(page, "One threshold for all")
    next(each for each in page.slider if each.label == "Threshold").set_value(0.37).run()
    assert made


def watched(remember, made: list):
    """The same memory, which notes what it did not have."""
    return lambda key, make: remember(key, lambda: made.append(key) or make())


def test_disagreements_are_listed(page: AppTest) -> None:
    open_tab(page, "Agreement")
    choose(page, "Images on which", "vgg16")
    choose(page, "differs from", "resnet50")
    cases = images_shown(page)
    assert list(cases.columns[3:]) == [*(each.name for each in BACKBONES), "Ensemble"] and len(cases) > 10
    choose(page, "differs from", "vgg16")
    assert any("all of these images alike" in each.value for each in page.info)


def test_a_mark_that_is_named_shows_the_images_behind_it(page: AppTest) -> None:
    open_tab(page, "Confusion")
    page.selectbox(key="behind-confusion").set_value("vgg16:ill:-").run()
    predictions = read_predictions(BUNDLE, read_manifest(BUNDLE))
    missed = (predictions.split == "test") & (predictions.label == "covid") & ~predictions.called[:, 0]
    shown = images_shown(page)
    assert set(shown["Image"]) == set(predictions.path[missed]) and (shown["Class"] == "COVID-19").all()
    said = [each.value.replace("\\", "") for each in page.markdown]
    assert f"**VGG16: COVID-19, missed**: {missed.sum()} images." in said
    assert "the project ships none" in captions(page)
    page.selectbox(key="behind-confusion").set_value("vgg16:not:-").run()
    assert len(images_shown(page)) == MAX_ROWS and not page.exception
    page.selectbox(key="behind-shortcuts").set_value("external:vgg16").run()
    there = (predictions.split == "external") & np.isin(predictions.label, TASK)
    there &= predictions.called[:, 0] != (predictions.label == "covid")
    frames = [each.value for each in page.dataframe if list(each.value.columns[:1]) == ["Image"]]
    assert set(frames[0]["Image"]) == set(predictions.path[there]) and not page.exception


def images_shown(page: AppTest):
    return next(each.value for each in page.dataframe if list(each.value.columns[:1]) == ["Image"])


def test_a_mark_of_another_question_is_let_go(page: AppTest) -> None:
    open_tab(page, "Scores")
    page.selectbox(key="behind-scores").set_value("covid:cohen").run()
    assert set(images_shown(page)["Source"]) == {"Cohen et al. 2020"}
    choose(page, "Images", "external")
    assert page.selectbox(key="behind-scores").value is None and not page.exception


def test_a_damaged_table_is_named(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bundles" / "odd"
    shutil.copytree(random_bundle, folder)
    file = folder / "predictions.csv"
    file.write_text(file.read_text().replace("finding:Mass", "finding:Moss"))
    manifest = read_manifest(folder)
    entry = manifest.predictions.model_copy(update={"sha256": file_sha256(file)})
    write_manifest(folder, manifest.model_copy(update={"predictions": entry}))
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(folder.parent))
    page = opened()
    assert len(page.error) == 1 and "damaged" in page.error[0].value
    assert not page.dataframe


def test_an_own_set_gets_the_same_page(random_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    shared: list[str] = []
    monkeypatch.setattr(kept, "_shared", watched(kept._shared, shared))
    others = {"normal/broken.png": b"nothing", "stray.png": b"nothing", "covid/normal/odd.png": b"odd"}
    page = opened()
    page.file_uploader[0].set_value([("set.zip", own_zip(others), "application/zip")]).run()
    assert not page.exception and not page.error
    assert page.warning[0].value == (
        "Your own set: 3 images used, 3 left out: 1 ambiguous, 1 without a label, 1 unreadable."
    )
    assert usual_images(page) == "own" and "3 images of 3 patients" in captions(page)
    assert not any("split='own'" in each for each in shared)  # which goes with the session
    left = next(each.value for each in page.dataframe if "File or row" in each.value.columns)
    assert list(left["File or row"]) == ["covid/normal/odd.png", "stray.png", "normal/broken.png"]
    assert all(name in said for name, said in zip(left["File or row"], left["What is wrong"], strict=True))
    page.file_uploader[0].set_value([("set.zip", b"PK nothing", "application/zip")]).run()
    assert len(page.error) == 1 and "ZIP" in page.error[0].value
    assert "The study, reproduced" in [each.value for each in page.header]


def test_an_own_set_of_nothing_but_doubts_says_so(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("labels.csv", "file,label\nx.png,covid\nx.png,normal\n")
        archive.writestr("p1/x.png", b"one")
        archive.writestr("p2/x.png", b"two")
    page = opened()
    page.file_uploader[0].set_value([("set.zip", packed.getvalue(), "application/zip")]).run()
    assert not page.exception and not page.error
    assert page.warning[0].value == "Your own set: 0 images used, 2 left out: 2 ambiguous."
    assert usual_images(page) != "own"


def test_the_studys_slips_are_named(page: AppTest) -> None:
    text = "\n".join(each.value for each in page.markdown)
    for words in ("never fitted", "that of normal", "first 33", "Wrong scale"):
        assert words in text


def test_sources_are_called_as_people_cite_them(page: AppTest) -> None:
    (sources,) = [each for each in page.multiselect if each.label == "Sources"]
    assert "Wang et al. 2017" in sources.options and not {"nih", "cxnet"} & set(sources.options)
    sources.set_value(["nih"]).run()
    assert not page.exception and page.query_params["sources"] in ("nih", ["nih"])
