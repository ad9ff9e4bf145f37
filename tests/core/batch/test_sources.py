"""Which files a batch is about, and what of them cannot be opened."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.batch import sources
from core.batch.sources import find_sources
from core.errors import BatchError, RadiographError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """b.png, a/c.png and a/d.zip with e.png and f/g.png; and what is hidden."""
    (tmp_path / "a" / ".hidden").mkdir(parents=True)
    (tmp_path / "b.png").write_bytes(b"b")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "a" / ".hidden" / "x.png").write_bytes(b"x")
    (tmp_path / "a" / "c.png").write_bytes(b"c")
    with zipfile.ZipFile(tmp_path / "a" / "d.zip", "w") as archive:
        for name in ("e.png", "f/g.png", "__MACOSX/e.png"):
            archive.writestr(name, name)
    return tmp_path


def names(found: list[sources.Source], tree: Path) -> list[str]:
    return [each.name.removeprefix(f"{tree}/") for each in found]


def test_a_folder_stands_for_all_that_is_not_hidden_in_it_and_a_zip_for_its_files(tree: Path) -> None:
    found = find_sources([str(tree)])
    assert names(found, tree) == ["b.png", "a/c.png", "a/d.zip/e.png", "a/d.zip/f/g.png"]
    assert [each.read() for each in found] == [b"b", b"c", b"e.png", b"f/g.png"]
    assert found[-1].own_name == "g.png"


def test_each_file_is_meant_once_and_patterns_reach_below(tree: Path) -> None:
    found = find_sources([str(tree / "**" / "*.png"), str(tree / "b.png")])
    assert names(found, tree) == ["a/c.png", "b.png"]


def test_the_table_to_be_written_is_no_source(tree: Path) -> None:
    assert names(find_sources([str(tree)], leave_out=[tree / "a" / "d.zip"]), tree) == ["b.png", "a/c.png"]


@pytest.mark.parametrize("given", ["nowhere", "*.bmp"])
def test_what_is_not_there_is_named(tree: Path, given: str) -> None:
    with pytest.raises(BatchError, match=r"There is no file or folder .*; check the path\."):
        find_sources([str(tree / given)])


def test_an_empty_folder_holds_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="There is no file to read"):
        find_sources([str(tmp_path)])


def test_a_damaged_archive_is_one_file_that_cannot_be_read(tree: Path) -> None:
    (tree / "bad.zip").write_bytes(b"PK\x03\x04 and no more")
    (source,) = find_sources([str(tree / "bad.zip")])
    with pytest.raises(RadiographError, match="not a whole ZIP archive"):
        source.read()


def test_archives_that_hide_files_in_one_another_are_not_opened(tree: Path) -> None:
    path = tree / "bomb.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", b"a" * 100)
        archive.writestr("b", b"b")
        archive.infolist()[1].header_offset = 0
    (source,) = find_sources([str(path)])
    with pytest.raises(RadiographError, match="overlap"):
        source.read()


def test_a_damaged_member_is_one_file(tree: Path) -> None:
    path = tree / "a" / "d.zip"
    path.write_bytes(path.read_bytes().replace(b"e.pngPK", b"E.pngPK", 1))
    first, second = find_sources([str(path)])
    with pytest.raises(RadiographError, match="damaged or too large inside its archive"):
        first.read()
    assert second.read() == b"f/g.png"


def test_what_cannot_be_opened_says_why(tree: Path) -> None:
    (source,) = find_sources([str(tree / "b.png")])
    (tree / "b.png").unlink()
    with pytest.raises(RadiographError, match=r"cannot be opened \(no such file"):
        source.read()


def test_a_file_that_is_too_large_is_not_read(tree: Path) -> None:
    with (tree / "b.png").open("wb") as file:
        file.truncate(51_000_000)
    (source,) = find_sources([str(tree / "b.png")])
    with pytest.raises(RadiographError, match="larger than 50 MB"):
        source.read()
