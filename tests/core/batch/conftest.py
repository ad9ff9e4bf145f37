"""What tests of batches share: files good and bad, and rows made by nobody."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.analysis.load import Models, load_models
from core.batch.analyst import Analyst, Settings
from core.batch.columns import BatchRow
from core.batch.formats import FORMATS
from core.phantom.samples import list_samples
from core.project import PROJECT
from core.reading.decoder_pool import DecoderPool

CHESTS = 4
COMMAND = [sys.executable, "-m", "core.batch"]


@pytest.fixture(scope="session")
def chests() -> dict[str, bytes]:
    """A few pictures that the gate lets pass, by name."""
    pictures = [each.path for each in list_samples() if each.path.suffix == ".png"]
    return {path.name: path.read_bytes() for path in pictures[:CHESTS]}


@pytest.fixture(scope="session")
def noise() -> bytes:
    """A picture that the gate refuses."""
    data = io.BytesIO()
    grey = np.random.default_rng(0).integers(0, 256, (300, 200), dtype=np.uint8)
    Image.fromarray(grey).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def folder(tmp_path: Path, chests: dict[str, bytes], noise: bytes) -> Path:
    """A folder of chests, a picture that is refused, a text, and a folder below it with a damaged file."""
    pictures = tmp_path / "pictures"
    (pictures / "below").mkdir(parents=True)
    for name, data in chests.items():
        (pictures / name).write_bytes(data)
    (pictures / "noise.png").write_bytes(noise)
    (pictures / "=1+1.png").write_text("no picture")
    (pictures / "below" / "cut.png").write_bytes(next(iter(chests.values()))[:2000])
    return pictures


@pytest.fixture(scope="session")
def analyst_of(random_models: Models) -> Iterator[Callable[..., Analyst]]:
    """Makes an analyst of the random bundle."""
    decoders = DecoderPool()
    yield lambda ask_all=False: Analyst(random_models, decoders, ask_all=ask_all)
    decoders.close()


@cache
def _load(folder: Path) -> Models:
    return load_models(folder, exact=True, side_by_side=True)


@pytest.fixture
def shared_models(random_bundle: Path) -> Models:
    """The random bundle as a batch loads it, for many threads; loaded once."""
    return _load(random_bundle)


@pytest.fixture
def settings() -> Settings:
    return Settings("random", "a" * 64, "b" * 64, "", ask_all=False)


def started(arguments: list[str], journal: Path, rows: int) -> subprocess.Popen[str]:
    """The command, once so many rows are done."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=PROJECT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    until = time.monotonic() + 120
    while not journal.exists() or journal.read_bytes().count(b"\n") <= rows:
        assert process.poll() is None and time.monotonic() < until, process.communicate()[1]
        time.sleep(0.01)
    return process


class Stub:
    """An analyst that says of a file what it holds, and fails as its name asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def row(self, name: str, data: bytes) -> BatchRow:
        self.asked.append(name)
        if name.startswith("bug"):
            raise ZeroDivisionError("a bug")
        return {"status": "failed" if name.startswith("failing") else "answered", "gate": data.decode()}


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def small_sheet(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many rows a worksheet has room for, for once."""
    formats = [replace(each, max_rows=each.max_rows and 2) for each in FORMATS]
    monkeypatch.setattr("core.batch.formats.FORMATS", formats)
    return 2
