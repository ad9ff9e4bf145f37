"""Reading a data set."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import DataError
from core.preprocessing import Preprocessing
from train.data.images import load_squares, read_pixels
from train.data.records import draw_phantoms, read_records
from train.run import mark_clear

HEADER = "path,label,split,source,group,findings\n"


def write_set(folder: Path, rows: str, header: str = HEADER) -> Path:
    (folder / "manifest.csv").write_text(header + rows)
    return folder


def test_a_manifest_becomes_records(tmp_path: Path) -> None:
    rows = "a.png,covid,train,clinic,g1,Effusion|Mass\nb.png,normal,val,clinic,g2,No Finding\n"
    first, second = read_records(write_set(tmp_path, rows + "c.png,normal,test,x,g3,\n"))[:2]
    assert first.findings == {"Effusion", "Mass"} and second.findings == frozenset()
    assert read_records(tmp_path)[2].findings is None


@pytest.mark.parametrize(
    ("rows", "header", "said"),
    [
        ("a.png,ill,train,c,g1,\n", HEADER, "line 2: label must be one of"),
        ("a.png,covid,somewhere,c,g1,\n", HEADER, "line 2: split must be one of"),
        ("a.png,covid,train,c,g1,\nb.png,covid,test,c,g1,\n", HEADER, "Group g1 is in two splits"),
        ("a.png,covid\n", "path,label\n", "lacks the columns split, source, group"),
        ("", HEADER, "has no rows"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_named(tmp_path: Path, rows: str, header: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_records(write_set(tmp_path, rows, header))


def test_lungs_without_anything_to_see_look_normal(tmp_path: Path) -> None:
    """As COVID-CXNet's names say, and as radiologists scored."""
    rows = "".join(
        f"{name},covid,train,{source},{name},,{name}\n"
        for source, name in (("cxnet", "1-.png"), ("cxnet", "2.png"), ("b", "3-.png"), ("b", "4.png"))
    )
    records = read_records(write_set(tmp_path, rows, HEADER.strip() + ",original\n"))
    assert [each.visible_label for each in records] == ["normal", "covid", "covid", "covid"]
    scores = tmp_path / "scores.csv"
    scores.write_text("filename,geographic_mean,opacity_mean\n4.png,0.5,0.33\n2.png,0.67,0.33\n")
    marked = mark_clear(records, scores)
    assert [each.visible_label for each in marked] == ["normal", "covid", "covid", "normal"]
    assert {each.label for each in marked} == {"covid"}


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no manifest\.csv"):
        read_records(tmp_path)


def test_phantoms_cover_labels_and_splits_with_a_group_each() -> None:
    records = draw_phantoms(range(5, 53))
    assert {(r.label, r.split) for r in records} == {
        (label, split) for label in ("normal", "pneumonia", "covid") for split in ("train", "val", "test")
    }
    assert len({r.group for r in records}) == 48


def test_squares_are_read_once(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in "ab":
        noise = random.integers(0, 255, (150, 140), np.uint8)
        Image.fromarray(noise).save(tmp_path / f"{name}.png")
    records = read_records(write_set(tmp_path, "a.png,covid,train,c,1,\nb.png,normal,train,c,2,\n"))
    recipe, cache, told = Preprocessing(size_px=32), tmp_path / "cache", []
    squares = load_squares(records, tmp_path, recipe, cache, lambda done, total: told.append((done, total)))
    assert squares.shape == (2, 37, 37) and told == [(1, 2), (2, 2)]
    (tmp_path / "a.png").unlink()
    assert (load_squares(records, tmp_path, recipe, cache) == squares).all()


def test_a_missing_image_is_named(tmp_path: Path) -> None:
    (record,) = read_records(write_set(tmp_path, "gone.png,covid,train,c,1,\n"))
    with pytest.raises(DataError, match=r"gone\.png"):
        read_pixels(record, tmp_path)
