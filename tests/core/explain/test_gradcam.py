"""The closed form against the definition: numerical derivatives of the logit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from core.errors import BundleError
from core.explain.gradcam import channel_weights, gradcam
from core.models.head import Head, head_input, pooled_features

CASES = [(pooling, pool) for pooling in ("average", "flatten") for pool in (1, 2)]
HEIGHT, WIDTH, CHANNELS, UNITS = 5, 6, 4, 9


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(HEIGHT, WIDTH, CHANNELS)).astype(np.float32)


def make_head(pooling: str, pool: int) -> Head:
    random = np.random.default_rng(2)
    inputs = CHANNELS if pooling == "average" else (HEIGHT // pool) * (WIDTH // pool) * CHANNELS
    kernel, bias, output = (
        random.normal(size=(inputs, UNITS)),
        random.normal(size=UNITS),
        random.normal(size=UNITS),
    )
    return Head(kernel.astype("f4"), bias.astype("f4"), output.astype("f4"), pooling, pool)


def logit(features: np.ndarray, head: Head) -> float:
    hidden = np.maximum(head_input(features, head) @ head.hidden_kernel + head.hidden_bias, 0)
    return float(hidden @ head.output_kernel)


@pytest.mark.parametrize(("pooling", "pool"), CASES)
def test_channel_weights_are_the_mean_derivative_of_the_logit(
    pooling: str, pool: int, features: np.ndarray
) -> None:
    head, exact = make_head(pooling, pool), features.astype(np.float64)
    derivative = np.zeros_like(exact)
    for index in np.ndindex(exact.shape):
        step = np.zeros_like(exact)
        step[index] = 1e-6
        derivative[index] = (logit(exact + step, head) - logit(exact - step, head)) / 2e-6
    expected = derivative.mean(axis=(0, 1))
    np.testing.assert_allclose(channel_weights(features, head), expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("pooling", "pool"), CASES)
def test_map_is_the_positive_part_of_the_weighted_sum(pooling: str, pool: int, features: np.ndarray) -> None:
    head = make_head(pooling, pool)
    heat = gradcam(features, head)
    assert heat.shape == (HEIGHT, WIDTH) and heat.dtype == np.float32 and heat.min() == 0 < heat.max()
    weighted = (features * channel_weights(features, head)).sum(axis=-1)
    np.testing.assert_allclose(heat[weighted > 0], weighted[weighted > 0], rtol=1e-4, atol=1e-6)


def test_max_pooling_drops_what_does_not_fill_a_cell(features: np.ndarray) -> None:
    pooled = pooled_features(features, 2)
    assert pooled.shape == (2, 3, CHANNELS)
    assert pooled[1, 2, 0] == features[2:4, 4:6, 0].max()


def test_head_is_read_from_half_precision(tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float16)
    tensors = {
        "head/hidden/kernel": kernel,
        "head/hidden/bias": kernel[0],
        "head/output/kernel": kernel[0][:, None],
        "head/output/bias": kernel[0][:1],
    }
    save_file(tensors, tmp_path / "weights.safetensors")
    head = Head.from_file(tmp_path / "weights.safetensors", "average", 1)
    assert head.hidden_kernel.dtype == np.float32 and head.output_kernel.shape == (3,)
    assert head.output_bias == kernel[0, 0] and head.opposed().output_bias == -kernel[0, 0]
    np.testing.assert_array_equal(head.hidden_kernel, kernel.astype(np.float32))


@pytest.mark.parametrize("content", [None, b"", b"<html>"])
def test_file_without_head_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content) if content is not None else save_file({"other": np.zeros(1)}, path)
    with pytest.raises(BundleError, match=r"weights\.safetensors holds no classification head"):
        Head.from_file(path, "average", 1)
