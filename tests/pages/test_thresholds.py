"""One threshold for all moves every answer on the page alike, and is called the same everywhere."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.analysis.results import Analysis
from core.export import json_csv
from core.models.backbones import BACKBONES
from tests.pages.test_case_in_hand import by_link, control, pinned_table
from tests.pages.test_gate import button
from tests.pages.test_pages import bars, bundles, headline, markdown

__all__ = ["bundles"]

COUNT = len(BACKBONES)
LOW = {"own_thresholds": "false", "threshold": "0.03"}


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle that ships answers with numbers between the thresholds of these tests."""
    monkeypatch.delenv("THORAXLENS_BUNDLES", raising=False)


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[Analysis]:
    """What was written to a file."""
    found: list[Analysis] = []
    to_csv = json_csv.to_csv

    def noted(analyses: Sequence[Analysis]) -> str:
        found.extend(analyses)
        return to_csv(analyses)

    monkeypatch.setattr(json_csv, "to_csv", noted)
    return found


def thresholds_of_bars(page: AppTest) -> set[float]:
    return {float(each) for each in re.findall(r'title="threshold ([\d.]+)"', bars(page)[0])}


@pytest.mark.parametrize(
    ("sample", "threshold", "answer", "mark"),
    [
        ("covid-bedside", "0.05", "COVID-19", "right"),
        ("covid-bedside", "0.99", "normal", "wrong"),
        ("normal", "0.99", "normal", "right"),
    ],
)
def test_every_answer_follows_the_threshold(
    shipped: None, exported: list[Analysis], sample: str, threshold: str, answer: str, mark: str
) -> None:
    page = by_link(sample=sample, guess="1", own_thresholds="false", threshold=threshold)
    button(page, "COVID-19").click().run()
    agree = f"{'all' if answer == 'COVID-19' else 'none of the'} five backbones agree with you"
    assert any(text.startswith("You said") and agree in text for text in markdown(page))
    control(page, "toggle", "Guess first").set_value(False).run()
    said = headline(page)
    assert f"all five backbones read this radiograph as {answer}. The ensemble reads it as {answer}" in said
    assert f"threshold of {threshold}" in said
    cards = [each.value for each in page.caption if re.match(r"reads as .* \(threshold", each.value)]
    assert cards == [f"reads as {answer} (threshold {threshold})"] * (COUNT + 1)
    marks = [str(each.value) for each in page.markdown if re.search(r" (right|wrong)$", str(each.value))]
    assert len(marks) == COUNT + 1 and all(each.endswith(f" {mark}") for each in marks)
    assert any(f"All five backbones are {mark}; the ensemble is {mark}" in text for text in markdown(page))
    assert thresholds_of_bars(page) == {float(threshold)}
    assert {each.threshold for each in exported[-1].readings} == {float(threshold)}
    assert exported[-1].decision.positive == (answer == "COVID-19")
    button(page, "Pin this case").click().run()
    page.button_group[0].set_value("Effusion and large heart").run()
    rows = [row for row in pinned_table(page) if re.match(r"\d\.\d\d, ", list(row.values())[1])]
    assert len(rows) == COUNT + 1
    assert all(f", {answer}" in cell for row in rows for cell in list(row.values())[1:3])


@pytest.mark.parametrize(("link", "wrong"), [({}, "is wrong on day 0;"), (LOW, "is right on all")])
def test_a_patient_over_time_follows_it_too(shipped: None, link: dict[str, str], wrong: str) -> None:
    """Whose ensemble is at 0.05 on day 0, and at 0.33 at least from then on."""
    page = by_link(sample="over-time-day-00", **link)
    (truth,) = [text for text in markdown(page) if text.startswith("**Truth: COVID-19.** The ensemble")]
    assert f"The ensemble {wrong}" in truth


def test_back_at_their_own_thresholds_the_pinned_case_has_its_own(bundles: Path) -> None:
    page = by_link(sample="normal")
    before = headline(page)
    control(page, "toggle", "Each model's own threshold").set_value(False).run()
    page.slider[0].set_value(0.99).run()
    button(page, "Pin this case").click().run()
    assert headline(page) != before
    control(page, "toggle", "Each model's own threshold").set_value(True).run()
    assert headline(page) == before
    own = page.session_state["pinned case"].models["vgg16"].threshold
    assert (
        own != 0.99 and page.session_state["pinned case"].at_threshold(0.99).models["vgg16"].threshold == 0.99
    )


def test_compare_names_what_decides_and_from_where_as_analyse_does(shipped: None) -> None:
    page = by_link("compare.py")
    (table,) = [each.value for each in page.dataframe if "Balanced accuracy" in each.value.columns]
    assert "Ensemble" in set(table["Model"]) and "Threshold" in table.columns
    shown = "\n".join([*markdown(page), *map(str, table.columns), *(each.label for each in page.toggle)])
    assert not re.search(r"operating point|SVM, all inputs", shown, re.IGNORECASE)
