"""What the viewer is sent: greys, heat, outlines and words."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from core.analysis.results import Analysis
from core.display import scene, wording
from core.display.scene import COLOUR_MAPS, Picture, build_scene
from core.margins import Box
from core.models.backbones import BACKBONES

NOISE = np.random.default_rng(0).integers(0, 256, (400, 300), np.uint8)
SMOOTH = np.tile(np.arange(256, dtype=np.uint8), (64, 1))


def decoded(uri: str) -> np.ndarray:
    head, _, data = uri.partition(",")
    assert head in ("data:image/png;base64", "data:image/jpeg;base64")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def size(uri: str) -> int:
    return len(base64.b64decode(uri.partition(",")[2]))


def test_greys_that_fit_are_sent_exactly() -> None:
    assert np.array_equal(decoded(scene.encode(SMOOTH)), SMOOTH)


@pytest.mark.parametrize("max_bytes", [100_000, 80_000])
def test_greys_that_do_not_fit_become_the_best_jpeg_that_does(max_bytes: int) -> None:
    uri = scene.encode(NOISE, max_bytes)
    assert uri.startswith("data:image/jpeg") and size(uri) <= max_bytes
    assert decoded(uri).shape == NOISE.shape


def test_nothing_is_refused_for_its_size() -> None:
    assert size(scene.encode(NOISE, 10)) > 10


def test_a_picture_is_the_same_whatever_its_file_is_called() -> None:
    assert Picture(SMOOTH).identity == Picture(SMOOTH.copy()).identity != Picture(SMOOTH[:, ::-1]).identity


def test_greys_that_were_scaled_or_compressed_are_not_said_to_be_exact(
    analysis: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = np.zeros((analysis.height_px, analysis.width_px), np.uint8)
    assert build_scene(Picture(whole), analysis, "viewer")["exact"]
    assert not build_scene(Picture(whole[::2, ::2]), analysis, "viewer")["exact"]
    monkeypatch.setattr(scene.encode, "__defaults__", (10,))
    assert not build_scene(Picture(whole), analysis, "viewer")["exact"]


def test_a_scene_holds_a_plain_pane_and_one_for_each_backbone(analysis: Analysis) -> None:
    sent = build_scene(Picture(SMOOTH, SMOOTH, 0.14), analysis, "viewer")
    assert [each["name"] for each in sent["panes"]] == ["Radiograph", *(each.name for each in BACKBONES)]
    assert [each["colour"] for each in sent["panes"][1:]] == [each.colour for each in BACKBONES]
    assert [each["alt"] for each in sent["panes"][1:]] == [wording.heat(each) for each in analysis.readings]
    heat = sent["panes"][1]["heat"]
    values = np.frombuffer(base64.b64decode(heat["values"]), np.uint8).reshape(heat["rows"], heat["columns"])
    assert values.tolist() == [[0, 128], [255, 85]]
    assert (sent["width"], sent["height"], sent["mm_per_px"]) == (300, 200, 0.14)
    assert sent["frame"] == [18, 12, 282, 188] and sent["inside"] == [0, 0, 300, 200]
    assert np.array_equal(decoded(sent["seen"]), SMOOTH)


def test_a_scene_is_json_and_small_beside_its_picture(analysis: Analysis) -> None:
    sent = build_scene(Picture(SMOOTH), analysis, "viewer")
    assert json.loads(json.dumps(sent)) == sent
    assert sent["seen"] is None and sent["mm_per_px"] is None
    assert len(json.dumps({**sent, "picture": ""})) < 20_000


def test_outlines_lie_on_the_part_that_was_read_and_close_at_its_border() -> None:
    lungs = np.zeros((20, 10), np.float32)
    lungs[5:15, :4] = 1
    (line,) = scene.outlines(lungs, Box(100, 200, 200, 400))
    points = np.array(line)
    assert points[0].tolist() == points[-1].tolist()
    assert points.min(axis=0) == pytest.approx((100, 250), abs=5)
    assert points.max(axis=0) == pytest.approx((140, 350), abs=5)
    assert scene.outlines(np.zeros((20, 10), np.float32), Box(0, 0, 10, 20)) == []


def test_colour_tables_rise_evenly_in_lightness() -> None:
    tables = scene.colour_tables()
    assert tuple(tables) == COLOUR_MAPS
    for table in tables.values():
        colours = np.frombuffer(base64.b64decode(table), np.uint8).reshape(256, 3)
        lightness = colours @ np.array([0.2126, 0.7152, 0.0722])
        assert lightness[0] < 60 and lightness[-1] > 180
        assert np.diff(lightness[::16]).min() > 0
