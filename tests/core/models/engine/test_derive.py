"""Deriving: what a killed process leaves in the cache. What is derived is tested with the networks."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from core.models.engine.derive import ABANDONED_S, UNFINISHED, derive_missing


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
    derive_missing([], tmp_path / "none")
    assert not (tmp_path / "none").exists()
