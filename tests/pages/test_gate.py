"""The gate on the page: a refusal in the place of the answer, with the click that helps."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.phantom.samples import list_samples
from tests.pages.test_pages import analysed, bars, bundles, headline, sample, tray_of, upload

__all__ = ["analysed", "bundles"]


def png(pixels: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def grey() -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(sample())).convert("L"))


def button(page: AppTest, label: str):
    return next(each for each in page.button if each.label == label)


def downloads(page: AppTest) -> list[str]:
    return [each.proto.label for each in page.get("download_button")]


def refusals(page: AppTest) -> list[str]:
    return [each.value.replace("\\", "") for each in page.error]


NOISE = np.random.default_rng(0).integers(0, 255, (300, 260), dtype=np.uint8)


def test_what_is_no_chest_gets_no_answer_and_no_network_is_asked(bundles, analysed: list[str]) -> None:
    page = upload(("noise.png", png(NOISE)))
    (refusal,) = refusals(page)
    assert refusal.startswith("**noise.png**: This") and "they were not asked" in refusal
    assert not headline(page) and not bars(page) and "noise.png" not in analysed
    assert downloads(page) == ["PDF, one page to print"]
    button(page, "Choose another").click().run()
    assert tray_of(page) == [] and headline(page) and not page.exception


def test_asked_all_the_same_the_refusal_stays_over_the_answers(bundles, analysed: list[str]) -> None:
    page = upload(("noise.png", png(NOISE)))
    next(each for each in page.toggle if each.label == "Ask them all the same").set_value(True).run()
    (refusal,) = refusals(page)
    assert "what follows means nothing" in refusal
    assert headline(page).startswith("noise.png: refused by the gate; asked all the same, ")
    assert not any("How much of the lungs" in each.value for each in page.header)
    assert not any("heat in the lungs" in each.value for each in page.caption)
    assert analysed[-1] == "noise.png"
    assert downloads(page) == ["PDF, one page to print", "JSON, everything", "CSV, one row"]
    next(each for each in page.toggle if each.label == "Ask them all the same").set_value(False).run()
    assert not headline(page) and len(refusals(page)) == 1 and not page.exception


@pytest.mark.parametrize(
    ("lay", "said", "click"),
    [
        (lambda pixels: np.rot90(pixels, 2), "upside down", "Turn it"),
        (lambda pixels: np.rot90(pixels), "turned a quarter to the left", "Turn it"),
        (lambda pixels: 255 - pixels, "its greys inverted", "Invert it"),
    ],
)
def test_one_click_sets_a_chest_right_and_another_undoes_it(
    bundles, lay: Callable[[np.ndarray], np.ndarray], said: str, click: str
) -> None:
    page = upload(("turned.png", png(np.ascontiguousarray(lay(grey())))))
    (refusal,) = refusals(page)
    assert said in refusal and not headline(page)
    button(page, click).click().run()
    assert not page.error and headline(page).startswith("turned.png: ")
    assert any("You had the picture" in each.value for each in page.caption)
    button(page, "As the file has it").click().run()
    assert said in refusals(page)[0] and not page.exception


def test_another_picture_of_the_same_name_lies_as_it_lies(bundles) -> None:
    page = upload(("a.png", png(np.ascontiguousarray(np.rot90(grey(), 2)))))
    button(page, "Turn it").click().run()
    assert headline(page)
    page.file_uploader[0].set_value([("a.png", sample(), "image/png")]).run()
    assert headline(page).startswith("a.png (2): ")
    assert not any("You had the picture" in each.value for each in page.caption)


def test_every_sample_passes_but_the_one_from_the_side(bundles, random_models) -> None:
    from core.analysis.run import look
    from core.reading.radiograph import read_radiograph

    for each in list_samples():
        verdict = look(read_radiograph(each.path.read_bytes(), each.path.name), random_models)
        assert verdict.refused == (each.key == "lateral"), (each.path.name, verdict)
        assert (verdict.kind.key == "lateral") == verdict.refused
