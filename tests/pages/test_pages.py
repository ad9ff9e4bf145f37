"""Every page through Streamlit's AppTest, on a bundle with random weights: what users see, and do not see."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import figures, service, wording
from core.backbones import BACKBONES
from core.bundle import file_sha256, read_manifest, write_manifest
from core.manifest import BundleFile
from core.markdown import harmless
from core.samples import list_samples
from core.sources import PROJECT
from core.trials import CoveredLungs, MeasuredAuc, Trials, write_trials

PAGES = ("analyse.py", "compare.py", "cards.py", "about.py")
SECONDS = 240  # of a busy machine, the first time; 3 on an idle one
HOSTILE = "<img src=x onerror=alert(1)> **bold** [link](http://x.example) www.x.io a@x.io :red[hot] $x$.png"
REFUSED = {
    "empty": (b"", "empty"),
    "PDF": (b"%PDF-1.7 nothing", "PDF"),
    "text": (b"plain text", ""),
    "cut short": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ""),
}


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves the page as `__main__`, which processes that later tests spawn would run again."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


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

    def counted(radiograph, models):
        names.append(radiograph.name)
        return analyse(radiograph, models)

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
    """All that the browser will read as Markdown."""
    kinds = (page.markdown, page.caption, page.error, page.warning, page.info, page.subheader)
    return [str(element.value) for kind in kinds for element in kind]


def unescaped(text: str) -> str:
    """What is left of a text for Markdown to interpret."""
    return re.sub(r"\\.", "", text)


def test_the_app_lists_every_page() -> None:
    listed = re.findall(r"pages/(\w+\.py)", (PROJECT / "app.py").read_text("utf-8"))
    assert sorted(listed) == sorted(PAGES)


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
    assert len(page.get("file_uploader")) == (name == "analyse.py")


def test_about_says_where_a_bundle_comes_from(bundles: Path, random_bundle: Path) -> None:
    page = open_page("about.py")
    title = read_manifest(random_bundle).title
    assert any(title in text.replace("\\", "") for text in markdown(page))
    assert len(page.json) == 1


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
    assert [tab.label for tab in page.tabs] == ["Model card", "Data card"]
    labels = [each.label for each in page.expander]
    shown = "\n".join([*(str(element.value) for element in page.markdown), *labels])
    assert "#### Model card" in shown and "| --- | --- |" in shown
    assert "**Collections**" in labels and "onerror" in shown.split("</style>")[-1] and "onerror" in labels[3]
    live = unescaped(shown.split("</style>")[-1])
    assert not any(mark in live for mark in ("<img", "[link", "$x", ":red["))
    assert not any(link in shown.replace("\\", "") for link in ("://x", "www.x", "@x"))


def test_sections_of_a_card_open_one_by_one_or_all_at_once(carded: Path) -> None:
    page = open_page("cards.py")
    sections = ["What it is", "What for", "Limits", harmless(HOSTILE), "Collections"]
    assert [(each.label.strip("*"), each.proto.expanded) for each in page.expander] == list(
        zip(sections, (True, True, False, False, True), strict=True)  # the first two of either card
    )
    page.toggle[0].set_value(True).run()
    shown = "\n".join(str(element.value) for element in page.markdown)
    assert not page.expander and all(f"##### {each}" in shown for each in sections)


def test_a_card_that_was_changed_is_refused(carded: Path) -> None:
    (carded / "data_card.md").write_text("better")
    page = open_page("cards.py")
    assert len(page.error) == 1 and "data_card.md" in page.error[0].value.replace("\\", "")
    assert not page.tabs


def test_a_bundle_of_before_has_no_cards_and_says_so(bundles: Path) -> None:
    page = open_page("cards.py")
    assert len(page.info) == 1 and "no cards" in page.info[0].value and not page.tabs


def test_what_the_trials_showed_stands_beside_the_figures(carded: Path) -> None:
    page = open_page()
    (line,) = [each.value for each in page.caption if "lungs covered" in each.value]
    assert "0.72 to 0.50 on 44 images from a clinic never seen" in line
    assert not any("never learnt from" in each.value for each in page.caption)


def test_the_first_screen_shows_a_sample_read_by_five(bundles: Path) -> None:
    page = open_page()
    assert any("this radiograph as COVID-19" in text for text in markdown(page))
    cards = [text for text in markdown(page) if re.fullmatch(r"\*\*\w+\*\* &nbsp; [01]\.\d\d", text)]
    assert [card.split("**")[1] for card in cards] == [backbone.name for backbone in BACKBONES]
    assert not page.error


def test_colour_map_threshold_and_coming_back_ask_no_network(bundles: Path, analysed: list[str]) -> None:
    page = open_page()
    assert len(analysed) == 1
    page.button_group[-1].set_value(figures.COLOUR_MAPS[1]).run()
    page.toggle[0].set_value(False).run()
    page.slider[0].set_value(0.99).run()
    assert not page.exception
    assert any("threshold 0.99" in caption.value for caption in page.caption)
    open_page()
    assert len(analysed) == 1


def test_another_sample_is_another_analysis(bundles: Path, analysed: list[str]) -> None:
    page = open_page()
    other = next(each for each in list_samples() if each.path.name not in analysed)
    page.button_group[0].set_value(other.title).run()
    assert not page.exception
    assert len(analysed) == 2 and len(set(analysed)) == 2


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
    assert not page.get("plotly_chart")


def test_after_a_refusal_the_next_file_is_read(bundles: Path) -> None:
    page = upload(("broken.png", b"no image"))
    page.file_uploader[0].set_value([("good.png", sample(), "image/png")]).run()
    assert not page.exception and not page.error
    assert page.get("plotly_chart")


@pytest.mark.parametrize("suffix", [".png", ".dcm"])
def test_a_hostile_name_is_shown_as_text(bundles: Path, suffix: str) -> None:
    page = upload((HOSTILE.replace(".png", suffix), sample(suffix)))
    assert not page.error
    shown = [text for text in markdown(page) if "onerror" in text]
    assert shown
    for text in shown:
        assert not any(mark in unescaped(text) for mark in ("<", "**", "[", "$", ":red"))
        assert not any(link in text.replace("\\", "") for link in ("://", "www.", "@x"))


def test_of_several_files_the_user_chooses(bundles: Path, analysed: list[str]) -> None:
    page = upload(("one.png", sample()), ("two.png", b"no image"))
    assert page.selectbox[0].options == ["one.png", "two.png"]
    assert "one.png" in analysed and not page.error
    page.selectbox[0].select_index(1).run()
    assert len(page.error) == 1 and not page.exception
    files = [("one.png", sample()), ("two.png", b"no image"), ("one.png", sample())]
    page.file_uploader[0].set_value([(name, data, "image/png") for name, data in files]).run()
    assert page.selectbox[0].options == ["one.png", "two.png", "one.png (2)"]
    page.selectbox[0].select_index(2).run()
    assert not page.error and not page.exception
