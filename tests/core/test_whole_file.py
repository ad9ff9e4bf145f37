"""Files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.whole_file import replacing


def test_a_file_appears_whole_and_in_a_folder_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with replacing(path) as partial:
        partial.write_text("half")
        assert not path.exists() and partial.parent == path.parent
    assert path.read_text() == "half" and [each.name for each in path.parent.iterdir()] == ["file"]


def write(path: Path, text: str, *, interrupted: bool = False) -> None:
    with replacing(path) as partial:
        partial.write_text(text)
        if interrupted:
            raise KeyboardInterrupt


def test_what_was_interrupted_changes_nothing_and_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write(path, "before")
    with pytest.raises(KeyboardInterrupt):
        write(path, "a long half", interrupted=True)
    assert path.read_text() == "before"
    write(path, "after")
    assert path.read_text() == "after" and len(list(tmp_path.iterdir())) == 1
