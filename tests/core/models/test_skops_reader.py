"""Numbers read without skops are the numbers that skops reads."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import skops.io
from sklearn.preprocessing import StandardScaler

from core.models.skops_reader import read_skops


@pytest.fixture
def file(tmp_path: Path) -> Path:
    scaler = StandardScaler().fit(np.random.default_rng(0).normal(size=(9, 4)))
    content = {"scaler": scaler, "names": ["a", "ü"], "pair": (1, None), "number": 0.1, "flag": True}
    skops.io.dump(content, tmp_path / "content.skops")
    return tmp_path / "content.skops"


def test_reads_what_skops_reads(file: Path) -> None:
    read, expected = read_skops(file.read_bytes()), skops.io.load(file)
    for name in ("names", "number", "flag"):
        assert read[name] == expected[name]
    assert read["pair"] == [1, None]
    scaler = read["scaler"]
    assert scaler.pop("__class__") == "sklearn.preprocessing._data.StandardScaler"
    assert set(scaler) - {"_sklearn_version"} == set(vars(expected["scaler"]))
    for name in ("mean_", "scale_", "var_", "n_samples_seen_"):
        np.testing.assert_array_equal(scaler[name], getattr(expected["scaler"], name))


@pytest.mark.parametrize("kind", ["FunctionNode", "MethodNode", "SomethingNode"])
def test_other_kinds_of_nodes_are_refused(file: Path, kind: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", json.dumps({"__loader__": kind, "content": "os.system"}))
    with pytest.raises(ValueError, match=f"a node of kind {kind}"):
        read_skops(file.read_bytes())


def test_pickled_arrays_are_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "schema.json", json.dumps({"__loader__": "NdArrayNode", "type": "numpy", "file": "a.npy"})
        )
        with archive.open("a.npy", "w") as array:
            np.save(array, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        read_skops(file.read_bytes())
