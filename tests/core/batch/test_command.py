"""The command: a table of files good and bad, killed and taken up again, and what it says of mistakes."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from core.analysis.load import Models
from core.batch.analyst import Settings
from core.batch.command import main
from core.batch.engine import Engine
from core.project import PROJECT
from tests.core.batch.conftest import started


@pytest.fixture
def call(random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """The command line for the random bundle, one thread."""
    monkeypatch.setenv("THORAXLENS_BUNDLES", str(random_bundle.parent))

    def arguments(folder: Path, out: str, *more: str) -> list[str]:
        return [
            str(folder),
            "--out",
            str(tmp_path / out),
            "--bundle",
            random_bundle.name,
            "--jobs",
            "1",
            *more,
        ]

    return arguments


def read(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {Path(row["file"]).name: row for row in csv.DictReader(file)}


@pytest.fixture
def loaded(shared_models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command find its bundle loaded."""

    def load(*given: object, exact: bool, side_by_side: bool) -> Models:
        assert exact and side_by_side
        return shared_models

    monkeypatch.setattr("core.batch.analyst.load_models", load)


def test_a_folder_becomes_a_table(
    call, loaded: None, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(call(folder, "t.csv")) == 3
    rows = read(tmp_path / "t.csv")
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert set(rows) == {path.name for path in files} and len(files) == len(rows)
    assert {rows[name]["status"] for name in ("=1+1.png", "cut.png")} == {"unreadable"}
    assert rows["noise.png"]["status"] == "refused" and rows["noise.png"]["ensemble_probability"] == ""
    answered = [row for row in rows.values() if row["status"] == "answered"]
    assert len(answered) == len(files) - 3 and all(float(row["vgg16_probability"]) > 0 for row in answered)
    said = capsys.readouterr().err
    assert f"{len(files)} files: {len(answered)} answered, 1 refused by the gate, 2 not readable" in said
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["t.csv"]
    assert main(call(folder, "t.csv")) == 1
    assert "is there already" in capsys.readouterr().err


def test_only_good_files_end_with_zero(call, loaded: None, folder: Path, tmp_path: Path) -> None:
    for name in ("=1+1.png", "below/cut.png"):
        (folder / name).unlink()
    assert main(call(folder, "t.jsonl", "--ask-all")) == 0
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert all(row["ensemble_probability"] is not None for row in rows)
    assert [row["gate_refused"] for row in rows].count(True) == 1


PROGRAM = """
import json, sys
from core.batch.command import main
status = main(sys.argv[1:])
heavy = {'tensorflow', 'keras', 'torch', 'torchxrayvision', 'streamlit', 'ray'} & set(sys.modules)
print(json.dumps([status, sorted(heavy)]))
"""


def whole_lines(journal: Path) -> list[dict[str, Any]]:
    """The rows of a journal with their keys."""
    lines = journal.read_text().splitlines(keepends=True)[1:]
    return [json.loads(line) for line in lines if line.endswith("\n")]


def test_an_interrupted_run_goes_on_with_what_is_done_and_loads_neither_a_training_framework_nor_ray(
    call, folder: Path, tmp_path: Path, chests: dict[str, bytes]
) -> None:
    for number in range(10):  # no copies, which need no second analysis; enough that no signal comes too late
        for name, data in chests.items():
            (folder / f"{number}-{name}").write_bytes(data)
    files = [path for path in folder.rglob("*") if path.is_file()]
    arguments, journal = call(folder, "t.parquet"), tmp_path / "t.parquet.partial"
    kept: list[dict[str, Any]] = []
    for how in (signal.SIGINT, signal.SIGKILL):
        process = started(arguments, journal, rows=len(kept) + 3)
        os.killpg(process.pid, how)
        _, said = process.communicate(timeout=60)
        assert not (tmp_path / "t.parquet").exists()
        before, kept = kept, whole_lines(journal)
        assert kept[: len(before)] == before and len(before) + 3 <= len(kept) < len(files)
        if how == signal.SIGINT:
            assert process.returncode == 130 and "Traceback" not in said
            assert f"What is done is kept in {journal}; the same command goes on from there." in said
    command = [sys.executable, "-c", PROGRAM, *arguments]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout.splitlines()[-1]) == [3, []]
    assert f"Going on: {journal} holds {len(kept)} rows already." in done.stderr
    rows = parquet.read_table(tmp_path / "t.parquet").to_pylist()
    assert sorted(row["file"] for row in rows) == sorted(map(str, files)) and not journal.exists()
    seconds = {Path(row["file"]).name: row["seconds"] for row in rows}
    for line in kept:  # these were not made again: not even the time that they took is another
        assert seconds[line["key"].partition(" ")[2]] == line["row"]["seconds"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--out", "t.ods"], "does not end in one of"),
        (["--bundle", "nothing"], "There is no bundle 'nothing'; choose from random."),
        (["nowhere"], "There is no file or folder nowhere"),
        (["--out", "/nowhere/t.csv"], "/nowhere/t.csv.partial cannot be written"),
    ],
)
def test_what_cannot_begin_says_why_in_one_sentence(
    call, folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    given = call(folder, "t.csv")
    assert main([more[0], *given] if len(more) == 1 else [*given, *more]) == 1
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1


@pytest.mark.parametrize("jobs", ["0", "-1", "two"])
def test_jobs_are_a_number(call, folder: Path, jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(call(folder, "t.csv", "--jobs", jobs))
    assert "give a number from 1 on" in capsys.readouterr().err


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """A stand-in for a cluster that answers at once; what it was asked with."""
    asked: list[tuple[object, ...]] = []

    @contextmanager
    def engine(settings: Settings, *given: object) -> Iterator[Engine]:
        asked.append((settings.bundle, *given))
        yield lambda tasks: ((task, {"status": "answered"}) for task in tasks)

    monkeypatch.setattr("core.batch.command.ray_engine", engine)
    return asked


def test_a_cluster_is_asked_by_its_address(call, folder: Path, cluster: list[tuple[object, ...]]) -> None:
    assert main(call(folder, "t.csv", "--engine", "ray", "--ray-address", "host:1")) == 0
    assert cluster == [("random", "host:1", 1)]


def test_it_is_said_what_a_journal_holds_and_how_much_of_it_is_damaged(
    call, folder: Path, tmp_path: Path, cluster: list[tuple[object, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*given: object) -> None:
        raise KeyboardInterrupt

    arguments = call(folder, "t.csv", "--engine", "ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.batch.run.BatchTable.write", stop)
        assert main(arguments) == 130
    journal = tmp_path / "t.csv.partial"
    header, first, *_ = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(header + b"damaged\n" + first)
    capsys.readouterr()
    assert main(arguments) == 0
    said = capsys.readouterr().err
    assert f"{journal} holds 1 row already." in said
    assert f"Damaged lines in {journal}, passed over: 1; their files are read anew." in said


def test_a_table_that_is_too_small_is_refused_before_any_file_is_read(
    call,
    folder: Path,
    tmp_path: Path,
    cluster: list[tuple[object, ...]],
    small_sheet: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(call(folder, "t.xlsx", "--engine", "ray")) == 1
    assert f"--out {tmp_path / 't.parquet'}" in capsys.readouterr().err
    assert not cluster and not (tmp_path / "t.xlsx.partial").exists()
