"""When outlines are nonsense: found on a small data set of phantoms with their own masks, and recorded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from core.models.bundle.files import read_manifest
from core.models.outline import MEASURES, OutlineLimits, Silence
from core.phantom import draw_spec, render
from train.bundle import outlines
from train.bundle.outlines import add_outlines
from train.cards import model_card
from train.config import TINY
from train.data.records import Record
from train.run import Run
from train.steps import judge_outlines

SPLITS = ("train", "val", "val", "test")


@pytest.fixture
def bundle(random_bundle: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "random"
    shutil.copytree(random_bundle, folder, copy_function=os.link)
    (folder / "bundle.json").unlink()
    shutil.copyfile(random_bundle / "bundle.json", folder / "bundle.json")
    return folder


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[list[Record], Path, Path]:
    """Phantoms as files with their masks: records, their folder, and that of the masks."""
    data, masks = tmp_path / "data", tmp_path / "masks"
    records = []
    for index in range(12):
        phantom, name = render(draw_spec(7000 + index, label="normal", size_px=128)), f"drawn/{index}.png"
        for folder, pixels in ((data, phantom.pixels), (masks, phantom.lungs)):
            (folder / "drawn").mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(folder / name)
        records.append(Record(name, "normal", SPLITS[index % 4], "drawn", f"g{index}"))
    return records, data, masks


def test_limits_are_found_and_recorded(
    bundle: Path, drawn: tuple[list[Record], Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlines, "add_cards", lambda folder, manifest: manifest)
    told: list[tuple[int, int]] = []
    add_outlines(bundle, *drawn, lambda done, total: told.append((done, total)))
    lungs = read_manifest(bundle).lungs
    assert lungs and lungs.outlines and lungs.outlines.masks == 12
    assert {split: each.images for split, each in lungs.outlines.silence.items()} == {"val": 6, "test": 3}
    assert lungs.outlines.silence["val"].silent == 0 and told[-1] == (9, 9)


def test_what_is_missing_is_said(bundle: Path, drawn: tuple[list[Record], Path, Path]) -> None:
    records, data, masks = drawn
    with pytest.raises(DataError, match="masks of fewer than two radiographs"):
        add_outlines(bundle, records, data, data / "nowhere")
    with pytest.raises(DataError, match="no validation radiographs"):
        add_outlines(bundle, [each for each in records if each.split != "val"], data, masks)


def test_a_network_that_finds_no_lungs_is_said_and_leaves_the_bundle_as_it_is(
    bundle: Path, drawn: tuple[list[Record], Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    records, data, masks = drawn
    before, said = (bundle / "bundle.json").read_bytes(), []
    monkeypatch.setattr(outlines, "find_lungs", lambda *given: np.zeros((64, 64), np.float32))
    run = Run(bundle, TINY, data, "scratch", None, lambda title: lambda done, total: None, said.append)
    vars(run)["records"] = records
    judge_outlines(run, bundle, None)
    assert said == []
    judge_outlines(run, bundle, masks)
    assert len(said) == 1 and "finds no two lungs on more than 1 %" in said[0]
    assert (bundle / "bundle.json").read_bytes() == before


def test_the_card_says_how_often_there_is_no_outline(random_bundle: Path) -> None:
    lungs, places = read_manifest(random_bundle).lungs, len(MEASURES)
    limits = OutlineLimits(
        masks=9,
        mean=[0.5] * places,
        spread=[1.0] * places,
        precision=np.eye(places).tolist(),
        distance=2,
        silence={"val": Silence(images=100, silent=1), "external": Silence(images=61, silent=2)},
    )
    assert lungs and model_card._silence(lungs) == ""
    said = model_card._silence(lungs.model_copy(update={"outlines": limits}))
    assert "shapes of 9 that people drew" in said
    assert "1 of 100 (validation) and 2 of 61 (clinics never seen)" in said
