"""The command: every method of the table writes the map that the page shows, and mistakes are said."""

from __future__ import annotations

import csv
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.explain.explainers import EXPLAINERS
from core.maps.command import main
from core.phantom.recipe import Recipe
from core.phantom.truth import png_file


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "phantom.png"
    path.write_bytes(png_file(Recipe(3, extent=50).render(160)))
    return path


@pytest.fixture
def options(random_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))
    return ["--bundle", random_bundle.name, "--ask-all"]


@pytest.mark.parametrize("method", [*(each.key for each in EXPLAINERS), "faster_scorecam"])
def test_a_method_writes_its_map_as_picture_and_numbers(image, options, tmp_path, method, capsys) -> None:
    outs = [tmp_path / f"map{suffix}" for suffix in (".png", ".npy", ".csv")]
    said = [word for out in outs for word in ("--out", str(out))]
    assert main([str(image), "--method", method, "--backbone", "vgg16", *said, *options]) == 0
    assert "VGG16" in capsys.readouterr().out
    heat = np.load(BytesIO(outs[1].read_bytes()))
    assert heat.dtype == np.float32 and np.isfinite(heat).all() and 0 <= heat.min() <= heat.max() <= 1
    picture = np.asarray(Image.open(outs[0]))
    assert picture.shape == (160, 160, 3)
    rows = list(csv.DictReader(outs[2].read_text().splitlines()))
    assert len(rows) == heat.size
    assert [float(row["heat"]) for row in rows] == pytest.approx(heat.ravel().tolist(), abs=1e-6)
    assert 0 < float(rows[0]["x_px"]) < float(rows[-1]["x_px"]) < 160


def test_the_ensemble_is_asked_unless_a_network_is_named(image, options, tmp_path, capsys) -> None:
    out = tmp_path / "map.npy"
    assert main([str(image), "--towards", "normal", "--out", str(out), *options]) == 0
    assert "the ensemble" in capsys.readouterr().out and np.load(out).shape == (14, 14)


def test_mistakes_are_said_in_one_sentence(image, options, tmp_path, capsys) -> None:
    out = str(tmp_path / "map.png")
    assert main([str(image), "--out", str(tmp_path / "map.gif"), *options]) == 1
    assert "ends in none of .png" in capsys.readouterr().err
    assert main([str(tmp_path / "none.png"), "--out", out, *options]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main([str(image), "--out", out, *options, "--bundle", "nowhere"]) == 1
    assert "no bundle 'nowhere'" in capsys.readouterr().err
    assert not Path(out).exists()
