"""Every page through Streamlit's AppTest, on a bundle with random weights: what users see, and do not see."""

import re
import sys
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import figures, service, wording
from core.backbones import BACKBONES
from core.samples import list_samples
from core.sources import PROJECT

PAGES = ("analyse.py", "about.py")
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
    assert len(page.info) == (name == "analyse.py")
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
    from core.bundle import read_manifest

    title = read_manifest(random_bundle).title
    assert any(title in text.replace("\\", "") for text in markdown(page))
    assert len(page.json) == 1


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
