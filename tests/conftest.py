"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from core.project import PROJECT

if TYPE_CHECKING:
    from core.analysis.load import Models
    from core.evaluation.predictions import Predictions
    from core.reading.radiograph import Radiograph

# Before anything imports a framework: quiet logs, one backend, and no threads that fight over two cores.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
for threads in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(threads, "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")

WRITER = PROJECT / "tests" / "random_bundle.py"
KEPT = PROJECT / ".cache" / "tests"
WRITTEN_BY = (
    "train/fitting/smaller_svms.py",
    "train/fitting/third_answer.py",
    "core/models",
    "core/gate",
    "core/margins.py",
    "core/preprocessing.py",
    "core/vocabulary.py",
)


# What takes longest comes first, so that processes beside each other end together: the first two wait for
# nothing that one of them would have to make for the other.
FIRST = (
    "train/test_interrupted.py",
    "test_shipped.py",
    "train/fitting/test_training.py",
    "train",
    "browser/test_shortcuts.py",
    "browser/test_wcag.py",
    "core/shortcuts/test_mystery.py",
    "browser",
    "proofs",
)
LAST = ("viewer", "test_project.py", "test_tree.py")  # short ones


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order above, each file's tests as they stand."""
    items.sort(key=lambda item: (_place(item.path, LAST) < len(LAST), _place(item.path, FIRST)))


def _place(path: Path, names: Sequence[str]) -> int:
    """Of the first name that a path lies under; behind all of them where it lies under none."""
    under = (at for at, name in enumerate(names) if path.is_relative_to(PROJECT / "tests" / name))
    return next(under, len(names))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real radiographs with its manifest.csv; skips where the machine has none."""
    named = os.environ.get("THORAXLENS_DATA")
    if not named:
        pytest.skip("needs real radiographs: set THORAXLENS_DATA to a folder with a manifest.csv")
    folder = Path(named)
    assert (folder / "manifest.csv").is_file(), f"THORAXLENS_DATA names {folder}, which has no manifest.csv"
    return folder


@pytest.fixture(scope="session")
def random_bundle_module() -> ModuleType:
    """The script that draws chests and writes the random bundle, as a module."""
    spec = importlib.util.spec_from_file_location("random_bundle", WRITER)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def random_bundle_files() -> Path:
    """The bundle with random weights, built once (45 s) and kept until the code behind it changes."""
    code = hashlib.sha256(WRITER.read_bytes())
    for written_by in (PROJECT / name for name in WRITTEN_BY):
        for source in sorted(written_by.rglob("*.py")) or [written_by]:
            code.update(source.read_bytes())
    folder = KEPT / code.hexdigest()[:12] / "random"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / "whole").exists():
            environment = os.environ | {"THORAXLENS_CACHE": str(KEPT / "openvino")}
            subprocess.run([sys.executable, WRITER, folder], check=True, env=environment)
            (folder.parent / "whole").touch()
            kept = sorted(KEPT.glob("*/whole"), key=lambda path: path.stat().st_mtime)
            for old in kept[:-3]:
                shutil.rmtree(old.parent)
    return folder


@pytest.fixture
def random_bundle(random_bundle_files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a whole bundle with random weights at 96 px; no official weights are installed."""
    monkeypatch.setenv("THORAXLENS_CACHE", str(KEPT / "openvino"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return random_bundle_files


@pytest.fixture(scope="session")
def random_models(random_bundle_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """The same bundle, loaded."""
    from core.analysis.load import load_models

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THORAXLENS_CACHE", str(KEPT / "openvino"))
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        return load_models(random_bundle_files)


@cache
def _loaded(folder: Path, version: str, precision: str | None) -> Models:
    from core.analysis.load import load_models

    return load_models(folder)


@pytest.fixture
def models_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that forgets its bundles need not wait for the same networks again."""
    from core import service
    from core.models.bundle.files import manifest_sha256

    def load(folder: Path, **_: object) -> Models:
        return _loaded(folder, manifest_sha256(folder), os.environ.get("THORAXLENS_PRECISION"))

    monkeypatch.setattr(service, "load_models", load)


@pytest.fixture(scope="session")
def drawn_radiograph(random_bundle_module: ModuleType) -> Callable[[int], Radiograph]:
    """Draws a radiograph from a seed; seed 0 is the random bundle's reference image."""
    from core.reading.radiograph import Radiograph

    def draw(seed: int) -> Radiograph:
        pixels = random_bundle_module.drawn_chest(seed)
        return Radiograph(f"drawn-{seed}.png", pixels, (), "PNG", None, {})

    return draw


@pytest.fixture(scope="session")
def drawn_predictions() -> Callable[..., Predictions]:
    """A table of predictions of models that know something: 60 images a split, two sources a class."""
    import numpy as np

    from core.evaluation.predictions import Predictions
    from core.models.backbones import BACKBONES
    from core.vocabulary import ENSEMBLE, FINDINGS

    def make(seed: int = 0, splits: tuple[str, ...] = ("val", "test", "external")) -> Predictions:
        random = np.random.default_rng(seed)
        count = 60 * len(splits)
        split = np.repeat(splits, 60)
        label = np.tile(["covid", "normal", "covid", "normal", "pneumonia", "normal"], count // 6)
        source = np.array([f"{each}-{index % 2}" for index, each in enumerate(label)])
        ill = (label == "covid")[:, None]
        scores = 1 / (
            1 + np.exp(-(random.normal(0, 1.2, (count, len(BACKBONES) + 1)) + np.where(ill, 1, -1)))
        )
        findings = random.normal(0, 1, (count, len(FINDINGS))) + 0.6 * ill
        thresholds = {each.key: 0.5 for each in BACKBONES} | {ENSEMBLE: 0.4}
        return Predictions(
            thresholds,
            np.array([f"{index}.png" for index in range(count)]),
            split,
            source,
            np.array([f"g{index // 2}" for index in range(count)]),
            label,
            np.full(count, ""),
            scores,
            np.full(count, np.nan),
            np.full(count, np.nan),
            findings,
        )

    return make
