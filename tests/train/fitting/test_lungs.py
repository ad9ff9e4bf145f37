"""The lung network: trained on phantoms and on masks, measured on patients that it has not seen."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from train.config import LungsConfig
from train.data.images import read_pixels
from train.data.outlined import outlined_phantoms, outlined_radiographs
from train.data.records import Record, draw_phantoms
from train.fitting.lungs import (
    LungsData,
    dice,
    misregistered,
    overlap_loss,
    train_lungs,
)
from train.tools.progress import Reporter

CONFIG = LungsConfig(size_px=32, phantoms=12, first=6, then=2, images=16, folds=2, batch=4)
# Keras reads its variables through an interface that numpy calls outdated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[list[Record], Path, Path]:
    """Four radiographs of four patients with masks, and one without."""
    data, masks = tmp_path / "data", tmp_path / "masks"
    (data / "clinic").mkdir(parents=True)
    (masks / "clinic").mkdir(parents=True)
    records = []
    for index, phantom in enumerate(draw_phantoms(range(40, 45))):
        pixels = read_pixels(phantom, None)
        Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(data / "clinic" / f"{index}.png")
        if index < 4:
            mask = np.zeros(pixels.shape, dtype=bool)
            mask[pixels.shape[0] // 4 : pixels.shape[0] // 2] = True
            Image.fromarray(mask).save(masks / "clinic" / f"{index}.png")
        split = "test" if index == 0 else "train"
        records.append(Record(f"clinic/{index}.png", "normal", split, "clinic", f"g{index}"))
    return records, data, masks


def watch(title: str):
    def told(done: int, total: int) -> None:
        assert 0 <= done <= total, title

    return told


def test_masks_drawn_by_people_are_read_with_their_radiographs(
    drawn: tuple[list[Record], Path, Path],
) -> None:
    found = outlined_radiographs(*drawn, 32)
    assert found.squares.shape == found.masks.shape == (4, 32, 32)
    assert found.masks.mean() / 255 == pytest.approx(0.25, abs=0.04)
    assert found.fitted.tolist() == [False, True, True, True]


def test_a_mask_of_another_shape_is_refused(drawn: tuple[list[Record], Path, Path]) -> None:
    Image.new("L", (20, 30)).save(drawn[2] / "clinic" / "2.png")
    with pytest.raises(DataError, match=r"mask .*2\.png is 20 x 30 and its radiograph"):
        outlined_radiographs(*drawn, 32)


def test_a_folder_without_masks_is_refused(drawn: tuple[list[Record], Path, Path], tmp_path: Path) -> None:
    with pytest.raises(DataError, match="masks of fewer than two patients"):
        outlined_radiographs(drawn[0], drawn[1], tmp_path, 32)


def test_a_file_that_is_no_mask_is_named(drawn: tuple[list[Record], Path, Path]) -> None:
    (drawn[2] / "clinic" / "1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"mask .*1\.png cannot be read"):
        outlined_radiographs(*drawn, 32)


def test_training_learns_the_lungs_and_takes_up_where_it_was_interrupted(
    drawn: tuple[list[Record], Path, Path], tmp_path: Path
) -> None:
    phantoms = outlined_phantoms(range(CONFIG.phantoms), 32, tmp_path)
    data = LungsData(phantoms, phantoms, outlined_radiographs(*drawn, 32))
    said: list[str] = []
    reporter, folder = Reporter(watch, said.append), tmp_path / "run"
    fit = train_lungs(data, CONFIG, folder, reporter)
    assert fit.images == 4 and fit.dice is not None and 0 <= fit.dice <= 1
    everywhere = dice(np.ones((12, 32, 32), np.float32), phantoms.masks).mean()
    assert fit.phantom_dice > everywhere  # better than calling all of it lung

    assert train_lungs(data, CONFIG, folder, reporter) == fit
    weights = folder / "lungs.safetensors"
    first = weights.read_bytes()
    weights.unlink()
    assert train_lungs(data, CONFIG, folder, reporter) == fit
    assert weights.read_bytes() == first


def test_dice_counts_what_is_shared_twice() -> None:
    masks = np.zeros((2, 4, 4), dtype=np.uint8)
    masks[:, :2] = 255
    found = np.zeros((2, 4, 4), dtype=np.float32)
    found[0, :2], found[1, 1:3] = 0.9, 0.9
    np.testing.assert_allclose(dice(found, masks), [1, 0.5])
    assert dice(np.zeros((1, 4, 4), np.float32), masks[:1] * 0)[0] == 0


def ovals(width: float, height: float) -> np.ndarray:
    """Two upright ovals side by side on 64 x 64 pixels, of so many times the usual size."""
    y, x = np.mgrid[0:64, 0:64]
    both = [((x - middle) / (9 * width)) ** 2 + ((y - 32) / (20 * height)) ** 2 < 1 for middle in (20, 44)]
    return np.logical_or(*both)


@pytest.mark.parametrize(("width", "height", "moved"), [(1, 1, False), (1, 0.75, True), (1, 0.95, False)])
def test_a_mask_on_another_frame_is_told_from_one_that_fits(width: float, height: float, moved: bool) -> None:
    masks = ovals(width, height)[np.newaxis].astype(np.uint8) * np.uint8(255)
    found = ovals(1, 1)[np.newaxis].astype(np.float32)
    found[0, :3, :3] = 1  # a speck elsewhere
    assert misregistered(masks, found).tolist() == [moved]


def test_a_mask_of_another_form_is_kept_and_so_is_one_that_nothing_was_found_for() -> None:
    masks = np.zeros((2, 64, 64), dtype=np.uint8)
    masks[:, 20:50:3, 5:60] = 255
    found = np.stack([ovals(1, 1), np.zeros((64, 64), dtype=bool)]).astype(np.float32)
    assert misregistered(masks, found).tolist() == [False, False]


def test_the_loss_falls_as_the_overlap_grows() -> None:
    truth = np.zeros((1, 4, 4, 1), dtype=np.float32)
    truth[:, :2] = 1
    losses = [float(overlap_loss(truth, np.abs(truth - wrong))) for wrong in (0.05, 0.3, 0.6)]
    assert losses == sorted(losses) and losses[0] < 0.2
