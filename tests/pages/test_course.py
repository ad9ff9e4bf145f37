"""Over time: files in hand, or a rendered patient, as curves; what is bad is a row with its reason."""

import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import service
from core.analysis.course import MAX_FILMS
from core.display.course import MIXED
from core.errors import DecoderError
from core.phantom.samples import list_samples
from core.reading.decoder_pool import TOO_SLOW, examine_isolated, read_radiograph_isolated
from core.reading.examination import Examination
from core.reading.radiograph import Radiograph
from core.reading.tries import TRIES
from pages.widgets import course_files
from tests.pages.test_case_in_hand import by_link, control, link_of, offered
from tests.pages.test_gate import button, grey, png
from tests.pages.test_pages import analysed, bundles, headline, markdown, sample, upload

__all__ = ["analysed", "bundles"]

EARLIER = {f"No. {number} earlier" for number in (1, 2, 3)}
SWITCH = "The files in hand are radiographs of one patient"
FLIPPED = png(np.ascontiguousarray(np.rot90(grey(), 2)))


def files(count: int) -> list[tuple[str, bytes]]:
    """Radiographs of different content."""
    series = [each.path.read_bytes() for each in list_samples() if each.series]
    return [(f"{'abcd'[at]}.png", data) for at, data in enumerate(series[:count])]


def dicom(patient: str, day: str) -> bytes:
    """A sample that names a patient and a date."""
    data = io.BytesIO()
    header = pydicom.dcmread(io.BytesIO(sample(".dcm")))
    header.PatientID, header.StudyDate = patient, day
    header.save_as(data)
    return data.getvalue()


def of_one_patient(*held: tuple[str, bytes]) -> AppTest:
    page = upload(*held)
    control(page, "toggle", SWITCH).set_value(True).run()
    assert not page.exception
    return page


def curves(page: AppTest) -> list[str]:
    """What the curves say to those who cannot see them; none where there are none."""
    alts = [each.proto.alt for each in page.get("plotly_chart")]
    return [alt for alt in alts if alt.startswith("Extent of") or ", threshold " in alt]


def said(page: AppTest) -> list[str]:
    return [text.replace("\\", "") for text in markdown(page)]


def test_the_rendered_patient_is_there_at_once_and_its_link_restores_it(
    bundles: Path, analysed: list[str]
) -> None:
    page = by_link()
    assert not curves(page)
    page.button_group[0].set_value("One patient over time").run()
    assert link_of(page) == {"sample": "over-time-day-00"} and "opens this sample" in offered(page)
    extent, probability = curves(page)
    assert [f"day {day} " in extent for day in (0, 3, 7, 14)] == [
        True
    ] * 4 and "The truth: day 0 2.0" in extent
    assert "VGG16, threshold" in probability and len(analysed) == 5
    assert any(text.startswith("- **Extent") and "day 14" in text for text in said(page))
    assert any("never validated for follow-up" in text for text in said(page))
    control(page, "button_group", "Radiograph of").set_value("Day 7").run()
    assert headline(page).startswith("Sample “One patient over time, day 7”: ") and len(analysed) == 5
    other = by_link(**link_of(page))
    assert headline(other) == headline(page) and curves(other) == curves(page) and len(analysed) == 5
    page.button_group[0].set_value("Normal chest").run()
    assert not curves(page) and link_of(page) == {"sample": "normal"} and not page.exception


def test_one_file_has_no_course_and_two_have_none_before_somebody_says_so(bundles: Path) -> None:
    page = upload(*files(1))
    assert not any(each.label == SWITCH for each in page.toggle)
    page.file_uploader[0].set_value([(*files(2)[1], "image/png")]).run()
    assert not curves(page)
    control(page, "toggle", SWITCH).set_value(True).run()
    assert len(curves(page)) == 2 and "does not travel" in offered(page) and link_of(page) == {}
    control(page, "toggle", SWITCH).set_value(False).run()
    assert not curves(page) and not page.exception


def test_the_marks_of_a_file_that_came_again_lead_to_it(bundles: Path) -> None:
    page = of_one_patient(*files(2))
    button(page, "Put away").click().run()
    assert not curves(page)
    page.file_uploader[0].set_value([(*files(1)[0], "image/png")]).run()
    page.checkbox[1].set_value(True).run()
    charts = [json.loads(each.proto.spec) for each in page.get("plotly_chart") if each.proto.selection_mode]
    keys = {key for chart in charts for trace in chart["data"] for (key,) in trace.get("customdata", [])}
    assert len(charts) == 2 and keys == set(page.session_state.tray.held) == {"1", "2"}


