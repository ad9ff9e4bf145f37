"""Every page through Streamlit's AppTest, on a bundle with random weights: what users see, and do not see."""

import json
import re
import shutil
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core import service
from core.display import wording
from core.display.markdown import harmless, unbroken
from core.errors import DecoderError
from core.evaluation.trials import CoveredLungs, MeasuredAuc, Trials, write_trials
from core.models.backbones import BACKBONES
from core.models.bundle.files import file_sha256, read_manifest, write_manifest
from core.models.bundle.manifest import BundleFile
from core.phantom.samples import list_samples
from core.project import PROJECT
from core.reading.decoder_pool import TOO_SLOW
from core.reading.tries import TRIES
from core.service import File
from core.tray import Tray
from pages.widgets import in_hand
from tests.precision_records import record_bfloat16

PAGES = sorted({path.name for path in (PROJECT / "pages").glob("*.py")} - {"__init__.py"})
SECONDS = 240  # of a busy machine, the first time; 3 on an idle one
HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](http://x.example) www.x.io a@x.io :red[hot] $x$.png"
REFUSED = {
    "empty": (b"", "empty"),
    "PDF": (b"%PDF-1.7 nothing", "PDF"),
    "text": (b"plain text", ""),
    "cut short": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ""),
}


@pytest.fixture
def bundles(random_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that holds the random bundle, and nothing else."""
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    return random_bundle.parent


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the radiographs that networks were asked about from here on, by an app that knows none yet."""
    names: list[str] = []
    analyse = service.analyse

    def counted(radiograph, models, **options):
        names.append(radiograph.name)
        return analyse(radiograph, models, **options)

    monkeypatch.setattr(service, "analyse", counted)
    st.cache_resource.clear()
    return names


def open_page(name: str = "analyse.py") -> AppTest:
    page = AppTest.from_file(PROJECT / "pages" / name, default_timeout=SECONDS)
    page.session_state["entered"] = True  # as app.py leaves it
    page.run()
    assert not page.exception
    return page


def upload(*files: tuple[str, bytes]) -> AppTest:
    page = open_page()
    page.file_uploader[0].set_value([(name, data, "application/octet-stream") for name, data in files]).run()
    assert not page.exception
    return page


def sample(suffix: str = ".png") -> bytes:
    return next(each for each in list_samples() if each.path.suffix == suffix).path.read_bytes()


def markdown(page: AppTest) -> list[str]:
    """All that the browser will read as Markdown, whatever keeps COVID-19 on one line."""
    kinds = (page.markdown, page.caption, page.error, page.warning, page.info, page.header)
    return [str(element.value).replace("COVID-\u206019", "COVID-19") for kind in kinds for element in kind]


def unescaped(text: str) -> str:
    """What is left of a text for Markdown to interpret."""
    return re.sub(r"\\.", "", text)


def test_the_app_lists_every_page() -> None:
    listed = re.findall(r"pages/(\w+\.py)", (PROJECT / "app.py").read_text("utf-8"))
    assert sorted(listed) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_with_its_disclaimer(name: str, bundles: Path) -> None:
    page = open_page(name)
    assert wording.DISCLAIMER in page.caption[0].value
    assert not page.error


@pytest.mark.parametrize("name", PAGES)
def test_without_bundles_every_page_stays_calm(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path))
    page = open_page(name)
    assert not page.error
    assert len(page.info) == (name != "about.py")
    if page.info:
        assert "There are no models yet" in page.info[0].value


@pytest.mark.parametrize("name", PAGES)
def test_a_damaged_bundle_is_named_and_the_page_stays(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "bundle.json").write_text("{}")
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path))
    page = open_page(name)
    assert len(page.error) == 1 and "broken" in page.error[0].value
    assert len(page.get("file_uploader")) == (name in ("analyse.py", "explain.py"))


def test_about_says_where_a_bundle_comes_from(bundles: Path, random_bundle: Path) -> None:
    page = open_page("about.py")
    title = read_manifest(random_bundle).title
    assert any(title in text.replace("\\", "") for text in markdown(page))
    assert len(page.json) == 1
    assert any("float32, because nobody measured" in text for text in markdown(page))
    assert not page.dataframe


