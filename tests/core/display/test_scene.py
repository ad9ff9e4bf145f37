"""What the viewer is sent: greys, heat, outlines and words."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.analysis.results import Analysis
from core.display import scene, wording
from core.display.picture import Picture
from core.display.scene import COLOUR_MAPS, build_scene
from core.display.wavelet import pack
from core.margins import Box
from core.models.backbones import BACKBONES
from tests.core.gate.verdicts import verdict

SMOOTH = np.tile(np.arange(256, dtype=np.uint8), (64, 1))


def picture(width: int = 300, height: int = 200) -> Picture:
    return Picture(pack(np.zeros((height, width), np.uint8), 8, 10_000), own=True)


def address(name: str, data: bytes, media_type: str) -> str:
    return f"/{name}/{media_type}/{base64.b64encode(data).decode()}"


def found(url: str, start: str) -> io.BytesIO:
    assert url.startswith(start)
    return io.BytesIO(base64.b64decode(url.removeprefix(start)))


def sent(analysis: Analysis, **options: Any) -> dict[str, Any]:
    return build_scene(picture(), analysis, "viewer", address, **options)


def test_a_scene_holds_a_plain_pane_and_one_for_each_backbone(analysis: Analysis) -> None:
    scene = sent(replace(analysis, seen=SMOOTH), spacing_mm=0.14)
    assert [each["name"] for each in scene["panes"]] == ["Radiograph", *(each.name for each in BACKBONES)]
    assert [each["colour"] for each in scene["panes"][1:]] == [each.colour for each in BACKBONES]
    assert [each["alt"] for each in scene["panes"][1:]] == [wording.heat(each) for each in analysis.readings]
    assert [each["sure"] for each in scene["panes"]] == [
        0,
        *(round(each.probability, 4) for each in analysis.readings),
    ]
    heat = scene["panes"][1]["heat"]
    values = np.frombuffer(base64.b64decode(heat["values"]), np.uint8).reshape(heat["rows"], heat["columns"])
    assert values.tolist() == [[0, 128], [255, 85]]
    assert (scene["width"], scene["height"], scene["mm_per_px"]) == (300, 200, 0.14)
    assert scene["frame"] == [18, 12, 282, 188] and scene["inside"] == [0, 0, 300, 200]
    assert np.array_equal(np.asarray(Image.open(found(scene["seen"], "/seen/image/png/"))), SMOOTH)


def test_a_picture_that_is_saved_bears_the_disclaimer_and_a_refusal(analysis: Analysis) -> None:
    assert sent(analysis)["foot"] == [wording.DISCLAIMER] and sent(analysis)["sides"]
    refused = replace(analysis, verdict=verdict(reasons=("kind",)))
    assert sent(refused)["foot"] == [scene.REFUSED, wording.DISCLAIMER] and not sent(refused)["sides"]


def test_pictures_have_an_address_and_say_how_to_unpack_them(analysis: Analysis) -> None:
    scene = sent(analysis, sharp=picture(600, 400))
    small, sharp = scene["picture"], scene["sharp"]
    assert found(small["url"], "/picture/application/gzip/").read() == picture().packed.data
    assert found(sharp["url"], "/sharp/application/gzip/").read() == picture(600, 400).packed.data
    assert (small["width"], small["height"], small["depth"], small["exact"]) == (300, 200, 8, True)
    assert small["steps"] == [[1, 1, 1]] * 4


def test_there_is_more_to_ask_for_only_where_the_radiograph_is_larger(analysis: Analysis) -> None:
    assert not sent(analysis)["more"]
    assert not sent(replace(analysis, width_px=320))["more"]
    assert sent(replace(analysis, width_px=600))["more"]


def test_a_scene_is_json_and_small(analysis: Analysis) -> None:
    scene = sent(analysis)
    assert json.loads(json.dumps(scene)) == scene
    assert scene["seen"] is None and scene["mm_per_px"] is None and scene["sharp"] is None
    assert len(json.dumps(scene)) < 20_000


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
