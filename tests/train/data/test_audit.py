"""Leaks between splits, planted and found."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from train.config import TINY
from train.data import audit
from train.data.images import read_pixels
from train.data.records import Record, draw_phantoms, read_records
from train.run import Run

CROP, QUALITY = 3, 60


def save(pixels: np.ndarray, path: Path) -> None:
    Image.fromarray(np.rint(pixels * 255).astype(np.uint8)).save(path, quality=QUALITY)


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    """Twelve phantoms; one of them again, cropped, darker and recompressed, in another split."""
    rows = []
    for index, phantom in enumerate(draw_phantoms(range(70, 82))):
        pixels = read_pixels(phantom, None)
        name, split = f"{index:02d}.jpg", ("train", "val", "test")[index % 3]
        save(pixels, tmp_path / name)
        rows.append(f"{name},{phantom.label},{split},clinic,g{index}")
        if index == 0:
            save(pixels[CROP:-CROP, CROP:-CROP] ** 1.4, tmp_path / "copy.jpg")
            rows.append(f"copy.jpg,{phantom.label},test,elsewhere,other")
    save(read_pixels(draw_phantoms([500])[0], None), tmp_path / "follow-up.jpg")
    rows.append("follow-up.jpg,normal,train,clinic,g0")
    (tmp_path / "manifest.csv").write_text("\n".join(["path,label,split,source,group", *rows]) + "\n")
    return tmp_path


def run_on(data: Path, leaks: str, init: str = "scratch") -> Run:
    quiet = lambda title: lambda done, total: None  # noqa: E731
    return Run(data / "run", TINY, data, init, None, quiet, print, leaks)  # type: ignore[arg-type]


def test_a_near_copy_in_another_split_is_found_and_nothing_else(leaky: Path) -> None:
    (leak,) = audit.find_leaks(read_records(leaky), leaky, leaky / "cache")
    assert (leak.leaked.path, leak.kept.path) == ("00.jpg", "copy.jpg")
    assert audit.NEAR_COPY < leak.likeness < 1


def test_an_exact_copy_is_as_like_as_can_be() -> None:
    pixels = read_pixels(draw_phantoms([5])[0], None)
    assert audit.thumbnail(pixels) @ audit.thumbnail(pixels) == pytest.approx(1, abs=1e-5)
    assert not audit.thumbnail(np.full((80, 60), 0.5, dtype=np.float32)).any()


def test_a_leaking_data_set_stops_training(leaky: Path) -> None:
    with pytest.raises(DataError, match=r"00\.jpg \(train\) and copy\.jpg \(test\) are one picture"):
        _ = run_on(leaky, "stop").records


def test_or_the_leaking_patient_is_left_out(leaky: Path) -> None:
    kept = {record.path for record in run_on(leaky, "drop").records}
    assert "copy.jpg" in kept and "01.jpg" in kept
    assert kept.isdisjoint({"00.jpg", "follow-up.jpg"}) and len(kept) == 12


@pytest.mark.parametrize("init", ["bundled", "kept"])
def test_where_bases_have_learnt_already_both_sides_are_left_out(leaky: Path, init: str) -> None:
    """They may have learnt from the one, so the other measures nothing."""
    left = {record.path for record in run_on(leaky, "drop", init).records}
    assert not left & {"00.jpg", "follow-up.jpg", "copy.jpg"} and len(left) == 11


def test_phantoms_are_no_patients(tmp_path: Path) -> None:
    records: list[Record] = draw_phantoms(range(4))
    assert audit.find_leaks(records, tmp_path, tmp_path) == []


def test_the_pool_of_public_radiographs_leaks_where_it_is_known_to(data_folder: Path, tmp_path: Path) -> None:
    wanted = {
        "cohen/2C10A413-AABE-4807-8CCE-6A2025594067.jpg",
        "cxnet/061.jpg",
        "cxnet/464-.jpg",
        "cxnet/730-.jpg",
        "kermany/IM-0465-0001.jpg",
        "kermany/NORMAL2-IM-0604-0001.jpg",
    }
    records = [record for record in read_records(data_folder) if record.path in wanted]
    assert len(records) == len(wanted)
    found = {frozenset((leak.kept.path, leak.leaked.path)) for leak in
             audit.find_leaks(records, data_folder, tmp_path)}  # fmt: skip
    assert found == {frozenset(sorted(wanted)[:2]), frozenset(sorted(wanted)[2:4])}
