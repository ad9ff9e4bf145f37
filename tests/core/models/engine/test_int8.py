"""Int8: ranges put into a graph round there, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13 as operations

from core.errors import EngineError
from core.models.engine.int8 import Ranges, Rounding, fingerprint, quantise, read_ranges
from core.models.engine.openvino import processor_precisions

LEVELS = 256


def small_network(channels: int = 3) -> openvino.Model:
    """(1, 2, 4, 4) through a convolution of 1 x 1 and a ReLU."""
    kernel = np.random.default_rng(0).normal(0, 1, (channels, 2, 1, 1)).astype(np.float32)
    image = operations.parameter([1, 2, 4, 4], np.float32)
    found = operations.convolution(image, operations.constant(kernel), [1, 1], [0, 0], [0, 0], [1, 1])
    return openvino.Model([operations.relu(found)], [image])


def place(model: openvino.Model, kind: str) -> int:
    return [each.get_type_name() for each in model.get_ordered_ops()].index(kind)


def ranges_of(model: openvino.Model, low: list[float], high: list[float]) -> Ranges:
    source, convolution = place(model, "Parameter"), place(model, "Convolution")
    rounding = Rounding(
        operation=source, output=0, consumers=[(convolution, 0)], low=low, high=high, levels=LEVELS
    )
    graph = fingerprint(model.get_ordered_ops())
    return Ranges(graph=graph, roundings=[rounding], kernels=[convolution])


def rounded(values: np.ndarray, low: np.ndarray, high: np.ndarray, levels: int) -> np.ndarray:
    """What FakeQuantize is defined as, in numpy."""
    step = (high - low) / (levels - 1)
    return np.rint((np.clip(values, low, high) - low) / step) * step + low


@pytest.mark.skipif(
    "int8" not in processor_precisions(), reason="without instructions for it, sums of int8 saturate"
)
@pytest.mark.parametrize(("low", "high"), [([0.0], [2.0]), ([0.0, 0.0], [2.0, 0.5])], ids=["all", "each"])
def test_ranges_round_activations_and_kernels(low: list[float], high: list[float]) -> None:
    model = small_network()
    kernel = model.get_ordered_ops()[place(model, "Convolution")].input_value(1).get_node().get_data().copy()
    quantise(model, ranges_of(model, low, high))
    image = np.random.default_rng(1).uniform(0, 3, (1, 2, 4, 4)).astype(np.float32)
    compiled = openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    limits = (np.reshape(each, (1, -1, 1, 1)) for each in (low, high))
    seen = rounded(image, *limits, LEVELS)
    largest = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True)
    weights = rounded(kernel, -largest, largest, 255)
    expected = np.maximum(np.einsum("oi,bihw->bohw", weights[:, :, 0, 0], seen), 0)
    np.testing.assert_allclose(compiled([image])[0], expected, atol=2e-2)
    exact = np.maximum(np.einsum("oi,bihw->bohw", kernel[:, :, 0, 0], image), 0)
    assert np.abs(expected - exact).max() > 0.1  # what lies outside of the limits is cut


def test_ranges_of_another_graph_are_refused() -> None:
    ranges = ranges_of(small_network(), [0.0], [1.0])
    with pytest.raises(EngineError, match="another graph"):
        quantise(small_network(channels=4), ranges)


def test_damaged_ranges_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "vgg16.ranges.json"
    ranges = ranges_of(small_network(), [0.0], [1.0])
    file.write_text(ranges.model_dump_json())
    assert read_ranges(file) == ranges
    file.write_text(ranges.model_dump_json().replace('"levels":256', '"levels":1'))
    with pytest.raises(EngineError, match=r"vgg16\.ranges\.json is damaged"):
        read_ranges(file)
