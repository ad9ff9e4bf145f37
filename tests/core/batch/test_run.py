"""A batch from files to rows: done once, kept, and in the order of the files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.batch.analyst import Settings
from core.batch.columns import Column
from core.batch.engine import local_engine
from core.batch.journal import open_journal
from core.batch.rows import SCHEMA
from core.batch.run import BatchTable, Standing, make_rows
from core.batch.sources import BatchSource, find_sources
from core.display.wording import DISCLAIMER
from tests.core.batch.conftest import Stub

COLUMNS = tuple(
    Column(name, "text", "")
    for name in [
        "file",
        "sha256",
        "status",
        "error",
        "gate",
        "bundle",
        "bundle_version",
        "schema",
        "disclaimer",
    ]
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Five files, of which two are alike, and a broken link."""
    folder = tmp_path / "files"
    (folder / "copies").mkdir(parents=True)
    for name, text in {"a": "1", "b": "2", "failing": "3", "z": "4", "copies/a": "1"}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def run(tmp_path: Path, files: Path, settings: Settings, stub: Stub) -> Callable[[], list[dict[str, object]]]:
    """Makes all rows and the table, and gives back its rows."""

    def once() -> list[dict[str, object]]:
        sources = [*find_sources([str(files)]), BatchSource(files / "gone")]
        with open_journal(tmp_path / "journal", settings) as journal:
            rows = make_rows(sources, journal, local_engine(stub, 1), told.append)
            BatchTable(tmp_path / "t.jsonl", COLUMNS, settings).write(sources, journal, rows)
        return [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]

    told: list[Standing] = []
    once.told = told
    return once


def test_rows_come_in_the_order_of_the_files(run, files: Path, settings: Settings) -> None:
    found = run()
    names = ["a", "b", "failing", "z", "copies/a", "gone"]
    assert [row["file"] for row in found] == [str(files / name) for name in names]
    assert [row["gate"] for row in found] == ["1", "2", "3", "4", "1", None]
    assert found[0]["sha256"] == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    assert found[-1]["status"] == "unreadable" and "cannot be opened" in found[-1]["error"]
    assert found[-1]["sha256"] is None
    for row in found:
        assert (row["bundle"], row["bundle_version"]) == (settings.bundle, settings.bundle_version)
        assert (row["schema"], row["disclaimer"]) == (SCHEMA, DISCLAIMER)


def test_a_second_run_asks_only_again_where_it_may_go_better(run, stub: Stub) -> None:
    first = run()
    assert set(stub.asked) == {"a", "b", "failing", "z"}
    stub.asked.clear()
    assert run() == first and stub.asked == ["failing"]


def test_a_file_that_changed_is_read_again(run, files: Path, stub: Stub) -> None:
    run()
    stub.asked.clear()
    (files / "b").write_text("5")
    found = run()
    assert found[1]["gate"] == "5" and stub.asked == ["b", "failing"]


def test_what_ends_a_run_leaves_what_was_done(run, files: Path, stub: Stub) -> None:
    (files / "bug").write_text("")
    with pytest.raises(ZeroDivisionError):
        run()
    (files / "bug").unlink()
    before = set(stub.asked) - {"bug"}
    assert before
    stub.asked.clear()
    assert [row["gate"] for row in run()] == ["1", "2", "3", "4", "1", None]
    assert "a" not in stub.asked


def test_the_standing_says_how_far_it_is(run) -> None:
    run()
    assert len(run.told) == 6
    standing = run.told[-1]
    assert standing.total == standing.done == 6
    assert standing.counts == {"answered": 4, "failed": 1, "unreadable": 1}
    assert standing.kept in (0, 1)  # a copy, unless both were in work at once


def test_the_rate_leaves_out_what_was_done_before_and_what_loading_took() -> None:
    standing = Standing(total=100)
    for _ in range(50):
        standing.count("answered", kept=True)
    assert standing.rate == 0 and standing.seconds_left is None
    for _ in range(11):
        standing.count("answered", kept=False)
    standing.first -= 5
    assert standing.done == 61 and standing.rate == pytest.approx(2, rel=0.05)
    assert standing.seconds_left == pytest.approx(19.5, rel=0.05)
