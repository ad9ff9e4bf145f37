"""Deriving: what it says, and what it leaves in the cache. What is derived is tested with the networks.

Run as a script, this file is the command with converters that take no time: each writes notices as the
frameworks do, and what is in the weight file decides what becomes of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import pytest

from core.errors import WeightsError
from core.models.backbones import BACKBONES
from core.models.bundle.files import write_manifest
from core.models.bundle.manifest import BackboneFile, FindingsFile, NetworksManifest
from core.models.bundle.network_files import NetworkSource, bundle_sources, derived
from core.models.engine import derive
from core.models.engine.derive import ABANDONED_S, UNFINISHED, derive_missing
from core.models.engine.openvino import STORAGE_FAILED
from core.models.engine.report import NOTICE_LINES, kept_back
from core.preprocessing import Preprocessing
from core.project import PROJECT

NOTICE, PRINTED = "oneDNN custom operations are on", "a progress bar of a framework"
KEYS = [backbone.key for backbone in BACKBONES]
NAMES = [*(backbone.name for backbone in BACKBONES), "the findings network"]
STEPS = [f"Preparing {name} ({index} of {len(NAMES)})" for index, name in enumerate(NAMES, 1)]
PREPARED = "All models are prepared"
DAMAGED = (
    f"The bundle 'half' is unusable: {KEYS[0]}.safetensors is damaged or not a weights file; fetch it again."
)
TIMEOUT_S = 60


def stand_in(source: NetworkSource) -> object:
    """A network at once, or the failure that the weight file asks for."""
    import numpy as np
    import openvino

    os.write(2, f"{NOTICE}\n".encode())
    sys.stdout.write(f"{PRINTED}\n")
    content = source.weights.read_text()
    if content == "damaged":
        raise WeightsError(f"{source.weights.name} is damaged or not a weights file; fetch it again.")
    if content == "a bug":
        raise RuntimeError("Nobody foresaw this.")
    x = openvino.opset13.parameter([1, 1], np.float32)
    return openvino.Model([openvino.opset13.relu(x)], [x])


@dataclass
class Command:
    """The command on a folder of bundles and a cache, both empty at first."""

    folder: Path

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    def bundle(self, name: str, weights: str = "whole") -> Path:
        """Writes a bundle, with this content in the first of its weight files."""
        bundle = self.folder / "bundles" / name
        bundle.mkdir(parents=True)
        hashes = {key: (name + key).encode().hex().ljust(64, "0")[:64] for key in ("findings", *KEYS)}
        for key in hashes:
            (bundle / f"{key}.safetensors").write_text(weights if key == KEYS[0] else "whole")
        files = {key: {"file": f"{key}.safetensors", "sha256": sha256} for key, sha256 in hashes.items()}
        manifest = NetworksManifest(
            preprocessing=Preprocessing(size_px=32),
            pooling="average",
            backbones={key: BackboneFile(**files[key], initialisation="scratch") for key in KEYS},
            findings=FindingsFile(**files["findings"], preprocessing=Preprocessing(size_px=32)),
        )
        write_manifest(bundle, manifest)
        return bundle

    def start(self, *arguments: str | Path, out: int, err: int) -> subprocess.Popen[str]:
        environment = os.environ | {
            "PYTHONPATH": str(PROJECT),
            "TERM": "xterm",
            "COLUMNS": "100",
            "THORAXLENS_BUNDLES": str(self.folder / "bundles"),
            "THORAXLENS_GATE": str(self.folder / "gate"),
        }
        line = [sys.executable, __file__, *arguments, "--cache", self.cache]
        return subprocess.Popen(line, env=environment, stdout=out, stderr=err, text=True)

    def run(self, *arguments: str | Path) -> tuple[int, str, str]:
        """The exit status, and what it writes to pipes as output and errors."""
        with self.start(*arguments, out=subprocess.PIPE, err=subprocess.PIPE) as process:
            out, err = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out, err

    def on_a_terminal(self, *arguments: str | Path) -> tuple[int, str]:
        """The exit status, and all that a terminal is sent."""
        ours, theirs = os.openpty()
        with self.start(*arguments, out=theirs, err=theirs) as process, os.fdopen(ours, "rb", 0) as terminal:
            os.close(theirs)
            watch = threading.Timer(TIMEOUT_S, process.kill)
            watch.start()
            sent = b"".join(received(terminal))
            status = process.wait()
            watch.cancel()
        return status, sent.decode()


def received(terminal: RawIOBase) -> Iterator[bytes]:
    """What arrives until nobody holds the other end any more, which Linux calls an error."""
    with suppress(OSError):
        while part := terminal.read(65536):
            yield part


@pytest.fixture
def command(tmp_path: Path) -> Command:
    from tests.small_gate import write_small_gate  # not where this file runs as a command

    write_small_gate(tmp_path / "gate")
    return Command(tmp_path)


def test_in_a_pipe_each_network_is_a_line_in_words_and_no_notice_gets_through(command: Command) -> None:
    status, out, err = command.run(command.bundle("whole"))
    assert out.splitlines() == [*(f"{step} ..." for step in STEPS), PREPARED]
    assert (status, err) == (0, "")


def test_json_comes_only_when_asked_for_and_the_notices_with_it(command: Command) -> None:
    _, out, err = command.run(command.bundle("whole"), "--json")
    events = [json.loads(line) for line in out.splitlines() if line != PRINTED]
    assert [event["message"] for event in events] == [*STEPS, PREPARED]
    assert [event["done"] for event in events] == [round(i / len(STEPS), 3) for i in range(len(STEPS) + 1)]
    assert err.splitlines() == [NOTICE] * len(STEPS)  # the server keeps them


def test_a_problem_is_json_too(command: Command) -> None:
    status, out, _ = command.run(command.bundle("half", "damaged"), "--json")
    assert status == 1
    assert json.loads(out.splitlines()[-1]) == {"error": DAMAGED}


def test_a_terminal_sees_one_bar_and_at_last_one_line(command: Command) -> None:
    status, sent = command.on_a_terminal(command.bundle("whole"))
    assert status == 0
    assert [step for step in STEPS if f"{step} " not in sent] == []
    assert NOTICE not in sent and PRINTED not in sent and "{" not in sent
    assert sent.count("\n") == 2  # one the bar's, which is cleared away, and one the last line's
    assert sent.endswith(f"\x1b[2K{PREPARED}\r\n") and "\x1b[?25h" in sent


def test_what_is_prepared_takes_one_line(command: Command) -> None:
    bundle = command.bundle("whole")
    assert command.run(bundle)[0] == 0
    assert command.run(bundle) == (0, f"{PREPARED}\n", "")
    assert command.on_a_terminal(bundle) == (0, f"{PREPARED}\r\n")


def test_all_bundles_are_prepared_and_damaged_ones_are_named_in_a_sentence(command: Command) -> None:
    half, whole = command.bundle("half", "damaged"), command.bundle("whole")
    (command.bundle("no-json") / "bundle.json").write_text("{")
    (command.folder / "bundles" / "unfinished").mkdir()
    status, out, err = command.run("--all")
    first, *lines = out.splitlines()
    assert first.startswith("The bundle 'no-json' has a damaged bundle.json")
    assert [line for line in lines if not line.startswith("Preparing")] == [DAMAGED]
    assert (status, err) == (1, "")
    assert all(derived(source, command.cache) for source in bundle_sources(whole))
    assert not any(derived(source, command.cache) for source in bundle_sources(half))


def test_a_damaged_bundle_is_named_beside_the_bar(command: Command) -> None:
    command.bundle("half", "damaged")
    command.bundle("whole")
    status, sent = command.on_a_terminal("--all")
    assert status == 1
    assert f"\x1b[2K{DAMAGED}\r\n" in sent
    assert f"({2 * len(NAMES) + 1} of {2 * len(NAMES) + 1})" in sent
    assert NOTICE not in sent and PREPARED not in sent


def test_where_there_are_no_bundles_the_gate_alone_is_prepared(command: Command) -> None:
    assert command.run("--all") == (0, f"Preparing the gate (1 of 1) ...\n{PREPARED}\n", "")


def test_a_damaged_gate_is_named_and_the_bundles_are_prepared(command: Command) -> None:
    (command.folder / "gate" / "gate.safetensors").write_bytes(b"other")
    command.bundle("whole")
    status, out, err = command.run("--all")
    assert (status, err) == (1, "")
    assert "gate/gate.safetensors are missing or damaged" in out and "python -m train gate" in out
    assert f"({len(STEPS)} of {len(STEPS)})" in out


def test_a_failure_that_nobody_foresaw_shows_the_last_notices_too(command: Command) -> None:
    status, out, err = command.run(command.bundle("bug", "a bug"))
    assert (status, out) == (1, f"{STEPS[0]} ...\n")
    assert "RuntimeError: Nobody foresaw this." in err
    assert err.index("Nobody foresaw this.") < err.index(NOTICE) < err.index(PRINTED)


def test_of_many_notices_the_last_are_shown(capfd: pytest.CaptureFixture[str]) -> None:
    @kept_back()
    def fail() -> None:
        os.write(1, "".join(f"notice {index}\n" for index in range(100)).encode())
        raise KeyError

    with pytest.raises(KeyError) as caught:
        fail()
    (note,) = caught.value.__notes__
    assert note.splitlines()[1:] == [f"notice {index}" for index in range(100 - NOTICE_LINES, 100)]
    os.write(1, b"seen again")
    assert capfd.readouterr() == ("seen again", "")


def test_a_cache_that_cannot_be_written_is_named(command: Command) -> None:
    command.cache.write_text("a file")
    status, out, _ = command.run(command.bundle("whole"))
    assert status == STORAGE_FAILED
    assert out.splitlines()[-1].startswith(f"The prepared models cannot be kept in {command.cache} (")


@pytest.mark.parametrize("arguments", [[], ["--all", "bundle"], ["bundle", "--official", "weights"]])
def test_one_thing_is_asked_for_at_a_time(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        derive.main(arguments)
    assert "--official" in capsys.readouterr().err


@pytest.mark.parametrize(("age_s", "kept"), [(0.0, True), (ABANDONED_S + 60, False)])
def test_what_killed_processes_left_is_cleared_and_work_under_way_is_not(
    tmp_path: Path, age_s: float, kept: bool
) -> None:
    left, entry = tmp_path / f"{UNFINISHED}abc", tmp_path / "entry"
    for folder in (left / "part", entry):
        folder.mkdir(parents=True)
        (folder / "model.bin").write_bytes(b"weights")
    then = time.time() - age_s
    for folder in (left, entry):
        os.utime(folder, (then, then))
    derive_missing([], tmp_path)
    assert left.exists() == kept
    assert (entry / "model.bin").is_file()


def test_a_cache_that_is_not_there_yet_has_nothing_to_clear(tmp_path: Path) -> None:
    assert derive_missing([], tmp_path / "none")
    assert not (tmp_path / "none").exists()


if __name__ == "__main__":
    derive.CONVERTERS = dict.fromkeys(derive.CONVERTERS, stand_in)
    raise SystemExit(derive.main())
