"""The scale of the findings, checked against torchxrayvision's definition by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.models.findings import finding_scores, findings_input, op_norm, sigmoid
from core.models.official import OFFICIAL, centre_square, official_file, official_path
from core.preprocessing import Preprocessing
from core.vocabulary import FINDINGS, FIRST_FINDINGS


def test_official_table_has_a_point_for_each_finding() -> None:
    assert len(FINDINGS) == len(set(FINDINGS))
    assert len(FIRST_FINDINGS) == len(OFFICIAL.operating_points)
    assert OFFICIAL.operating_points[FIRST_FINDINGS.index("Lung Opacity")] == 0.20204692


def test_operating_point_falls_on_one_half() -> None:
    points = np.array(OFFICIAL.operating_points)
    np.testing.assert_allclose(op_norm(points, points), 0.5)
    np.testing.assert_array_equal(op_norm(np.zeros_like(points), points), 0)
    np.testing.assert_allclose(op_norm(np.ones_like(points), points), 1)
    np.testing.assert_allclose(op_norm(points / 2, points), 0.25)
    np.testing.assert_allclose(op_norm((1 + points) / 2, points), 0.75)


def test_op_norm_keeps_the_order() -> None:
    scores = op_norm(np.linspace(0, 1, 101), np.full(101, 0.07))
    assert (np.diff(scores) > 0).all()


def test_sigmoid_does_not_overflow() -> None:
    np.testing.assert_allclose(sigmoid([-1e6, 0, np.log(3), 1e6]), [0, 0.5, 0.75, 1])


def test_scores_keep_name_logit_and_point_together() -> None:
    logits = np.linspace(-2, 2, len(FINDINGS)).astype(np.float32)
    scores = finding_scores(logits, [0.5] * len(FINDINGS), {FINDINGS[0]: 0.8})
    assert [score.name for score in scores] == list(FINDINGS)
    assert [score.roc_auc for score in scores[:2]] == [0.8, None]
    assert scores[0].logit == -2 and scores[0].score == pytest.approx(1 / (1 + np.exp(2)))


@pytest.mark.parametrize(
    ("opacity", "extent_expected", "opacity_expected"),
    [(0.0, 3.4137437, 2.5535977), (2.0, 5.1547933, 3.6504823), (9.0, 8.0, 6.0), (-9.0, 0.0, 0.0)],
)
def test_published_severity_depends_on_lung_opacity_alone_and_is_clipped(
    opacity: float, extent_expected: float, opacity_expected: float
) -> None:
    logits = np.full(len(FIRST_FINDINGS), 5, np.float32)
    logits[FIRST_FINDINGS.index("Lung Opacity")] = opacity
    extent, density = (model.score(logits) for model in OFFICIAL.severity)
    assert (extent.name, extent.maximum, density.name, density.maximum) == ("extent", 8, "opacity", 6)
    assert extent.value == pytest.approx(extent_expected) and density.value == pytest.approx(opacity_expected)


def test_input_spans_torchxrayvisions_range() -> None:
    pixels = np.tile(np.linspace(0, 1, 300, dtype=np.float32), (200, 1))
    image = findings_input(pixels, Preprocessing(size_px=64, border_share=0, equalise=False))
    assert image.shape == (1, 1, 64, 64) and image.dtype == np.float32
    assert -1024 <= image.min() < -1000 and 1000 < image.max() <= 1024


def test_centre_square_drops_the_long_sides_ends() -> None:
    pixels = np.zeros((4, 10), np.float32)
    pixels[:, 3:7] = 1
    assert centre_square(pixels).shape == (4, 4) and centre_square(pixels).all()
    assert centre_square(pixels.T).all()


def test_official_weights_are_found_where_torchxrayvision_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert official_file() is None
    official_path().parent.mkdir(parents=True)
    official_path().write_bytes(b"weights")
    assert official_file() == tmp_path / ".torchxrayvision" / "models_data" / OFFICIAL.file
