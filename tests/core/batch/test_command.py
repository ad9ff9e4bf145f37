"""The command: a table of files good and bad, killed and taken up again, and what it says of mistakes."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.batch.analyst import Settings
from core.batch.command import main
from core.batch.engine import Engine
from core.project import PROJECT
from tests.core.batch.conftest import COMMAND, started


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


def test_a_folder_becomes_a_table(
    call, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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


def test_only_good_files_end_with_zero(call, folder: Path, tmp_path: Path) -> None:
    for name in ("=1+1.png", "below/cut.png"):
        (folder / name).unlink()
    assert main(call(folder, "t.jsonl", "--ask-all")) == 0
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert all(row["ensemble_probability"] is not None for row in rows)
    assert [row["gate_refused"] for row in rows].count(True) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_run_keeps_what_is_done_and_goes_on(
    call, folder: Path, tmp_path: Path, chests: dict[str, bytes], how: signal.Signals
) -> None:
    for number in range(4):  # no copies: a copy needs no second analysis
        for name, data in chests.items():
            (folder / f"{number}-{name}").write_bytes(data)
    arguments, journal = call(folder, "t.csv"), tmp_path / "t.csv.partial"
    process = started(arguments, journal, rows=5)
    os.killpg(process.pid, how)
    _, said = process.communicate(timeout=60)
    assert not (tmp_path / "t.csv").exists()
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert f"What is done is kept in {journal}; the same command goes on from there." in said
        assert "Traceback" not in said
    kept = [
        json.loads(line) for line in journal.read_text().splitlines(keepends=True)[1:] if line[-1] == "\n"
    ]
    assert len(kept) >= 5
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 3 and re.search(r"Going on: .* holds \d+ rows already", done.stderr)
    rows = read(tmp_path / "t.csv")
    assert len(rows) == len([path for path in folder.rglob("*") if path.is_file()]) and not journal.exists()
    for line in kept:  # these were not made again: not even the time that they took is another
        name = line["key"].partition(" ")[2]
        assert float(rows[name]["seconds"]) == line["row"]["seconds"]


PROGRAM = """
import json, sys
from core.batch.analyst import Settings
from core.batch.command import main
from core.batch.engine import Engine
status = main(sys.argv[1:])
heavy = {'tensorflow', 'keras', 'torch', 'torchxrayvision', 'streamlit', 'ray'} & set(sys.modules)
print(json.dumps([status, sorted(heavy)]))
"""


def test_a_batch_loads_neither_a_training_framework_nor_ray(call, folder: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, *call(folder, "t.parquet")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [3, []]


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


def test_a_cluster_is_asked_by_its_address(call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[object, ...]] = []

    @contextmanager
    def engine(settings: Settings, *given: object) -> Iterator[Engine]:
        asked.append((settings.bundle, *given))
        yield lambda tasks: ((task, {"status": "answered"}) for task in tasks)

    monkeypatch.setattr("core.batch.command.ray_engine", engine)
    assert main(call(folder, "t.csv", "--engine", "ray", "--ray-address", "host:1")) == 0
    assert asked == [("random", "host:1", 1)]
