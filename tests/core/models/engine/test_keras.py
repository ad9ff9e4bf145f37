"""Weights in and out, without a framework; tests/proofs compares whole networks."""

from pathlib import Path

import numpy as np
import pytest

from core.errors import WeightsError
from core.models.engine.keras import quantise, read_tensors, write_tensors


def test_each_channel_is_rounded_on_its_own_scale() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 4)).astype(np.float32) * [1, 10, 100, 1e-4]
    whole, scale = quantise(kernel.astype(np.float32), -1)
    assert whole.dtype == np.int8 and scale.shape == (1, 1, 1, 4)
    error = np.abs(whole * scale - kernel).max(axis=(0, 1, 2))
    assert (error <= scale.ravel() / 2 * 1.001).all()


def test_rounding_twice_changes_nothing() -> None:
    kernel = np.random.default_rng(1).normal(size=(3, 3, 4, 4)).astype(np.float32)
    first, scale = quantise(kernel, -1)
    second, _ = quantise((first * scale).astype(np.float32), -1)
    assert (first == second).all()


def test_a_channel_of_zeros_stays_zero() -> None:
    whole, scale = quantise(np.zeros((2, 2), np.float32), -1)
    assert not (whole * scale).any() and np.isfinite(scale).all()


def test_tensors_come_back(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    tensors = {
        "kernel": np.random.default_rng(2).normal(size=(16, 8)).astype(np.float32),
        "bias": np.linspace(-1, 1, 8, dtype=np.float32),
        "variance": np.array([1e6, 1e-3], np.float32),
        "count": np.array(7),
    }
    write_tensors(path, tensors, {"kernel": -1})
    back = read_tensors(path)
    assert set(back) == set(tensors)
    assert np.abs(back["kernel"] - tensors["kernel"]).max() < 0.02
    assert np.abs(back["bias"] - tensors["bias"]).max() < 1e-3
    assert back["variance"].tolist() == pytest.approx([1e6, 1e-3])
    assert back["count"] == 7


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\xff" * 64])
def test_what_is_no_weights_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"weights\.safetensors is damaged"):
        read_tensors(path)
