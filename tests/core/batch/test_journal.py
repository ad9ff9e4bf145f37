"""The journal: what was done survives, what was not written to its end does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.batch.analyst import Settings
from core.batch.journal import open_journal
from core.errors import BatchError

ROWS = {"k1": {"status": "answered", "spread": 0.25}, "k2": {"status": "refused"}, "k3": {"status": "failed"}}


@pytest.fixture
def path(tmp_path: Path, settings: Settings) -> Path:
    """A journal with three rows, and one of a file that could not be read."""
    path = tmp_path / "out.csv.partial"
    with open_journal(path, settings) as journal:
        for key, row in ROWS.items():
            journal.add(key, row)
        journal.add("", {"status": "unreadable"})
    return path


def test_rows_are_known_again_unless_another_try_may_go_better(path: Path, settings: Settings) -> None:
    with open_journal(path, settings) as journal:
        assert list(journal.known) == ["k1", "k2"]
        assert {key: journal.read(kept) for key, kept in journal.known.items()} == {
            "k1": ROWS["k1"],
            "k2": ROWS["k2"],
        }
        kept = journal.add("k4", {"status": "answered", "gate": "ü"})
        assert journal.read(kept) == {"status": "answered", "gate": "ü"} and kept.status == "answered"
        assert journal.known["k4"] == kept and journal.read(journal.known["k1"]) == ROWS["k1"]


@pytest.mark.parametrize("torn", [b'{"key": "k5", "row": {"sta', b"\0\0\0\0", b"\0\0\n{}\n"])
def test_a_line_that_was_not_written_to_its_end_is_let_go(
    path: Path, settings: Settings, torn: bytes
) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    with open_journal(path, settings) as journal:
        assert list(journal.known) == ["k1", "k2"]
        journal.add("k6", {"status": "answered"})
    assert path.read_bytes().startswith(whole) and path.read_bytes().count(b"\n") == whole.count(b"\n") + 1


def test_a_journal_of_which_not_even_the_first_line_was_written_begins_anew(
    path: Path, settings: Settings
) -> None:
    path.write_bytes(path.read_bytes()[:20])
    with open_journal(path, settings) as journal:
        assert journal.known == {}
    with open_journal(path, settings) as journal:
        assert journal.known == {}


def test_rows_of_other_settings_are_no_answers(path: Path, settings: Settings) -> None:
    for other in (replace(settings, ask_all=True), replace(settings, gate_version="c" * 64)):
        with (
            pytest.raises(BatchError, match="begun with other models or settings"),
            open_journal(path, other),
        ):
            pass


def test_what_is_no_journal_is_left_alone(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "notes"
    path.write_text("my notes\n")
    with pytest.raises(BatchError, match="is something else"), open_journal(path, settings):
        pass
    assert path.read_text() == "my notes\n"


def test_two_runs_never_write_to_one_journal(path: Path, settings: Settings) -> None:
    pytest.importorskip("fcntl")
    refused = pytest.raises(BatchError, match="Another run writes to")
    with open_journal(path, settings), refused, open_journal(path, settings):
        pass


def test_a_full_disk_is_said(path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with open_journal(path, settings) as journal:
        for write in (no_room, lambda data: len(data) // 2):
            monkeypatch.setattr(journal, "_writer", SimpleNamespace(seek=lambda *place: 0, write=write))
            with pytest.raises(BatchError, match="cannot be written; free space there"):
                journal.add("k9", {"status": "answered"})
        assert "k9" not in journal.known


def test_a_folder_that_is_not_there_is_named(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "nowhere" / "x"
    with pytest.raises(BatchError, match="cannot be written"), open_journal(path, settings):
        pass