def test_bad_files_are_rows_with_their_reason_and_a_gap(bundles: Path, analysed: list[str]) -> None:
    a, b = files(2)
    page = of_one_patient(a, ("broken.png", b"no image"), ("flipped.png", FLIPPED), b)
    extent, _ = curves(page)
    assert "radiograph 1 " in extent and "radiograph 4 " in extent
    assert extent.endswith("No answer: radiograph 2 and radiograph 3.")
    assert any("Radiograph 2, broken.png: This file is" in text for text in said(page))
    assert any("Radiograph 3, flipped.png: This" in text and "upside down" in text for text in said(page))
    assert analysed[1:] == ["a.png", "b.png"] and not page.error
    page.button_group[0].set_value(list(page.session_state.tray.held)[2]).run()
    control(page, "toggle", "Ask them all the same").set_value(True).run()
    extent, probability = curves(page)
    assert (
        extent.endswith("No answer: radiograph 2.")
        and "radiograph 3 " not in extent.partition("No answer")[0]
    )
    assert probability.count("radiograph 3 ") == len(probability.split("threshold")) - 1
    assert any(text.endswith("Asked all the same.") for text in said(page)) and not page.exception


def test_headers_date_radiographs_and_nothing_of_them_is_shown(bundles: Path) -> None:
    page = of_one_patient(
        ("late.dcm", dicom("MRN-4711", "20260309")),
        ("early.dcm", dicom("MRN-4711", "20260301")),
    )
    extent, _ = curves(page)
    assert "day 0 " in extent and "day 8 " in extent
    assert any("all name the same one" in text for text in said(page))
    assert not any("Patient ID" in each.value for each in page.warning)
    placeholders = [each.placeholder for each in page.text_input]
    assert placeholders == ["day 0, by header", "day 8, by header"]
    everything = " ".join([*said(page), *placeholders, *curves(page), *map(str, page.checkbox)])
    assert "4711" not in everything and "2026-03-0" not in everything and "20260309" not in everything


