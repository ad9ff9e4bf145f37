"""Every page through Streamlit's AppTest, on a bundle with random weights."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import wording
from core.samples import list_samples
from core.service import Service

PAGES = sorted(path.name for path in Path("pages").glob("*.py") if path.stem in ("analyse", "about"))
SECONDS = 120
HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$.png"


@pytest.fixture
def bundles(random_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the random bundle; what other tests loaded is forgotten."""
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    st.cache_resource.clear()
    return random_bundle.parent


def open_page(name: str) -> AppTest:
    return AppTest.from_file(f"pages/{name}", default_timeout=SECONDS).run()


def texts(page: AppTest) -> str:
    return " ".join(str(element.value) for element in page.markdown)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_with_its_disclaimer(name: str, bundles: Path) -> None:
    page = open_page(name)
    assert not page.exception
    assert any(wording.DISCLAIMER in caption.value for caption in page.caption)


def test_the_app_opens_on_the_analysis() -> None:
    assert {"analyse.py", "about.py"} == set(PAGES)


def test_the_first_screen_shows_a_sample_read_by_five(bundles: Path) -> None:
    page = open_page("analyse.py")
    assert "read this radiograph as COVID-19" in texts(page) or "reads this radiograph as" in texts(page)
    for name in ("VGG16", "DenseNet121", "InceptionV3", "ResNet50", "Xception"):
        assert f"**{name}**" in texts(page)
    assert not page.error


def test_colour_map_and_threshold_ask_no_network(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page("analyse.py")
    asked = []
    monkeypatch.setattr(Service, "read", lambda *arguments: asked.append(arguments))
    from pages import components

    monkeypatch.setattr(components, "analysed", lambda source, bundle: None)
    page.toggle[0].set_value(False)
    assert not asked
    assert not page.exception


def test_no_bundle_is_said_calmly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path))
    page = open_page("analyse.py")
    assert not page.exception and not page.error
    assert "There are no models yet" in page.info[0].value


def test_a_damaged_bundle_is_named_and_the_page_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "bundle.json").write_text("{}")
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(tmp_path))
    page = open_page("analyse.py")
    assert not page.exception
    assert len(page.error) == 1 and "broken" in page.error[0].value
    assert any("DICOM" in str(uploader.label) for uploader in page.get("file_uploader"))


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 nothing", b"plain text"])
def test_a_bad_upload_is_one_sentence_and_the_page_stays(bundles: Path, data: bytes) -> None:
    page = AppTest.from_file("pages/analyse.py", default_timeout=SECONDS).run()
    page.file_uploader[0].upload(HOSTILE, data, "image/png").run()
    assert not page.exception
    assert len(page.error) == 1
    assert "<img" not in page.error[0].value.replace("\\<img", "")


def test_a_good_upload_with_a_hostile_name_is_shown_as_text(bundles: Path) -> None:
    page = AppTest.from_file("pages/analyse.py", default_timeout=SECONDS).run()
    sample = next(each for each in list_samples() if each.path.suffix == ".png")
    page.file_uploader[0].upload(HOSTILE, sample.path.read_bytes(), "image/png").run()
    assert not page.exception and not page.error
    shown = " ".join(caption.value for caption in page.caption)
    assert "\\<img" in shown and "\\*\\*bold" in shown
