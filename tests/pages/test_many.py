"""The table of all files in hand: it fills by itself, hides what is to be guessed, opens what is clicked."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.components.worklist import worklist as module
from pages.widgets import many
from tests.pages.test_case_in_hand import control
from tests.pages.test_gate import NOISE, button, grey, png
from tests.pages.test_pages import HOSTILE, analysed, bundles, headline, upload

__all__ = ["analysed", "bundles"]

SECONDS = 60
sent: list[dict[str, Any]] = []


@pytest.fixture(autouse=True)
def browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notes what the table is sent; which row somebody opens stands in the session under "opened"."""

    def shows(**given: Any) -> SimpleNamespace:
        sent.append(given["data"])
        return SimpleNamespace(chosen=st.session_state.pop("opened", None))

    monkeypatch.setattr(module, "_worklist", shows)
    sent.clear()


def chest(shift: int) -> bytes:
    return png(grey() // 2 + shift)


def filled(page: AppTest) -> list[dict[str, Any]]:
    """The rows, once all are there."""
    until = time.monotonic() + SECONDS
    while page.session_state["filling"].pace().running:
        assert time.monotonic() < until
        time.sleep(0.02)
    page.run()
    assert not page.exception
    return list(sent[-1]["rows"])


def words(page: AppTest) -> list[str]:
    return [str(each.value) for each in page.markdown]


def test_a_table_begins_with_the_second_file_and_one_bad_file_is_one_row(bundles: Path) -> None:
    page = upload(("one.png", chest(0)))
    assert not sent
    page.file_uploader[0].set_value(
        [
            (HOSTILE, chest(9), "image/png"),
            ("bad.png", b"no picture", "image/png"),
            ("noise.png", png(NOISE), "image/png"),
        ]
    ).run()
    assert [row["status"] for row in sent[-1]["rows"]].count("waiting") >= 1
    one, other, bad, noise = filled(page)
    assert one["name"] == "one.png" and other["name"].startswith("<img src=x onerror=alert(1)> **bold** [")
    assert [len(row["backbones"]) for row in (one, other)] == [5, 5] and one["picture"] != other["picture"]
    assert bad["status"] == "unreadable" and "cannot be read" in bad["said"] and not bad["picture"]
    assert noise["status"] == "refused" and noise["gate"] and "ensemble" not in noise
    assert any(text.startswith("4 files: ") and "1 not readable" in text for text in words(page))
    page.toggle(key=many.ASK_ALL).set_value(True).run()
    asked = filled(page)[3]
    assert asked["status"] == "refused" and asked["gate"] == noise["gate"] and asked["ensemble"]


def test_an_opened_row_is_the_case_above_and_costs_no_new_analysis(
    bundles: Path, analysed: list[str]
) -> None:
    page = upload(("a.png", chest(0)), ("b.png", chest(3)), ("noise.png", png(NOISE)))
    keys = [row["key"] for row in filled(page)]
    _sample, *mine = analysed
    assert sorted(mine) == ["a.png", "b.png"]
    page.session_state["opened"] = keys[1]
    page.run()
    assert headline(page).startswith("b.png: ") and sent[-1]["chosen"] == keys[1]
    assert analysed[1:] == mine
    page.toggle(key=many.ASK_ALL).set_value(True).run()
    filled(page)
    page.session_state["opened"] = keys[2]
    page.run()
    assert headline(page).startswith("noise.png: refused by the gate; asked all the same, ")
    assert analysed[1:] == [*mine, "noise.png"] and not page.exception


def test_it_stops_and_goes_on(bundles: Path) -> None:
    page = upload(*((f"{number}.png", chest(number)) for number in range(4)))
    button(page, "Stop the table").click().run()
    rows = filled(page)
    assert [row["status"] for row in rows].count("waiting") >= 1
    assert not any("files: " in text for text in words(page))
    button(page, "Resume the table").click().run()
    assert all(row["status"] != "waiting" for row in filled(page))
    assert not {each.label for each in page.button} & {"Stop the table", "Resume the table"}


def test_decisions_follow_a_moved_threshold_in_the_table_and_in_its_files(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: dict[str, Callable[[], bytes]] = {}
    download = st.download_button

    def offer(label: str, data: Any, file_name: str, *given: Any, **options: Any) -> bool:
        offered[file_name] = data
        return download(label, data, file_name, *given, **options)

    monkeypatch.setattr(st, "download_button", offer)
    page = upload(("=1+1.png", chest(0)), ("b.png", chest(3)))
    filled(page)
    control(page, "toggle", "Each model's own threshold").set_value(False).run()
    called: set[bool] = set()
    for threshold in (0.01, 0.99):
        page.slider[0].set_value(threshold).run()
        rows = sent[-1]["rows"]
        shown = [each for row in rows for each in (row["ensemble"], *row["backbones"])]
        assert all(each["positive"] == (each["probability"] >= threshold) for each in shown)
        called |= {each["positive"] for each in shown}
        table = list(csv.DictReader(io.StringIO(offered["thoraxlens-table.csv"]().decode())))
        assert [row["ensemble_positive"] for row in table] == [
            str(int(row["ensemble"]["positive"])) for row in rows
        ]
        assert {row["ensemble_threshold"] for row in table} == {str(threshold)}
    assert called == {True, False}
    assert table[0]["file"] == "'=1+1.png" and table[0]["disclaimer"]
    assert offered["thoraxlens-table.parquet"]()[:4] == b"PAR1"
    assert offered["thoraxlens-table.xlsx"]()[:2] == b"PK"


def test_no_answer_is_in_the_table_before_it_is_guessed(bundles: Path) -> None:
    page = upload(("a.png", chest(0)), ("b.png", chest(3)), ("noise.png", png(NOISE)))
    filled(page)
    control(page, "toggle", "Guess first").set_value(True).run()
    a, b, noise = sent[-1]["rows"]
    assert set(a) == set(b) == {"key", "name", "picture", "status", "gate", "said", "hidden"}
    assert "hidden" not in noise
    waiting = "The table can be taken along after a guess"
    assert any(each.value.startswith(waiting) for each in page.caption)
    button(page, "Normal").click().run()
    a, b, _ = sent[-1]["rows"]
    assert a["ensemble"] and "ensemble" not in b and not page.exception
