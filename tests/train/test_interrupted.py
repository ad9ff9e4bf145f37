"""`train all` with two backbones, unbroken and cut short in its middle: the same bundle, and in time."""

from __future__ import annotations

import csv
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from core.project import PROJECT
from train.tools.processes import has_bfloat16

# Of an unbroken run, which takes 110 s on two idle cores; those without bfloat16 are about half as fast.
LIMIT_S = 180 if has_bfloat16() else 300
STAT = Path("/proc/stat")
PROGRAM, KEYS = Path(__file__).with_name("two_backbones.py"), ("vgg16", "resnet50")
# What follows this result of the middle of a run is cut short: the head of one backbone, the base of another.
MIDDLE, LATER_S = "resnet50.stage0.npz", 1.0
STANDING_S = 0.5  # until all that was told to stand still does


@dataclass(frozen=True)
class Trained:
    """What a training left.

    Attributes:
        run: Its folder.
        bundle: Its bundle.
    """

    run: Path
    bundle: Path


@dataclass(frozen=True)
class Unbroken(Trained):
    """One training from nothing to its bundle.

    Attributes:
        seconds: From start to end.
        waited_seconds: Of these, in which other programs had the cores.
        cut_short: All of it as it was in the middle.
    """

    seconds: float
    waited_seconds: float
    cut_short: Path


def start(folder: Path, cache: Path) -> subprocess.Popen[str]:
    """The command, in a process group of its own, writing nowhere but under the folder and into a cache.

    The cache keeps networks by what they hold: of two runs with the same weights the second finds them there.
    """
    environment = {name: value for name, value in os.environ.items() if name != "THORAXLENS_DATA"} | {
        "THORAXLENS_BUNDLES": str(folder / "bundles"),
        "THORAXLENS_CACHE": str(cache),
        "HOME": str(folder / "home"),
    }
    command = [sys.executable, PROGRAM, "all", "--preset", "tiny", "--run", str(folder / "run")]
    with (folder / "log").open("a", encoding="utf-8") as log:
        return subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=log, text=True, start_new_session=True
        )


def finish(process: subprocess.Popen[str], folder: Path) -> None:
    assert process.wait() == 0, (folder / "log").read_text(encoding="utf-8")[-3000:]


def copy_stopped(process: subprocess.Popen[str], folder: Path, copy: Path) -> None:
    """Copies a folder while a command and all that it started stand still: what a power cut would leave."""
    os.killpg(process.pid, signal.SIGSTOP)
    try:
        time.sleep(STANDING_S)
        shutil.copytree(folder, copy)
    finally:
        os.killpg(process.pid, signal.SIGCONT)


def elsewhere_seconds() -> float:
    """Processor time of all that this process has not waited for: other programs'. 0 where none tells."""
    if not STAT.is_file():
        return 0.0
    user, nice, system, _idle, _waiting, *rest = map(int, STAT.read_text().splitlines()[0].split()[1:9])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")
    return busy - used.ru_utime - used.ru_stime


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("derived")


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Unbroken:
    folder, copy = tmp_path_factory.mktemp("unbroken"), tmp_path_factory.mktemp("broken") / "copy"
    began, elsewhere = time.monotonic(), elsewhere_seconds()
    process = start(folder, cache)
    while not (folder / "run" / MIDDLE).exists() and process.poll() is None:
        time.sleep(0.1)
    time.sleep(LATER_S)
    if process.poll() is None:
        copy_stopped(process, folder, copy)
    finish(process, folder)
    seconds, waited = time.monotonic() - began, (elsewhere_seconds() - elsewhere) / (os.cpu_count() or 1)
    return Unbroken(folder / "run", folder / "bundles" / "own", seconds, waited, copy)


@pytest.fixture(scope="module")
def broken(unbroken: Unbroken, cache: Path) -> Trained:
    """What the middle left, taken up; networks that the unbroken run has derived are there already."""
    folder = unbroken.cut_short
    assert folder.is_dir() and not (folder / "bundles" / "own").exists(), "it was not cut short"
    finish(start(folder, cache), folder)
    return Trained(folder / "run", folder / "bundles" / "own")


def test_all_of_it_ends_within_minutes(unbroken: Unbroken) -> None:
    """Time in which other programs had the cores is not its own."""
    assert unbroken.seconds - unbroken.waited_seconds < LIMIT_S


def test_a_run_cut_short_ends_in_the_same_bundle(unbroken: Unbroken, broken: Trained) -> None:
    expected, found = (predictions(each.bundle) for each in (unbroken, broken))
    assert len(expected) >= 40
    assert found == expected
    for name in (*KEYS, "findings", "lungs"):
        file = f"{name}.safetensors"
        assert digest(broken.bundle / file) == digest(unbroken.bundle / file), name


def test_nothing_torn_is_left(broken: Trained) -> None:
    left = [path for folder in (broken.run, broken.bundle.parent) for path in folder.rglob("*.partial")]
    assert not left
    assert [path.name for path in broken.bundle.parent.iterdir()] == ["own"]


def test_the_logs_tell_every_epoch_once(broken: Trained) -> None:
    names = {"loss", "val_loss"}
    for key in KEYS:
        pretraining = scalars(broken.run / "logs" / key)
        assert names | {"accuracy", "val_accuracy", "learning_rate"} <= set(pretraining)
        assert {tuple(steps) for steps in pretraining.values()} == {(1,)}
        head = scalars(broken.run / "logs" / f"{key}.head")
        assert set(head) == names and head["loss"] == list(range(1, len(head["loss"]) + 1))
    findings = scalars(broken.run / "logs" / "findings")
    assert findings["loss"] == findings["learning_rate"] == [1, 2]


def predictions(bundle: Path) -> list[dict[str, str]]:
    with (bundle / "predictions.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def scalars(folder: Path) -> dict[str, list[int]]:
    """Steps of each scalar, as TensorBoard shows them: what was withdrawn is gone."""
    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: [event.step for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
