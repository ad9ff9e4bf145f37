"""The pointing game: a map that points into the box is a hit, and what knows nothing gets what it should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from core.errors import DataError
from core.evaluation.trials import PointingGame, Trials
from core.margins import Box
from core.phantom.recipe import Recipe
from core.phantom.truth import png_file
from train.cards import trials as cards
from train.data.records import Record
from train.trials.pointing import DrawnBox, Pointed, places_in, play, point, read_boxes, tabulate

LEFT_HALF = DrawnBox("a.png", "Pneumonia", 0.0, 0.0, 0.5, 1.0)
RECORD = Record("nih/a.jpg", "pneumonia", "test", "nih", "g1", original="a.png")


def test_places_lie_in_a_box_where_their_middle_does() -> None:
    heat = np.zeros((14, 14), np.float32)
    whole = places_in([LEFT_HALF], Box(0, 0, 200, 100), (100, 200), heat)
    assert whole[:, :7].all() and not whole[:, 7:].any()
    right_half = places_in([LEFT_HALF], Box(100, 0, 200, 100), (100, 200), heat)
    assert not right_half.any()
    none = places_in([], Box(0, 0, 200, 100), (100, 200), heat)
    assert not none.any()


def test_a_hit_is_the_hottest_place_in_a_box_and_no_heat_is_none() -> None:
    inside = np.zeros((14, 14), bool)
    inside[:, :7] = True
    heat = np.full((14, 14), 0.1, np.float32)
    heat[3, 2] = 1
    found = point("Pneumonia", heat, inside, RECORD)
    assert found.hit and found.random == 0.5 and not found.centre and not found.learnt
    assert 0.5 < found.heat < 0.6
    heat[3, 12] = 2
    assert not point("Pneumonia", heat, inside, RECORD).hit
    assert not point("Pneumonia", np.zeros_like(heat), inside, RECORD).hit


def test_random_maps_hit_as_often_as_the_table_says() -> None:
    random, inside = np.random.default_rng(1), np.zeros((14, 14), bool)
    inside[2:8, 3:11] = True
    pointed = [point("Mass", random.random((14, 14), dtype=np.float32), inside, RECORD) for _ in range(600)]
    (overall, mass) = tabulate(pointed)
    assert overall.asked == mass.asked == 600 and mass.finding == "Mass"
    assert overall.low < overall.random < overall.high


def test_boxes_are_read_as_shares_and_what_is_wrong_is_said(tmp_path: Path) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text("image,finding,x,y,w,h\na.png,Infiltrate,512,256,256,512\nb.png,finding,1,1,9,9\n")
    (box,) = read_boxes(table)
    assert box == DrawnBox("a.png", "Infiltration", 0.5, 0.25, 0.75, 0.75)
    table.write_text("image,finding,x,y,w,h\na.png,Mass,900,0,300,10\n")
    with pytest.raises(DataError, match="outside of its picture in line 2"):
        read_boxes(table)


def test_a_network_is_asked_where_it_looks_on_a_picture_with_a_box(random_models, tmp_path: Path) -> None:
    (tmp_path / "nih").mkdir()
    (tmp_path / "nih" / "a.png").write_bytes(png_file(Recipe(2).render(160)))
    record = replace(RECORD, path="nih/a.png")
    everywhere = replace(LEFT_HALF, right=1.0)
    told: list[int] = []
    overall, row = play([everywhere], [record], tmp_path, random_models, lambda done, _: told.append(done))
    assert told == [1] and (overall.asked, row.finding, row.random) == (1, "Pneumonia", 1)
    assert row.hits in (0, 1) and row.heat in (0, pytest.approx(1))
    with pytest.raises(DataError, match="None of the boxes"):
        play([LEFT_HALF], [], tmp_path, random_models)


def test_the_card_says_what_came_of_it_beside_what_knows_nothing() -> None:
    assert "Not measured" in cards.pointing(Trials())
    sure = [Pointed("Pneumonia", True, 0.1, False, 0.5, False)] * 30
    said = cards.pointing(Trials(pointing=tabulate(sure)))
    assert "30 = 1.00" in said and "more often than either" in said and "0.10" in said
    unsure = [Pointed("Pneumonia", at % 4 == 0, 0.25, False, 0.2, True) for at in range(20)]
    assert "not shown to point any better" in cards.pointing(Trials(pointing=tabulate(unsure)))
    (row, _) = tabulate(sure)
    with pytest.raises(ValidationError, match="more hits"):
        PointingGame.model_validate(row.model_dump() | {"hits": 31})