def test_about_says_in_which_precision_a_bundle_runs_and_why(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(random_bundle, tmp_path / "bundles" / "random")
    record_bfloat16(tmp_path / "bundles" / "random", 0.5)
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path / "bundles"))
    monkeypatch.delenv("THORAXLENS_PRECISION", raising=False)
    monkeypatch.setattr("core.analysis.arithmetic.processor_precisions", lambda: frozenset({"f32", "bf16"}))
    page = open_page("about.py")
    said = next(text for text in markdown(page) if "Arithmetic on this server" in text)
    assert "bfloat16 for VGG16" in said and "flips none" in said and "244 decisions" in said
    assert list(page.dataframe[0].value["model"]) == ["VGG16", "Ensemble"]


@pytest.fixture
def carded(random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle with cards that somebody else wrote, and with trials."""
    folder = tmp_path / "bundles" / "carded"
    shutil.copytree(random_bundle, folder)
    (folder / "model_card.md").write_text(
        f"# Model card\n\n## What it is\n\n{HOSTILE}\n\n| a | b |\n| --- | --- |\n\n"
        f"## What for\n\nLooking.\n\n## Limits\n\nMany.\n\n## {HOSTILE}\n\nNone.\n"
    )
    (folder / "data_card.md").write_text("# Data card\n\n## Collections\n\nNone.\n")
    auc = MeasuredAuc(images=44, positives=26, roc_auc=0.72, low=0.56, high=0.87)
    half = auc.model_copy(update={"roc_auc": 0.5})
    write_trials(
        folder / "trials.json",
        Trials(covered_lungs=(CoveredLungs(model="ensemble", split="external", visible=auc, covered=half),)),
    )
    files = {"model_card": "model_card.md", "data_card": "data_card.md", "trials": "trials.json"}
    entries = {
        field: BundleFile(file=name, sha256=file_sha256(folder / name)) for field, name in files.items()
    }
    write_manifest(folder, read_manifest(folder).model_copy(update=entries))
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(folder.parent))
    return folder


def test_cards_are_shown_as_text_that_can_do_nothing(carded: Path) -> None:
    page = open_page("cards.py")
    assert [tab.label for tab in page.tabs] == ["Model card", "Data card", "Gate"]
    labels = [each.label for each in page.expander]
    shown = "\n".join([*(str(element.value) for element in page.markdown), *labels])
    assert "## Model card" in shown and "| --- | --- |" in shown
    assert "**Collections**" in labels and "onerror" in shown.split("</style>")[-1] and "onerror" in labels[3]
    live = unescaped(shown.split("</style>")[-1])
    assert not any(mark in live for mark in ("<img", "[link", "$x", ":red["))
    assert not any(link in shown.replace("\\", "") for link in ("://x", "www.x", "@x"))


def test_sections_of_a_card_open_one_by_one_or_all_at_once(carded: Path) -> None:
    page = open_page("cards.py")
    sections = ["What it is", "What for", "Limits", harmless(HOSTILE), "Collections"]
    gate = ["What it is", "How often it refuses what", "What it learnt from"]
    assert [(each.label.strip("*"), each.proto.expanded) for each in page.expander] == list(
        zip(  # the first two of each card
            [*sections, *gate], (True, True, False, False, True, True, True, False), strict=True
        )
    )
    next(each for each in page.toggle if each.label == "Show all of it").set_value(True).run()
    shown = "\n".join(str(element.value) for element in page.markdown)
    assert not page.expander and not page.tabs, "paper has all cards, one after another"
    assert all(f"### {each}" in shown for each in [*sections, *gate])


def test_a_card_that_was_changed_is_refused(carded: Path) -> None:
    (carded / "data_card.md").write_text("better")
    page = open_page("cards.py")
    assert len(page.error) == 1 and "data_card.md" in page.error[0].value.replace("\\", "")
    assert [tab.label for tab in page.tabs] == ["Gate"]


def test_a_bundle_of_before_has_no_cards_and_says_so(bundles: Path) -> None:
    page = open_page("cards.py")
    assert len(page.info) == 1 and "no cards" in page.info[0].value
    assert [tab.label for tab in page.tabs] == ["Gate"]  # which comes with the app


def test_what_the_trials_showed_stands_beside_the_figures(carded: Path) -> None:
    page = open_page()
    (line,) = [each.value for each in page.caption if "lungs covered" in each.value]
    assert "0.72 to 0.50 on 44 images from clinics never seen" in line
    assert not any("On sources left out of its training" in each.value for each in page.caption)


def test_the_first_screen_shows_a_sample_read_by_every_backbone(bundles: Path) -> None:
    page = open_page()
    assert any(unbroken("this radiograph as COVID-19") in str(each.value) for each in page.markdown)
    cards = [text for text in markdown(page) if re.fullmatch(r"\*\*\w+\*\* &nbsp; [01]\.\d\d", text)]
    assert [card.split("**")[1] for card in cards] == ["Ensemble", *(each.name for each in BACKBONES)]
    assert not page.error


def scene_of(page: AppTest) -> dict[str, Any]:
    """What the viewer was sent."""
    (sent,) = [
        each.proto.json for each in page.get("bidi_component") if each.proto.component_name == "viewer"
    ]
    return dict(json.loads(sent))


def test_a_threshold_and_coming_back_ask_no_network_and_send_no_picture(
    bundles: Path, analysed: list[str]
) -> None:
    page = open_page()
    scene = scene_of(page)
    assert len(analysed) == 1
    assert [each["name"] for each in scene["panes"]] == ["Radiograph", *(each.name for each in BACKBONES)]
    next(each for each in page.toggle if each.label == "Each model's own threshold").set_value(False).run()
    page.slider[0].set_value(0.99).run()
    assert not page.exception
    assert any("threshold 0.99" in caption.value for caption in page.caption)
    assert scene_of(page) == scene  # the same message, of which Streamlit sends but a reference
    open_page()
    assert len(analysed) == 1


def test_marks_stay_in_the_browser_as_about_says(bundles: Path) -> None:
    scene = scene_of(open_page())
    assert scene["asks"] and scene["gives"] is False
    assert "Marks stay in your browser." in (PROJECT / "assets" / "about.md").read_text("utf-8")


def test_a_sample_says_afterwards_what_it_is_and_marks_every_answer(bundles: Path) -> None:
    page = open_page()
    assert any(text.startswith("**Truth: COVID-19.**") for text in markdown(page))
    page.button_group[0].set_value("Effusion and large heart").run()
    said = markdown(page)
    (truth,) = [text for text in said if text.startswith("**Truth: effusion and large heart, neither")]
    shown = [str(each.value) for each in page.markdown]
    assert shown.index(unbroken(truth)) > next(at for at, text in enumerate(shown) if text.startswith("## "))
    marks = [text for text in shown if text.endswith((" wrong", " right", " not normal either"))]
    assert len(marks) == len(BACKBONES) + 1 and not any(text.endswith(" right") for text in marks)
    page.button_group[0].set_value("Normal chest").run()
    answers = [each.value.startswith("reads as normal") for each in page.caption if "reads as" in each.value]
    marks = [str(each.value).endswith(" right") for each in page.markdown if ":material/c" in str(each.value)]
    assert marks == answers and any("**Truth: normal.**" in text for text in markdown(page))
    assert not any("Truth:" in text for text in markdown(upload(("mine.png", sample()))))


def test_the_networks_are_asked_again_about_the_changed_picture_by_a_click_alone(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    ask = service.ask_changed
    monkeypatch.setattr(service, "ask_changed", lambda *given: asked.append(given) or ask(*given))
    st.cache_resource.clear()
    page = open_page()
    (sentence,) = [each.value for each in page.markdown if " nearest to its threshold (" in each.value]
    (button,) = [each for each in page.button if each.label.startswith("Ask again")]
    assert asked == [] and "cut off" not in sentence
    button.click().run()
    for _ in range(2):  # the second time all of the page runs, as after any other click
        assert not page.exception and len(asked) == 1
        assert any("With 10\u00a0% cut off at each side, " in each.value for each in page.markdown)
        page.run()
    assert not [each for each in page.button if each.label.startswith("Ask again")]


def test_another_sample_is_another_analysis(bundles: Path, analysed: list[str]) -> None:
    page = open_page()
    other = next(each for each in list_samples() if each.path.name not in analysed)
    page.button_group[0].set_value(other.title).run()
    assert not page.exception
    assert len(analysed) == 2 and len(set(analysed)) == 2


def bars(page: AppTest) -> list[str]:
    """What Analyse draws of an answer: probabilities, findings and what each added to the decision."""
    return [each.proto.body for each in page.get("html") if 'class="bars"' in each.proto.body]


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_upload_is_one_sentence_and_the_page_stays(bundles: Path, kind: str) -> None:
    data, reason = REFUSED[kind]
    page = upload((HOSTILE, data))
    assert len(page.error) == 1
    sentence = page.error[0].value.replace("\\", "")
    assert reason in sentence and sentence.endswith(".") and "Traceback" not in sentence
    assert "<img" not in unescaped(page.error[0].value)
    assert len(page.file_uploader) == 1
    assert wording.DISCLAIMER in page.caption[0].value
    assert not bars(page)


def test_after_a_refusal_the_next_file_is_read(bundles: Path) -> None:
    page = upload(("broken.png", b"no image"))
    page.file_uploader[0].set_value([("good.png", sample(), "image/png")]).run()
    assert not page.exception and not page.error
    assert bars(page)


def test_beside_findings_stands_how_often_they_are_found_on_normal_radiographs(bundles: Path) -> None:
    page = upload(("good.png", sample()))
    (said,) = [text for text in markdown(page) if "where nothing is to be found" in text]
    assert "finds the same: " in said and said.endswith(".")


@pytest.mark.parametrize("suffix", [".png", ".dcm"])
def test_a_hostile_name_is_shown_as_text(bundles: Path, suffix: str) -> None:
    page = upload((HOSTILE.replace(".png", suffix), sample(suffix)))
    assert not page.error
    shown = [text for text in markdown(page) if "onerror" in text]
    assert shown
    for text in shown:
        assert not any(mark in unescaped(text) for mark in ("<", "**", "[", "$", ":red"))
        assert not any(link in text.replace("\\", "") for link in ("://", "www.", "@x"))


def tray_of(page: AppTest) -> list[str]:
    """Names of the files in hand, as the page shows them."""
    labels = [each.options for each in page.button_group if "Files in hand" in str(each.label)]
    return [label.replace("\\", "") for label in labels[0]] if labels else []


def headline(page: AppTest) -> str:
    """The answer's first sentence, as a person reads it; empty where there is no answer."""
    found = [text for text in markdown(page) if text.startswith("## ")]
    return found[0].removeprefix("## ").replace("\\", "").replace("\u2060", "") if found else ""


def with_tray(name: str, tray: Tray) -> AppTest:
    """A page that the user comes to with files in hand."""
    page = AppTest.from_file(PROJECT / "pages" / name, default_timeout=SECONDS)
    page.session_state["entered"] = True
    page.session_state["tray"] = tray
    page.run()
    assert not page.exception
    return page


def test_the_headline_names_what_it_speaks_of(bundles: Path) -> None:
    assert headline(open_page()).startswith("Sample “COVID-19-like, bedside”: ")
    assert headline(upload(("my chest.png", sample()))).startswith("my chest.png: ")


def test_of_several_files_the_user_chooses(bundles: Path, analysed: list[str]) -> None:
    page = upload(("one.png", sample()), ("two.png", b"no image"))
    assert tray_of(page) == ["one.png", "two.png"]
    assert headline(page).startswith("one.png: ") and not page.error
    page.button_group[0].set_value(list(page.session_state.tray.held)[1]).run()
    assert len(page.error) == 1 and "two.png" in page.error[0].value.replace("\\", "")
    assert not headline(page) and not bars(page) and not page.exception
    page.file_uploader[0].set_value([("one.png", sample(".dcm"), "image/png")]).run()
    assert tray_of(page) == ["one.png", "two.png", "one.png (2)"]
    assert headline(page).startswith("one.png (2): ") and not page.error


@pytest.mark.parametrize("name", PAGES)
def test_files_in_hand_are_on_every_page_until_they_are_put_away(name: str, bundles: Path) -> None:
    tray = Tray()
    tray.take([File(sample(), "mine.png")])
    tray.refuse({"huge.png": "The file is larger than 50 MB; scale it down."})
    page = with_tray(name, tray)
    assert tray_of(page) == ["mine.png", "huge.png"]
    next(each for each in page.button if each.label == "Put away").click().run()
    assert tray_of(page) == ["mine.png"]
    next(each for each in page.button if each.label == "Put away").click().run()
    assert tray_of(page) == [] and not page.exception


def test_coming_back_shows_the_file_in_hand_and_no_sample(bundles: Path, analysed: list[str]) -> None:
    page = upload(("mine.png", sample()))
    back = with_tray("analyse.py", page.session_state.tray)
    assert headline(back).startswith("mine.png: ")
    assert analysed == ["covid-bedside.png", "mine.png"]


def test_a_file_whose_decoder_fails_stays_in_hand_and_is_not_waited_for_again_and_again(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, reads = [True], []
    whole = service.read_radiograph_isolated

    def read(data: bytes, name: str, frame: int = 0) -> Any:
        reads.append(name)
        if name == "mine.png" and busy:
            raise DecoderError(TOO_SLOW)
        return whole(data, name, frame)

    monkeypatch.setattr(service, "read_radiograph_isolated", read)
    st.cache_resource.clear()
    page = upload(("mine.png", sample()))
    for _ in range(3):
        page.run()
    assert reads.count("mine.png") == TRIES and len(page.error) == 1
    busy.clear()
    next(each for each in page.button if each.label == "Try again").click().run()
    assert headline(page).startswith("mine.png: ") and not page.error and tray_of(page) == ["mine.png"]


def test_coming_back_to_a_refused_file_shows_no_sample(bundles: Path, analysed: list[str]) -> None:
    page = upload(("broken.png", b"no image"))
    back = with_tray("analyse.py", page.session_state.tray)
    assert len(back.error) == 1 and "broken.png" in back.error[0].value.replace("\\", "")
    assert not headline(back) and analysed == ["covid-bedside.png"]


@pytest.mark.parametrize(
    ("news", "said"),
    [
        ({"refused": {"huge.png": "Error: File must be 50.0MB or smaller."}}, "larger than 50 MB"),
        ({"lost": ["mine.png"]}, "connection to the server was lost"),
    ],
)
def test_what_only_the_browser_knows_stands_in_place_of_the_answer(
    news: dict, said: str, bundles: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [SimpleNamespace(**{"refused": None, "lost": None, **news})]
    silent = SimpleNamespace(refused=None, lost=None)
    monkeypatch.setattr(in_hand, "session_watch", lambda **_: told.pop() if told else silent)
    page = open_page()
    (name,) = news.get("refused") or news["lost"]
    assert len(page.error) == 1 and said in page.error[0].value
    assert name in page.error[0].value.replace("\\", "")
    assert not headline(page) and not bars(page) and not analysed
    page.file_uploader[0].set_value([(name, sample(), "image/png")]).run()
    assert tray_of(page) == [name] and headline(page).startswith(f"{name}: ") and not page.error


def test_a_sample_can_be_looked_at_with_a_file_in_hand(bundles: Path) -> None:
    page = upload(("mine.png", sample()))
    page.button_group[1].set_value("Normal chest").run()
    assert headline(page).startswith("Sample “Normal chest”: ") and tray_of(page) == ["mine.png"]
    page.button_group[0].set_value(next(iter(page.session_state.tray.held))).run()
    assert headline(page).startswith("mine.png: ") and not page.exception


def test_margins_are_named_and_a_switch_cuts_them_or_leaves_them(bundles: Path, analysed: list[str]) -> None:
    grey = np.asarray(Image.open(BytesIO(sample())).convert("L"))
    data = BytesIO()
    Image.fromarray(np.pad(grey, 100, constant_values=255)).save(data, "PNG")
    page = upload(("page.png", data.getvalue()))
    assert any("uniform margins" in each.value for each in page.warning), "this bundle does not cut them"
    switch = next(each for each in page.toggle if each.label == "Cut uniform margins")
    assert not switch.value
    switch.set_value(True).run()
    assert not page.exception and not any("uniform margins" in each.value for each in page.warning)
    (said,) = [each.value for each in page.caption if "margins were cut" in each.value]
    assert said.count("12\u00a0% at the") == 4  # 100 of 840 pixels
    assert len(analysed) == 3


def test_of_several_pictures_in_a_file_the_user_chooses_one(bundles: Path, analysed: list[str]) -> None:
    pages = [Image.open(each.path).convert("L") for each in list_samples() if each.path.suffix == ".png"]
    data = BytesIO()
    pages[0].save(data, "TIFF", save_all=True, append_images=pages[1:3])
    page = upload(("pages.tif", data.getvalue()))
    assert not headline(page) and not page.error and analysed == ["covid-bedside.png"]
    assert any("holds 3 pictures" in each.value for each in page.info)
    choices = [each for each in page.button if each.label.startswith("Read picture")]
    assert len(choices) == 3 and not any(each.disabled for each in choices)  # all have their small picture
    next(each for each in page.button if each.label == "Read picture 2").click().run()
    assert headline(page).startswith("pages.tif: ") and not page.exception
    next(each for each in page.button if "another picture" in each.label).click().run()
    assert not headline(page) and any("holds 3 pictures" in each.value for each in page.info)