def test_what_failed_and_may_not_fail_again_is_read_again(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = {"early.dcm", "header"}

    def read(data: bytes, name: str, frame: int = 0) -> Radiograph:
        if name in busy:
            raise DecoderError(TOO_SLOW)
        return read_radiograph_isolated(data, name, frame)

    def examine(data: bytes, key: bytes) -> Examination:
        if "header" in busy:
            raise DecoderError(TOO_SLOW)
        return examine_isolated(data, key)

    monkeypatch.setattr(service, "read_radiograph_isolated", read)
    monkeypatch.setattr(course_files, "examine_isolated", examine)
    st.cache_resource.clear()
    page = of_one_patient(
        ("late.dcm", dicom("one", "20260309")), ("early.dcm", dicom("one", "20260301")), files(1)[0]
    )
    assert any(TOO_SLOW in text for text in said(page)) and not any("day 8 " in text for text in curves(page))
    busy.clear()
    page.checkbox[2].set_value(False).run()
    assert not any(TOO_SLOW in text for text in said(page)) and "day 8 " in curves(page)[0]


def test_what_is_always_too_slow_is_not_waited_for_at_each_click(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def read(data: bytes, name: str, frame: int = 0) -> Radiograph:
        asked.append(name)
        if name == "early.dcm":
            raise DecoderError(TOO_SLOW)
        return read_radiograph_isolated(data, name, frame)

    def examine(data: bytes, key: bytes) -> Examination:
        asked.append("header")
        raise DecoderError(TOO_SLOW)

    monkeypatch.setattr(service, "read_radiograph_isolated", read)
    monkeypatch.setattr(course_files, "examine_isolated", examine)
    st.cache_resource.clear()
    page = of_one_patient(files(1)[0], ("early.dcm", dicom("one", "20260301")))
    for _ in range(TRIES + 1):
        page.run()
    counted = Counter(asked)
    assert TRIES <= counted["early.dcm"] <= TRIES + 1  # the table of all files tries it, too, once
    assert counted["header"] <= 2 * TRIES
    assert any(TOO_SLOW in text for text in said(page)) and not page.exception


def test_different_patients_are_named_in_one_sentence_and_can_be_taken_out(bundles: Path) -> None:
    page = of_one_patient(
        ("a.dcm", dicom("one", "20260301")),
        ("b.dcm", dicom("one", "20260302")),
        ("c.dcm", dicom("two", "20260303")),
    )
    (warning,) = [each.value for each in page.warning if "Patient ID" in each.value]
    assert "c.dcm names another patient than a.dcm and b.dcm" in warning.replace("\\", "")
    next(each for each in page.checkbox if each.label.endswith("c.dcm")).set_value(False).run()
    assert not any("Patient ID" in each.value for each in page.warning)
    assert "day 2 " not in curves(page)[0] and "day 1 " in curves(page)[0]


def test_who_comes_later_belongs_only_if_it_names_the_patient(bundles: Path) -> None:
    page = of_one_patient(("a.dcm", dicom("one", "20260301")), ("b.dcm", dicom("one", "20260302")))
    later = [("c.dcm", dicom("one", "20260303")), ("d.dcm", dicom("two", "20260304")), files(1)[0]]
    page.file_uploader[0].set_value([(*each, "image/png") for each in later]).run()
    ticked = {each.label.rpartition(" ")[2].replace("\\", ""): each.value for each in page.checkbox}
    assert ticked == {"a.dcm": True, "b.dcm": True, "c.dcm": True, "d.dcm": False, "a.png": False}
    assert not any("Patient ID" in each.value for each in page.warning) and "day 2 " in curves(page)[0]


def test_the_user_orders_and_dates_what_has_no_header(bundles: Path) -> None:
    page = of_one_patient(*files(3))
    before = curves(page)[1]
    assert {each.label for each in page.button} >= EARLIER
    button(page, "No. 3 earlier").click().run()
    assert [each.label[-5] for each in page.checkbox] == ["a", "c", "b"]
    assert curves(page)[1] != before
    for number, typed in ((0, "7"), (2, "2026-03-01")):
        page.text_input[number].set_value(typed).run()
    assert any(each.value == MIXED for each in page.warning) and "radiograph 1" in curves(page)[0]
    for number, typed in ((0, "8.3.2026"), (1, "soon")):
        page.text_input[number].set_value(typed).run()
    assert (
        any("c.png: This is neither a day" in text for text in said(page))
        and "radiograph 1" in curves(page)[0]
    )
    assert not any(each.value == MIXED for each in page.warning)
    page.text_input[1].set_value("3.3.2026").run()
    assert [text for text in ("day 0 ", "day 2 ", "day 7 ") if text in curves(page)[0]] == [
        "day 0 ",
        "day 2 ",
        "day 7 ",
    ]
    assert [each.label[-5] for each in page.checkbox] == ["b", "c", "a"]
    assert all(button(page, label).disabled for label in EARLIER) and not page.exception


def test_reading_stops_where_the_user_says_and_goes_on_later(bundles: Path, analysed: list[str]) -> None:
    page = of_one_patient(*files(2))
    page.session_state["course"].stopped = True
    page.session_state["filling"].stop()  # the table of all files would read them, too
    page.file_uploader[0].set_value([(*files(3)[2], "image/png")]).run()
    page.button_group[0].set_value(next(iter(page.session_state.tray.held))).run()
    count = len(analysed)
    page.session_state["cut margins"] = True  # read otherwise, they are to be read again
    page.run()
    assert len(analysed) == count + 1 and not curves(page)
    assert any("1 of 2 are read." in text for text in said(page))
    button(page, "Read the rest").click().run()
    assert len(curves(page)) == 2 and len(analysed) == count + 2 and not page.exception


def test_a_course_holds_so_many_and_says_so_beyond(bundles: Path) -> None:
    page = of_one_patient(*((f"{number}.png", b"no image") for number in range(MAX_FILMS + 1)))
    assert not curves(page) and any("two radiographs with an answer" in each.value for each in page.info)
    assert [each.value for each in page.checkbox] == [True] * MAX_FILMS + [False]
    page.checkbox[MAX_FILMS].set_value(True).run()
    assert any(f"at most {MAX_FILMS}" in each.value for each in page.warning) and not page.exception
